"""Compositing of overlays onto crops and the labels that follow from it, batched in torch; nothing is chosen here."""

from __future__ import annotations

import dataclasses

import numpy as np
import torch

from .ageing import column
from .bank import LABELLED_PLANES, PAINTED_PLANES
from .mixture import Layers

VISIBLE = 0.04  # a change of this size counts as damage, of full scale
FAINT_VISIBLE = 0.012  # the same where a faint long line was drawn on purpose
DOUBTFUL = 0.012  # a change between this and VISIBLE is not judged


@dataclasses.dataclass
class Composite:
    """Crops with layers on them: `image` (B, 3, H, W), `transmission`, `width` and `faint` (B, 1, H, W).

    Width and faint stay 0 for layers that are never labelled.
    """

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
    planes = [plane.float() for plane in torch.from_numpy(layers.planes[rows, :LABELLED_PLANES]).to(device).split(1, 1)]
    image = result.image[crops]
    colour = column(layers.colour[rows], device)
    if layers.towards_mean[rows].any():
        mean_rows = column(layers.towards_mean[rows], device) > 0
        colour = torch.where(mean_rows, image.mean((2, 3), keepdim=True), colour)
    alpha = planes[0] * column(layers.opacity[rows] / 255, device)
    kept = 1 - alpha
    result.transmission[crops] *= kept
    paint = alpha * planes[1].mul_(1 / 255)
    if layers.relief[rows].any():
        # The shade, which light scales, is worked into the factors of the image and the paint.
        shade = (planes[2] - 127).mul_(column(layers.relief[rows] / 254, device))
        lit = 1 + 0.65 * shade
        image = image.mul_(kept.mul_(lit)).addcmul_(colour, paint.mul_(lit)).add_(shade.mul_(0.35))
    else:
        image = image.mul_(kept).addcmul_(colour, paint)
    result.image[crops] = image.clamp_(0, 1)
    if len(planes) > PAINTED_PLANES:
        result.width[crops] = torch.maximum(result.width[crops], planes[3].mul_(0.25))
        if layers.faint[rows].any():
            shown = column(layers.faint[rows], device) * (planes[0] > 0.3 * 255)
            result.faint[crops] = torch.maximum(result.faint[crops], shown)


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
    red, green, blue = (damaged - clean).abs_().split(1, 1)
    change = torch.maximum(torch.maximum(red, green), blue)
    hidden = (1.2 * grain).clamp(VISIBLE, 0.08)
    target = change > torch.where(composited.faint > 0, torch.full_like(hidden, FAINT_VISIBLE), hidden)
    near = _with_neighbours(target | (composited.transmission < 0.75))
    ignore = ((change > DOUBTFUL) | near | (doubtful > 0)) & ~target
    width = torch.where(composited.width > 0, composited.width, 3.0).clamp_min(1.0) * target
    return Labels(target.float(), ignore.float(), width)


def _with_neighbours(marked: torch.Tensor) -> torch.Tensor:
    """The marked px (B, 1, H, W) and the eight around each, bool."""
    wide = marked.clone()
    wide[..., 1:] |= marked[..., :-1]
    wide[..., :-1] |= marked[..., 1:]
    tall = wide.clone()
    tall[..., 1:, :] |= wide[..., :-1, :]
    tall[..., :-1, :] |= wide[..., 1:, :]
    return tall
