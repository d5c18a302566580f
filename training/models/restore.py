"""Stage 2: fills what the mask marks, reading through half-transparent damage; it decides no mask."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from training.models.blocks import ChannelMean, ConvUnit, ResidualUnit, upsample

PUSH_PULL_LEVELS = 6
# Levels whose cells are interpolated; coarser ones are repeated, which keeps the support on the 64-px grid.
SMOOTH_LEVELS = 4
MAX_EXTRA_GAIN = 5.0
# Outputs of the head: gain, three of offset, three of residual, logit of r; with a free blend also its logit.
RECOVERED_OUTPUT, BLEND_OUTPUT = 7, 8
# At the start: gain 1.24, no offset, no residual, r and blend 0.27.
HEAD_BIAS = (-3.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, -1.0, -1.0)


@dataclass(frozen=True)
class RestoreConfig:
    """Channel counts by resolution, and the parts an ablation switches off."""

    context: int = 16
    half: int = 32
    quarter: int = 64
    eighth: int = 128
    dilations: tuple[int, ...] = (1, 2, 2, 1)
    scam: bool = True
    reads_hole: bool = True  # False: what lies under the mask is discarded, as by a pure inpainter
    prior: bool = True  # False: a plain U-Net that adds to the photo: no push-pull, no un-mixing
    unmix: bool = True  # False: what is read is the photo plus an offset, without a gain
    # True: what is read and what is invented are blended by an output of its own (a ninth), not by `recovered`, which is
    # taught all the same: it must say how much could be read, which is not always how much of it serves the fill.
    free_blend: bool = False


def head_outputs(config: RestoreConfig) -> int:
    """How many outputs the head of such a network has."""
    return BLEND_OUTPUT + int(config.free_blend)


def settings_of_weights(weights: dict[str, Tensor]) -> dict[str, bool]:
    """What the weights of a stage 2 alone tell of its RestoreConfig, for files that do not state it."""
    return {"free_blend": weights["head.weight"].shape[0] > BLEND_OUTPUT}


def with_free_blend(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """Weights without a free blend as those of a network with one: it begins as `recovered`, and so the fill is the same."""
    grown = dict(weights)
    for name in ("head.weight", "head.bias"):
        grown[name] = torch.cat([weights[name], weights[name][RECOVERED_OUTPUT : RECOVERED_OUTPUT + 1]])
    return grown


class Filling(NamedTuple):
    """What training looks at; gates are (B, 1, h, w) means at 1/4 and 1/2."""

    fill: Tensor
    recovered_logits: Tensor
    gates: tuple[Tensor, ...]
    push_pull: Tensor


def push_pull(photo: Tensor, hole: Tensor) -> Tensor:
    """Fills holes by normalised averages of ever larger cells: (B, 3, H, W), no weights.

    `hole` (B, 1, H, W) is 1 where unknown. Source: the pull-push idea of Gortler et al., The Lumigraph (1996).
    """
    known = 1.0 - hole
    levels = [torch.cat([photo * known, known], dim=1)]  # premultiplied colour and weight
    for _ in range(PUSH_PULL_LEVELS):
        levels.append(F.avg_pool2d(levels[-1], 2))
    top = levels[-1]
    # A cell without any known pixel falls back to mid-grey.
    filled = (top[:, :3] + 0.5e-4) / (top[:, 3:] + 1e-4)
    for index in range(PUSH_PULL_LEVELS - 1, -1, -1):
        colour, weight = levels[index][:, :3], levels[index][:, 3:]
        trust = (weight * 4.0).clamp(0.0, 1.0)
        coarse = upsample(filled, smooth=index < SMOOTH_LEVELS)
        filled = coarse + trust * (colour / (weight + 1e-4) - coarse)
    return filled


class ScratchAssist(nn.Module):
    """SCAM: gates how much of what shows through the damage joins the filled deep feature.

    encoder feature e, deep feature d (B, C, h, w), hole (B, 1, h, w) to merged (B, C, h, w) and the gate's mean.
    Outside the hole e passes unchanged.
    """

    def __init__(self, channels: int, reduced: int) -> None:
        super().__init__()
        self.reduce_encoder = nn.Conv2d(channels, reduced, 1)
        self.reduce_deep = nn.Conv2d(channels, reduced, 1)
        self.compare = nn.Conv2d(3 * reduced, channels, 3, padding=1)
        self.from_hole = nn.Conv2d(1, channels, 1, bias=False)
        self.register_buffer("mean", torch.full((1, channels, 1, 1), 1.0 / channels), persistent=False)

    def forward(self, encoder: Tensor, deep: Tensor, hole: Tensor) -> tuple[Tensor, Tensor]:
        """Merged feature and the mean of the gate; see the class."""
        e, d = self.reduce_encoder(encoder), self.reduce_deep(deep)
        gate = torch.sigmoid(self.compare(torch.cat([e, d, (e - d).abs()], dim=1)) + self.from_hole(hole))
        passed = 1.0 - hole * (1.0 - gate)
        return deep + passed * encoder, F.conv2d(gate, self.mean)


class PlainSkip(nn.Module):
    """The ablation of `ScratchAssist`: a skip connection without a gate."""

    def forward(self, encoder: Tensor, deep: Tensor, hole: Tensor) -> tuple[Tensor, Tensor]:
        """The sum, and one half for a gate, as nothing is gated."""
        return deep + encoder, torch.full_like(hole, 0.5)


class Restore(nn.Module):
    """photo (B, 3, H, W), mask (B, 1, H, W) > 0 = hole, context (B, 16, H/4, W/4) to fill and `recovered`.

    fill = b · (G0 + g · (photo − G0) + offset) + (1 − b) · (G0 + residual): the first term inverts
    half-transparent damage, the second invents what is gone. b is r, which is `recovered`, or with `free_blend` an
    output of its own. Sizes must be multiples of 64.
    """

    def __init__(self, config: RestoreConfig) -> None:
        super().__init__()
        self.config = config
        c2, c4, c8 = config.half, config.quarter, config.eighth
        self.channel_mean = ChannelMean()
        self.stem = ConvUnit(8, c2, kernel=4, stride=2, norm=False)
        self.encode_half = ConvUnit(c2, c2, norm=False)
        self.to_quarter = ConvUnit(c2, c4, stride=2, norm=False)
        self.from_context = nn.Conv2d(config.context, c4, 1, bias=False)
        self.encode_quarter = ConvUnit(c4, c4, norm=False)
        self.to_eighth = ConvUnit(c4, c8, stride=2, norm=False)
        self.encode_eighth = nn.Sequential(
            *(ResidualUnit(c8, dilation=d, mix=True, norm=False) for d in config.dilations)
        )
        self.up_quarter = nn.Conv2d(c8, c4, 1)
        self.assist_quarter = ScratchAssist(c4, 16) if config.scam else PlainSkip()
        self.decode_quarter = ConvUnit(c4, c4, norm=False)
        self.up_half = nn.Conv2d(c4, c2, 1)
        self.assist_half = ScratchAssist(c2, 16) if config.scam else PlainSkip()
        self.decode_half = ConvUnit(c2, c2, norm=False)
        self.up_full = nn.Conv2d(c2, 8, 1)
        self.merge_full = ConvUnit(16, 16, norm=False)
        self.head = nn.Conv2d(16, head_outputs(config), 3, padding=1)
        nn.init.zeros_(self.from_context.weight)  # context starts silent, so zeros are legal from the first step
        nn.init.normal_(self.head.weight, std=0.02)
        with torch.no_grad():
            self.head.bias.copy_(torch.tensor(HEAD_BIAS[: head_outputs(config)]))

    def filling(self, photo: Tensor, mask: Tensor, context: Tensor) -> Filling:
        """The fill with everything its losses need."""
        hole = (mask * 1e4).clamp(0.0, 1.0)
        base = push_pull(photo, hole) if self.config.prior else photo
        if not self.config.reads_hole:
            photo = photo + hole * (base - photo)
        difference = photo - base
        inputs = torch.cat([photo - 0.5, hole, base - 0.5, self.channel_mean(difference.abs())], dim=1)

        half = self.encode_half(self.stem(inputs))
        quarter = self.encode_quarter(self.to_quarter(half) + self.from_context(context))
        deep = self.encode_eighth(self.to_eighth(quarter))

        hole_half = F.max_pool2d(hole, 2)
        hole_quarter = F.max_pool2d(hole_half, 2)
        deep = upsample(self.up_quarter(deep))
        deep, gate_quarter = self.assist_quarter(quarter, deep, hole_quarter)
        deep = upsample(self.up_half(self.decode_quarter(deep)))
        deep, gate_half = self.assist_half(half, deep, hole_half)
        deep = upsample(self.up_full(self.decode_half(deep)))
        out = self.head(self.merge_full(torch.cat([inputs, deep], dim=1)))

        gain = 1.0 + MAX_EXTRA_GAIN * torch.sigmoid(out[:, 0:1]) if self.config.unmix else 1.0
        recovered_logits = out[:, RECOVERED_OUTPUT : RECOVERED_OUTPUT + 1]
        blend_logits = out[:, BLEND_OUTPUT : BLEND_OUTPUT + 1] if self.config.free_blend else recovered_logits
        read = base + gain * difference + out[:, 1:4]
        invented = base + out[:, 4:7]
        fill = invented + torch.sigmoid(blend_logits) * (read - invented)
        return Filling(fill, recovered_logits, (gate_quarter, gate_half), base)

    def forward(self, photo: Tensor, mask: Tensor, context: Tensor) -> tuple[Tensor, Tensor]:
        """`fill` in [0, 1] and `recovered`, as exported."""
        filling = self.filling(photo, mask, context)
        return filling.fill.clamp(0.0, 1.0), torch.sigmoid(filling.recovered_logits)
