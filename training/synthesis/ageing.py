"""Ageing of sound crops, batched in torch: toning, fading, blur, uneven light, paper, grain; none of it is damage."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as functional

from .switches import SynthesisSwitches

CPU_PART = 4  # crops worked on at a time on a CPU: the intermediate images stay in its cache
LUMINANCE = (0.299, 0.587, 0.114)  # Source: ITU-R BT.601, as JPEG uses it


@dataclasses.dataclass
class AgeingPlan:
    """The random decisions of ageing for a batch of B crops, all numpy arrays with B rows."""

    tone: np.ndarray  # (B,) 0 colour, 1 grey, 2 toned
    shadow_tint: np.ndarray  # (B, 3) colour of black
    light_tint: np.ndarray  # (B, 3) colour of paper
    mid_gamma: np.ndarray  # (B, 3) exponent for each channel of a toned print
    saturation: np.ndarray  # (B,)
    black: np.ndarray  # (B,)
    white: np.ndarray  # (B,)
    gamma: np.ndarray  # (B,)
    blur_variance: np.ndarray  # (B,) px²
    light: np.ndarray  # (B,) amplitude of uneven light
    paper: np.ndarray  # (B,) amplitude of paper texture
    grain: np.ndarray  # (B,) deviation of the grain, of 1.0
    grain_blur: np.ndarray  # (B,) px²
    colour_grain: np.ndarray  # (B,) share of the grain that differs between channels
    speckle: np.ndarray  # (B,) how far the grain leans towards light specks; 0 for even grain, negative for dark ones


def plan_ageing(rng: np.random.Generator, count: int, switches: SynthesisSwitches) -> AgeingPlan:
    """Draws the ageing of `count` crops: 45 % grey, 30 % toned, the rest in colour."""
    tone = rng.choice(3, count, p=(0.25, 0.45, 0.30)) * switches.toning
    warm = rng.uniform(0, 1, (count, 1))
    toned = tone[:, None] == 2
    light_tint = np.where(toned, 1 - warm * np.array([[0.0, 0.08, 0.25]]) - rng.uniform(0, 0.03, (count, 3)), 1.0)
    shadow_tint = np.where(toned, rng.uniform(0, 0.12, (count, 1)) * np.array([[1.3, 1.0, 0.6]]), 0.0)
    mid_gamma = np.where(toned, 1 + warm * np.array([[-0.15, 0.05, 0.35]]) * rng.uniform(0.3, 1.3, (count, 1)), 1.0)
    faded = (rng.random(count) < 0.6) & switches.fading
    return AgeingPlan(
        tone, shadow_tint, light_tint, mid_gamma,
        saturation=np.where(faded, rng.uniform(0.35, 1.0, count), 1.0),
        black=np.where(faded, rng.uniform(0, 0.2, count) * rng.random(count), 0.0),
        white=np.where(faded, 1 - rng.uniform(0, 0.25, count) * rng.random(count), 1.0),
        gamma=np.where(faded, np.exp(rng.normal(0, 0.22, count)), 1.0),
        blur_variance=np.where(rng.random(count) < 0.4, rng.uniform(0, 1.2, count) ** 2, 0.0) * switches.print_blur,
        light=np.where(rng.random(count) < 0.5, rng.uniform(0, 0.18, count), 0.0) * switches.uneven_light,
        paper=np.where(rng.random(count) < 0.4, rng.uniform(0, 0.02, count), 0.0) * switches.paper_texture,
        grain=np.exp(rng.uniform(np.log(0.3), np.log(8.0), count)) / 255 * switches.grain,
        grain_blur=rng.uniform(0, 0.8, count),
        colour_grain=np.where(tone == 0, rng.uniform(0, 0.7, count), 0.0),
        speckle=np.where(rng.random(count) < 0.25, rng.uniform(-0.5, 0.9, count), 0.0),
    )


def column(values: np.ndarray, device: torch.device) -> torch.Tensor:
    """A numpy array with B rows as a float32 tensor (B, C, 1, 1) that broadcasts over crops."""
    array = np.asarray(values, np.float32)
    return torch.from_numpy(array.reshape(array.shape[0], -1, 1, 1)).to(device)


def tone_and_fade(photo: torch.Tensor, plan: AgeingPlan) -> torch.Tensor:
    """The crops (B, 3, H, W) as prints: contrast and saturation lost, grey or toned where planned."""
    device = photo.device
    saturation = column(plan.saturation * (plan.tone == 0), device)
    print_ = torch.lerp(luminance_of(photo), photo, saturation).clamp_(1e-4, 1)
    # x ** g as exp(g log x): half the time of pow, which is more exact than 8 bits need.
    print_ = print_.log_().mul_(column(plan.gamma[:, None] * plan.mid_gamma, device)).exp_()
    # Black and white of the faded picture, then the tints of shadow and light, as one straight line for each channel.
    black, white, reach = plan.black[:, None], plan.white[:, None], plan.light_tint - plan.shadow_tint
    return print_.mul_(column(reach * (white - black), device)).add_(column(plan.shadow_tint + reach * black, device))


def luminance_of(rgb: torch.Tensor) -> torch.Tensor:
    """Luminance (B, 1, H, W) of RGB (B, 3, H, W)."""
    return LUMINANCE[0] * rgb[:, :1] + LUMINANCE[1] * rgb[:, 1:2] + LUMINANCE[2] * rgb[:, 2:3]


def gaussian_blur(field: torch.Tensor, variance: torch.Tensor, *, radius: int = 3) -> torch.Tensor:
    """Gaussian blur of (B, C, H, W) with its own variance in px² for each row, (B, 1, 1, 1); taps within `radius`."""
    taps = torch.arange(radius + 1, device=field.device, dtype=torch.float32)
    kernel = torch.exp(-0.5 * taps**2 / variance.view(-1, 1).clamp_min(0.02))
    kernel = kernel / (2 * kernel.sum(1, keepdim=True) - kernel[:, :1])
    part = CPU_PART if field.device.type == "cpu" else len(field)
    blurred = torch.empty_like(field, memory_format=torch.contiguous_format)
    for first in range(0, len(field), part):
        rows, weights = slice(first, first + part), kernel[first:first + part, :, None, None, None].unbind(1)
        padded = functional.pad(field[rows], (radius,) * 4, mode="replicate")
        _symmetric_sum(_symmetric_sum(padded, weights, dim=2), weights, dim=3, out=blurred[rows])
    return blurred


def _symmetric_sum(padded: torch.Tensor, weights: Sequence[torch.Tensor], *, dim: int,
                   out: torch.Tensor | None = None) -> torch.Tensor:
    """Each value weighted with weights[0], its neighbours k px before and behind along `dim` with weights[k].

    `dim` gets shorter by one radius on both sides. On a CPU, sums of shifted views take less time than a grouped
    convolution, for which oneDNN brings the image into a layout of its own and back.
    """
    radius = len(weights) - 1
    length = padded.shape[dim] - 2 * radius
    total = torch.mul(padded.narrow(dim, radius, length), weights[0], out=out)
    for reach in range(1, radius + 1):
        total.addcmul_(padded.narrow(dim, radius - reach, length) + padded.narrow(dim, radius + reach, length), weights[reach])
    return total


def deviation_of(field: torch.Tensor) -> torch.Tensor:
    """Standard deviation of each row (B, 1, 1, 1) of (B, C, H, W); values near 0 on average, or precision is lost."""
    square = field.square().mean(dim=(1, 2, 3), keepdim=True)
    return (square - field.mean(dim=(1, 2, 3), keepdim=True).square()).clamp_min_(0).sqrt_()


def smooth_field(count: int, size: int, cells: int, generator: torch.Generator, device: torch.device) -> torch.Tensor:
    """Smooth noise (count, 1, size, size) of about unit deviation with `cells` bumps a side."""
    knots = torch.randn(count, 1, cells, cells, generator=generator, device=device)
    return functional.interpolate(knots, size=(size, size), mode="bilinear", align_corners=True)


def light_and_paper(aged: torch.Tensor, plan: AgeingPlan, generator: torch.Generator) -> torch.Tensor:
    """Uneven light and the texture of the paper on crops (B, 3, H, W)."""
    device, (count, _, size, _) = aged.device, aged.shape
    if plan.light.any():
        aged = aged * (1 + column(plan.light, device) * smooth_field(count, size, 3, generator, device))
    if plan.paper.any():
        texture = smooth_field(count, size, max(4, size // 3), generator, device)
        aged = aged + column(plan.paper, device) * texture
    return aged


def _leaning(grain: torch.Tensor, speckle: torch.Tensor) -> torch.Tensor:
    """Even grain (B, 1, H, W) of unit deviation made log-normal, as worn emulsion and paper fibres show it."""
    skewed = torch.exp(speckle.abs() * grain) * speckle.sign()
    skewed = skewed - skewed.mean(dim=(1, 2, 3), keepdim=True)
    skewed = skewed / deviation_of(skewed).clamp_min(1e-3)
    return torch.where(speckle.abs() > 0.05, skewed, grain)


def grain_for(aged: torch.Tensor, plan: AgeingPlan, generator: torch.Generator) -> torch.Tensor:
    """Film grain (B, 3, H, W) for aged crops, strongest in the mid-tones."""
    device, (count, _, size, _) = aged.device, aged.shape
    if not plan.grain.any():
        return torch.zeros_like(aged)
    common = torch.randn(count, 1, size, size, generator=generator, device=device)
    variance = column(plan.grain_blur, device)
    blurred = gaussian_blur(common, variance, radius=2)
    common = blurred / deviation_of(blurred).clamp_min(1e-3)
    common = _leaning(common, column(plan.speckle, device))
    if plan.colour_grain.any():
        own = torch.randn(count, 3, size, size, generator=generator, device=device)
        share = column(plan.colour_grain, device)
        common = (1 - share**2).sqrt() * common + share * own
    luminance = luminance_of(aged).clamp(0, 1)
    strength = column(plan.grain, device) * (0.45 + 2.2 * luminance * (1 - luminance))
    return (strength * common).expand(-1, 3, -1, -1)
