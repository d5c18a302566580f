"""Compositing of overlays onto crops and the labels that follow from it, batched in torch; nothing is chosen here."""

from __future__ import annotations

import dataclasses

import numpy as np
import torch
import torch.nn.functional as functional

from .mixture import Layers

VISIBLE = 0.04  # a change of this size counts as damage, of full scale
FAINT_VISIBLE = 0.012  # the same where a faint long line was drawn on purpose
DOUBTFUL = 0.012  # a change between this and VISIBLE is not judged


@dataclasses.dataclass
class Composite:
    """Crops with layers on them: `image` (B, 3, H, W), `transmission`, `width`, `faint` and `paint` (B, 1, H, W)."""

    image: torch.Tensor
    transmission: torch.Tensor
    width: torch.Tensor
    faint: torch.Tensor


def composite(image: torch.Tensor, layers: Layers) -> Composite:
    """Paints the layers over the crops (B, 3, H, W), one after the other.

    Each layer mixes `image × (1 − a) + colour × tone × a` and adds its relief, which light scales:
    `shade × (0.35 + 0.65 × image)`.
    """
    count, _, height, width = image.shape
    device = image.device
    result = Composite(image.clone(), torch.ones(count, 1, height, width, device=device),
                       torch.zeros(count, 1, height, width, device=device),
                       torch.zeros(count, 1, height, width, device=device))
    for rows in _rounds(layers.crop):
        _paint_round(result, layers, rows)
    return result


def _rounds(crop: np.ndarray) -> list[np.ndarray]:
    """Rows of layers grouped so that no crop appears twice in a group: first layers, second layers, …"""
    depth = np.zeros(len(crop), np.int64)
    seen: dict[int, int] = {}
    for row, owner in enumerate(crop.tolist()):
        depth[row] = seen.get(owner, 0)
        seen[owner] = depth[row] + 1
    return [np.nonzero(depth == level)[0] for level in range(int(depth.max()) + 1)] if len(crop) else []


def _paint_round(result: Composite, layers: Layers, rows: np.ndarray) -> None:
    """Paints one group of layers, at most one for each crop."""
    device = result.image.device
    crops = torch.from_numpy(layers.crop[rows]).to(device)
    planes = torch.from_numpy(layers.planes[rows]).to(device).float()
    opacity = torch.from_numpy(layers.opacity[rows]).to(device).view(-1, 1, 1, 1)
    relief = torch.from_numpy(layers.relief[rows]).to(device).view(-1, 1, 1, 1)
    colour = torch.from_numpy(layers.colour[rows]).to(device).view(-1, 3, 1, 1)
    image = result.image[crops]
    mean_rows = torch.from_numpy(layers.towards_mean[rows]).to(device).view(-1, 1, 1, 1)
    colour = torch.where(mean_rows, image.mean((2, 3), keepdim=True), colour)
    alpha = planes[:, :1].mul_(1 / 255) * opacity
    paint = colour * planes[:, 1:2].mul_(1 / 255)
    shade = (planes[:, 2:3] - 127).mul_(1 / 254) * relief
    image = torch.lerp(image, paint, alpha)
    image = torch.addcmul(image, shade, 0.35 + 0.65 * image).clamp_(0, 1)
    result.image[crops] = image
    result.transmission[crops] *= 1 - alpha
    result.width[crops] = torch.maximum(result.width[crops], planes[:, 3:4] * 0.25)
    faint = torch.from_numpy(layers.faint[rows].astype(np.float32)).to(device).view(-1, 1, 1, 1)
    result.faint[crops] = torch.maximum(result.faint[crops], faint * (planes[:, :1] > 0.3))


@dataclasses.dataclass
class Labels:
    """`target`, `ignore` in {0, 1} and `width` in px, each (B, 1, H, W)."""

    target: torch.Tensor
    ignore: torch.Tensor
    width: torch.Tensor


def label(clean: torch.Tensor, damaged: torch.Tensor, composited: Composite, *, doubtful: torch.Tensor,
          grain: torch.Tensor) -> Labels:
    """Labels from the visible change between two noise-free captures (B, 3, H, W).

    Target is what changed by more than VISIBLE (or FAINT_VISIBLE where a faint line was drawn). Not judged are
    smaller changes, a rim of 1.5 px, paint that happens to match the photo, single changes that the grain
    (B, 1, 1, 1) hides, and `doubtful` (B, 1, H, W).
    """
    change = (damaged - clean).abs().amax(1, keepdim=True)
    hidden = (1.2 * grain).clamp(VISIBLE, 0.08)
    threshold = torch.where(composited.faint > 0, torch.full_like(hidden, FAINT_VISIBLE), hidden)
    target = (change > threshold).float()
    painted = (composited.transmission < 0.75).float()
    near = functional.max_pool2d(torch.maximum(target, painted), 3, stride=1, padding=1)
    unsure = ((change > DOUBTFUL).float() + near + doubtful > 0).float()
    ignore = unsure * (1 - target)
    width = torch.where(composited.width > 0, composited.width, 3.0).clamp_min(1.0) * target
    return Labels(target, ignore, width)
