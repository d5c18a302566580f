"""Ageing of sound crops, batched in torch: toning, fading, blur, uneven light, paper, grain; none of it is damage."""

from __future__ import annotations

import dataclasses

import numpy as np
import torch
import torch.nn.functional as functional

from .switches import SynthesisSwitches

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
    luminance = luminance_of(photo)
    is_colour = column(plan.tone == 0, device)
    saturation = column(plan.saturation, device) * is_colour
    print_ = luminance + saturation * (photo - luminance)
    print_ = print_.clamp(1e-4, 1).pow(column(plan.gamma, device) * column(plan.mid_gamma, device))
    black, white = column(plan.black, device), column(plan.white, device)
    print_ = black + (white - black) * print_
    shadow, light = column(plan.shadow_tint, device), column(plan.light_tint, device)
    return shadow + (light - shadow) * print_


def luminance_of(rgb: torch.Tensor) -> torch.Tensor:
    """Luminance (B, 1, H, W) of RGB (B, 3, H, W)."""
    return LUMINANCE[0] * rgb[:, :1] + LUMINANCE[1] * rgb[:, 1:2] + LUMINANCE[2] * rgb[:, 2:3]


def gaussian_blur(field: torch.Tensor, variance: torch.Tensor, *, radius: int = 3) -> torch.Tensor:
    """Gaussian blur of (B, C, H, W) with its own variance in px² for each row, (B, 1, 1, 1); taps within `radius`."""
    count, channels, height, width = field.shape
    taps = torch.arange(-radius, radius + 1, device=field.device, dtype=torch.float32)
    kernel = torch.exp(-0.5 * taps**2 / variance.view(-1, 1).clamp_min(0.02))
    kernel = (kernel / kernel.sum(1, keepdim=True)).repeat_interleave(channels, 0)
    rows = functional.pad(field, (radius,) * 4, mode="replicate").reshape(1, count * channels, height + 2 * radius, -1)
    rows = functional.conv2d(rows, kernel.view(-1, 1, 1, 2 * radius + 1), groups=count * channels)
    rows = functional.conv2d(rows, kernel.view(-1, 1, 2 * radius + 1, 1), groups=count * channels)
    return rows.view(count, channels, height, width)


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
    skewed = skewed / skewed.std(dim=(1, 2, 3), keepdim=True).clamp_min(1e-3)
    return torch.where(speckle.abs() > 0.05, skewed, grain)


def grain_for(aged: torch.Tensor, plan: AgeingPlan, generator: torch.Generator) -> torch.Tensor:
    """Film grain (B, 3, H, W) for aged crops, strongest in the mid-tones."""
    device, (count, _, size, _) = aged.device, aged.shape
    if not plan.grain.any():
        return torch.zeros_like(aged)
    common = torch.randn(count, 1, size, size, generator=generator, device=device)
    variance = column(plan.grain_blur, device)
    blurred = gaussian_blur(common, variance, radius=2)
    common = blurred / blurred.std(dim=(1, 2, 3), keepdim=True).clamp_min(1e-3)
    common = _leaning(common, column(plan.speckle, device))
    if plan.colour_grain.any():
        own = torch.randn(count, 3, size, size, generator=generator, device=device)
        share = column(plan.colour_grain, device)
        common = (1 - share**2).sqrt() * common + share * own
    luminance = luminance_of(aged).clamp(0, 1)
    strength = column(plan.grain, device) * (0.45 + 2.2 * luminance * (1 - luminance))
    return (strength * common).expand(-1, 3, -1, -1)
