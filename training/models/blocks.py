"""Layers shared by both networks; every one exports to the few ONNX operators the engine allows."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

LEAKY_SLOPE = 0.1
# Rec. 601 luma weights, because scans are gamma-encoded. Source: ITU-R BT.601.
LUMA_WEIGHTS = (0.299, 0.587, 0.114)


class ConvUnit(nn.Module):
    """Convolution, optional batch norm, LeakyReLU: (B, Cin, H, W) to (B, Cout, H / stride, W / stride)."""

    def __init__(
        self, channels_in: int, channels_out: int, *, kernel: int = 3, stride: int = 1, dilation: int = 1, norm: bool
    ) -> None:
        super().__init__()
        padding = 1 if kernel == 4 else dilation * (kernel // 2)
        self.conv = nn.Conv2d(
            channels_in, channels_out, kernel, stride=stride, dilation=dilation, padding=padding, bias=not norm
        )
        self.norm = nn.BatchNorm2d(channels_out) if norm else nn.Identity()
        nn.init.kaiming_normal_(self.conv.weight, a=LEAKY_SLOPE, nonlinearity="leaky_relu")
        if self.conv.bias is not None:
            nn.init.zeros_(self.conv.bias)

    def forward(self, x: Tensor) -> Tensor:
        """Convolution, norm, LeakyReLU."""
        return F.leaky_relu(self.norm(self.conv(x)), LEAKY_SLOPE)


class ResidualUnit(nn.Module):
    """Adds a dilated 3×3 unit, and a 1×1 mix when asked, to its input; the shape does not change."""

    def __init__(self, channels: int, *, dilation: int, mix: bool, norm: bool) -> None:
        super().__init__()
        self.unit = ConvUnit(channels, channels, dilation=dilation, norm=norm)
        self.mix = nn.Conv2d(channels, channels, 1) if mix else nn.Identity()
        if mix:
            # A quiet start: each block begins near the identity.
            nn.init.normal_(self.mix.weight, std=0.1 / math.sqrt(channels))
            nn.init.zeros_(self.mix.bias)

    def forward(self, x: Tensor) -> Tensor:
        """The input plus what the unit makes of it."""
        return x + self.mix(self.unit(x))


class ChannelMix(nn.Module):
    """Adds a two-layer mix of the channels at each place to its input: (B, C, H, W), no reach beyond the place.

    It begins as the identity, so that it can be put into a network that is trained already.
    """

    EXPANSION = 4

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.widen = ConvUnit(channels, self.EXPANSION * channels, kernel=1, norm=True)
        self.narrow = nn.Conv2d(self.EXPANSION * channels, channels, 1)
        nn.init.zeros_(self.narrow.weight)
        nn.init.zeros_(self.narrow.bias)

    def forward(self, x: Tensor) -> Tensor:
        """The input plus its mix."""
        return x + self.narrow(self.widen(x))


class FixedLuma(nn.Module):
    """Photo (B, 3, H, W) to luma (B, 1, H / 2, W / 2), a 2×2 mean, as one stride-2 convolution."""

    def __init__(self) -> None:
        super().__init__()
        weight = torch.tensor(LUMA_WEIGHTS).view(1, 3, 1, 1).expand(1, 3, 2, 2) / 4.0
        self.register_buffer("weight", weight.contiguous(), persistent=False)

    def forward(self, photo: Tensor) -> Tensor:
        """Luma at half the size."""
        return F.conv2d(photo, self.weight, stride=2)


class LocalContrast(nn.Module):
    """Luma to (luma - local mean) / (local mean deviation + floor), clipped to ±4; one channel in and out."""

    # About 2.5 grey levels: below it grain would be blown up to full contrast.
    FLOOR = 0.01

    def __init__(self, window: int) -> None:
        super().__init__()
        self.window = window

    def _blur(self, x: Tensor) -> Tensor:
        return F.avg_pool2d(x, self.window, stride=1, padding=self.window // 2, count_include_pad=False)

    def forward(self, luma: Tensor) -> Tensor:
        """Contrast in [-4, 4]."""
        detail = luma - self._blur(luma)
        contrast = detail / (self._blur(detail.abs()) + self.FLOOR)
        return contrast.clamp(-4.0, 4.0)


def line_filters(*, size: int = 17, orientations: int = 8, sigma: float = 1.1) -> Tensor:
    """Oriented line-integral filters (orientations, 1, size, size): second derivative across, box along.

    Each filter has zero mean and unit absolute sum, so a straight line of contrast 1 answers about 0.5
    whatever its length inside the window, and noise averages out along the line.
    """
    half = size // 2
    grid = torch.arange(-half, half + 1, dtype=torch.float64)
    y, x = torch.meshgrid(grid, grid, indexing="ij")
    filters = []
    for index in range(orientations):
        angle = math.pi * index / orientations
        across = -x * math.sin(angle) + y * math.cos(angle)
        along = x * math.cos(angle) + y * math.sin(angle)
        profile = (1.0 - (across / sigma) ** 2) * torch.exp(-0.5 * (across / sigma) ** 2)
        # A box with a one-pixel soft end, so that all orientations hold the same length.
        box = (half + 0.5 - along.abs()).clamp(0.0, 1.0)
        support = box * (across.abs() <= 4.0 * sigma)
        kernel = profile * support
        kernel = kernel - support * kernel.sum() / support.sum()
        filters.append(kernel / kernel.abs().sum())
    return torch.stack(filters).unsqueeze(1).float()


class LineIntegrals(nn.Module):
    """Contrast (B, 1, H, W) to line responses (B, orientations, H, W) with fixed, untrained filters."""

    GAIN = 4.0

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("weight", line_filters() * self.GAIN, persistent=False)
        self.padding = self.weight.shape[-1] // 2

    def forward(self, contrast: Tensor) -> Tensor:
        """One channel for each orientation."""
        return F.conv2d(contrast, self.weight, padding=self.padding)


def upsample(x: Tensor, *, smooth: bool = True) -> Tensor:
    """Doubles H and W, bilinear (half-pixel centres) or by repetition."""
    if smooth:
        return F.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)
    return F.interpolate(x, scale_factor=2.0, mode="nearest")


class ChannelMean(nn.Module):
    """Mean over three channels as a fixed 1×1 convolution: (B, 3, H, W) to (B, 1, H, W)."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("weight", torch.full((1, 3, 1, 1), 1.0 / 3.0), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """The mean."""
        return F.conv2d(x, self.weight)
