"""Stage 1: marks damage in a photo and summarises it for stage 2; it fills nothing."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from training.models.blocks import ChannelMix, ConvUnit, FixedLuma, LineIntegrals, LocalContrast, ResidualUnit, upsample


@dataclass(frozen=True)
class ScratchContextConfig:
    """Channel counts by resolution; multiples of 16 fill a vector register of the CPU kernels."""

    stem: int = 24
    half: int = 32
    quarter: int = 48
    eighth: int = 96
    context: int = 16
    dilations: tuple[int, ...] = (1, 2, 4)


class ScratchContext(nn.Module):
    """Photo (B, 3, H, W) in [0, 1] to `scratch_probability` (B, 1, H, W) and `context` (B, 16, H/4, W/4).

    Fixed line integrals stand beside the learned stem at 1/2 and 1/4, because a long faint scratch must be
    summed along its length before pooling loses it. Sizes must be multiples of 64.
    """

    def __init__(self, config: ScratchContextConfig) -> None:
        super().__init__()
        self.config = config
        self.luma = FixedLuma()
        self.contrast = LocalContrast(window=9)
        self.lines = LineIntegrals()
        self.stem = ConvUnit(3, config.stem, kernel=4, stride=2, norm=True)
        self.encode_half = ConvUnit(config.stem + 8, config.half, norm=True)
        self.to_quarter = ConvUnit(config.half, config.quarter, stride=2, norm=True)
        self.quarter_lines = nn.Conv2d(8, config.quarter, 1)
        self.encode_quarter = ResidualUnit(config.quarter, dilation=1, mix=False, norm=True)
        self.to_eighth = ConvUnit(config.quarter, config.eighth, stride=2, norm=True)
        self.encode_eighth = nn.Sequential(
            *(ResidualUnit(config.eighth, dilation=d, mix=False, norm=True) for d in config.dilations)
        )
        # Most of what tells a crack from a wire or a collar is decided here, where a channel costs little.
        self.mix_eighth = nn.ModuleList(ChannelMix(config.eighth) for _ in config.dilations)
        self.mix_quarter = ChannelMix(config.quarter)
        self.mix_decoded = ChannelMix(config.quarter)
        self.up_quarter = nn.Conv2d(config.eighth, config.quarter, 1)
        self.decode_quarter = ConvUnit(config.quarter, config.quarter, norm=True)
        self.to_context = ConvUnit(config.quarter, config.context, kernel=1, norm=False)
        self.up_half = nn.Conv2d(config.quarter, config.half, 1)
        self.decode_half = ConvUnit(config.half, config.half, norm=True)
        self.head = nn.Conv2d(config.half, 4, 3, padding=1)
        # Training only: a coarse scratch-free photo and a coarse damage map teach `context` what lies behind.
        self.coarse_head = nn.Conv2d(config.context, 4, 1)
        nn.init.constant_(self.head.bias, -3.0)  # damage is rare: start near p = 0.05
        nn.init.normal_(self.head.weight, std=0.02)

    def logits(self, photo: Tensor) -> tuple[Tensor, Tensor]:
        """Damage logits (B, 1, H, W) and context (B, 16, H/4, W/4)."""
        contrast = self.contrast(self.luma(photo))  # (B, 1, H/2, W/2)
        half = self.encode_half(torch.cat([self.stem(photo - 0.5), self.lines(contrast)], dim=1))
        quarter_lines = self.lines(F.avg_pool2d(contrast, 2))  # (B, 8, H/4, W/4)
        quarter = self.encode_quarter(self.to_quarter(half) + self.quarter_lines(quarter_lines))
        quarter = self.mix_quarter(quarter)
        eighth = self.to_eighth(quarter)
        for encode, mix in zip(self.encode_eighth, self.mix_eighth, strict=True):
            eighth = mix(encode(eighth))
        quarter = self.decode_quarter(quarter + upsample(self.up_quarter(eighth), smooth=False))
        quarter = self.mix_decoded(quarter)
        context = self.to_context(quarter)
        half = self.decode_half(half + upsample(self.up_half(quarter), smooth=False))
        return F.pixel_shuffle(self.head(half), 2), context

    def coarse(self, photo: Tensor, context: Tensor) -> tuple[Tensor, Tensor]:
        """Training aid: scratch-free photo (B, 3, H/4, W/4) and damage logits (B, 1, H/4, W/4) from `context`."""
        out = self.coarse_head(context)
        return F.avg_pool2d(photo, 4) + out[:, :3], out[:, 3:]

    def forward(self, photo: Tensor) -> tuple[Tensor, Tensor]:
        """`scratch_probability` and `context`, as exported."""
        logits, context = self.logits(photo)
        return torch.sigmoid(logits), context

    @torch.no_grad()
    def fold_calibration(self, *, scale: float, bias: float) -> None:
        """Replaces every logit z by scale * z + bias, inside the last convolution."""
        self.head.weight.mul_(scale)
        self.head.bias.mul_(scale).add_(bias)
