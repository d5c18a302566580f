"""The scanner or phone that captures the print, batched in torch: lens, noise, denoising, JPEG; no ageing here."""

from __future__ import annotations

import dataclasses

import numpy as np
import torch
import torch.nn.functional as functional

from .ageing import column, gaussian_blur
from .switches import SynthesisSwitches

# Source: ITU-T T.81, annex K, tables K.1 and K.2.
JPEG_LUMINANCE = (
    16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56,
    14, 17, 22, 29, 51, 87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92,
    49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99,
)
JPEG_CHROMINANCE = (
    17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99, 24, 26, 56, 99, 99, 99, 99, 99,
    47, 66, 99, 99, 99, 99, 99, 99, *([99] * 32),
)


@dataclasses.dataclass
class CapturePlan:
    """The random decisions of capture for a batch of B crops, numpy arrays with B rows."""

    psf_variance: np.ndarray  # px²
    sharpening: np.ndarray  # gain of the unsharp mask, 0 for none
    resampling: float  # factor the chosen rows are shrunk by and enlarged again
    resampled: np.ndarray  # bool
    noise: np.ndarray  # deviation, of 1.0
    noise_blur: np.ndarray  # px²
    denoised: np.ndarray  # bool
    jpeg_quality: np.ndarray  # 55 to 95, 0 for no JPEG


def plan_capture(rng: np.random.Generator, count: int, switches: SynthesisSwitches) -> CapturePlan:
    """Draws the capture of `count` crops; nothing happens to any if the switch is off."""
    on = switches.capture
    return CapturePlan(
        psf_variance=_psf_deviation(rng, count) ** 2 * on,
        sharpening=np.where(rng.random(count) < 0.4, rng.uniform(0.2, 1.4, count), 0.0) * on,
        resampling=float(rng.uniform(0.6, 0.92)),
        resampled=(rng.random(count) < 0.2) & on,
        noise=np.exp(rng.uniform(np.log(0.2), np.log(3.0), count)) / 255 * on,
        noise_blur=rng.uniform(0, 0.5, count),
        denoised=(rng.random(count) < 0.25) & on,
        jpeg_quality=np.where(rng.random(count) < 0.65, rng.integers(55, 96, count), 0) * on,
    )


def _psf_deviation(rng: np.random.Generator, count: int) -> np.ndarray:
    """Deviation of the lens blur in px: none for a tenth, 0.3 to 1.2 for most, up to 2.2 for soft scans."""
    deviation = np.where(rng.random(count) < 0.25, rng.uniform(1.2, 2.2, count), rng.uniform(0.3, 1.2, count))
    return deviation * rng.choice([0, 1], count, p=(0.1, 0.9))


def optics(images: torch.Tensor, plan: CapturePlan, *, copies: int) -> torch.Tensor:
    """Lens, resampling and sharpening of (copies × B, C, H, W): what capture does without chance."""
    device = images.device
    variance = column(plan.psf_variance, device).repeat(copies, 1, 1, 1)
    images = gaussian_blur(images, variance, radius=4)
    rows = torch.from_numpy(np.tile(plan.resampled, copies).nonzero()[0]).to(device)
    if len(rows):
        size = images.shape[-2:]
        small = functional.interpolate(images[rows], scale_factor=plan.resampling, mode="bilinear", antialias=True)
        images[rows] = functional.interpolate(small, size=size, mode="bilinear")
    rows = torch.from_numpy(np.tile(plan.sharpening > 0, copies).nonzero()[0]).to(device)
    if len(rows):
        gain = column(plan.sharpening, device).repeat(copies, 1, 1, 1)[rows]
        chosen = images[rows]
        soft = gaussian_blur(chosen, torch.full_like(gain, 1.0), radius=2)
        images[rows] = chosen + gain * (chosen - soft)
    return images


def sensor(images: torch.Tensor, plan: CapturePlan, generator: torch.Generator, *, copies: int) -> torch.Tensor:
    """Noise, denoising, JPEG and 8-bit rounding of (copies × B, 3, H, W), each copy with its own noise; `images` is used up."""
    device = images.device
    if plan.noise.any():
        noise = torch.randn(images.shape, generator=generator, device=device)
        variance = column(plan.noise_blur, device).repeat(copies, 1, 1, 1)
        noise = gaussian_blur(noise, variance, radius=1)
        images.addcmul_(column(plan.noise, device).repeat(copies, 1, 1, 1), noise)
    rows = torch.from_numpy(np.tile(plan.denoised, copies).nonzero()[0]).to(device)
    if len(rows):
        images[rows] = sigma_filter(images[rows], radius_of_values=0.03)
    images.clamp_(0, 1)
    rows = torch.from_numpy(np.tile(plan.jpeg_quality > 0, copies).nonzero()[0]).to(device)
    if len(rows):
        quality = torch.from_numpy(np.tile(plan.jpeg_quality, copies).astype(np.float32)).to(device)[rows]
        images[rows] = jpeg(images[rows], quality)
    return images.mul(255).round_().div_(255)


def sigma_filter(images: torch.Tensor, *, radius_of_values: float) -> torch.Tensor:
    """Mean of those of the four neighbours whose value is near, as a phone's denoiser smears (B, C, H, W)."""
    smoothed = images.clone()
    one = torch.ones((), device=images.device)
    for dim in (-2, -1):
        length = images.shape[dim] - 1
        difference = torch.diff(images, dim=dim)
        nearness = torch.addcmul(one, difference, difference, value=-(radius_of_values**-2)).clamp_min_(0)
        # What one of two neighbours gains the other one loses.
        gain = nearness.mul_(difference).mul_(0.2)
        smoothed.narrow(dim, 0, length).add_(gain)
        smoothed.narrow(dim, 1, length).sub_(gain)
    return smoothed


def _cosine_basis(device: torch.device) -> torch.Tensor:
    """The orthonormal DCT-II of 8 × 8 px as one matrix (64, 64) on blocks written row by row."""
    k = torch.arange(8, dtype=torch.float32, device=device)
    basis = torch.cos(torch.pi / 8 * (k[None] + 0.5) * k[:, None]) * 0.5
    basis[0] *= 0.5**0.5
    return torch.kron(basis, basis)


def _quantised(plane: torch.Tensor, table: tuple[int, ...], scale: torch.Tensor) -> torch.Tensor:
    """One plane (N, H, W) in 0…255 with its 8 × 8 DCT coefficients rounded; sides are multiples of 8."""
    count, height, width = plane.shape
    basis = _cosine_basis(plane.device)
    blocks = (plane - 128).view(count, height // 8, 8, width // 8, 8).transpose(2, 3).reshape(count, -1, 64)
    steps = torch.tensor(table, dtype=torch.float32, device=plane.device)
    steps = (steps * scale.view(-1, 1, 1)).add_(0.5).floor_().clamp_(1, 255)
    coefficients = (blocks @ basis.T).div_(steps).round_().mul_(steps)
    blocks = (coefficients @ basis).view(count, height // 8, width // 8, 8, 8)
    return blocks.transpose(2, 3).reshape(count, height, width).add_(128)


def jpeg(images: torch.Tensor, quality: torch.Tensor) -> torch.Tensor:
    """The loss of JPEG at a quality (N,) on RGB (N, 3, H, W) in [0, 1], chroma at half resolution.

    Source: ITU-T T.81 and JFIF 1.02 for the transform and colours; the scaling of the tables by quality is
    the one of the Independent JPEG Group.
    """
    height, width = images.shape[-2:]
    bottom, right = -height % 16, -width % 16
    if bottom or right:
        images = functional.pad(images, (0, right, 0, bottom), mode="replicate")
    red, green, blue = (images * 255).unbind(1)
    luma = 0.299 * red + 0.587 * green + 0.114 * blue
    chroma = torch.cat([(blue - luma) * 0.564, (red - luma) * 0.713]) + 128
    scale = torch.where(quality < 50, 50 / quality, 2 - quality / 50)
    luma = _quantised(luma, JPEG_LUMINANCE, scale)
    chroma = chroma[:, ::2] + chroma[:, 1::2]
    chroma = (chroma[..., ::2] + chroma[..., 1::2]).mul_(0.25)
    chroma = _quantised(chroma, JPEG_CHROMINANCE, scale.repeat(2)) - 128
    chroma = functional.interpolate(chroma[:, None], scale_factor=2, mode="bilinear")[:, 0]
    blue_part, red_part = chroma.chunk(2)
    decoded = torch.stack([luma + 1.402 * red_part, luma - 0.344136 * blue_part - 0.714136 * red_part,
                           luma + 1.772 * blue_part], 1)
    return decoded[..., :height, :width].div_(255).clamp_(0, 1)
