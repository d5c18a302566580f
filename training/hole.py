"""Makes the masks stage 2 trains on: the true damage, grown as the application grows it, and sometimes wrong."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

MAX_GROWTH_PX = 4
UNDER_COVERED_SHARE = 0.15
FALSE_BLOB_SHARE = 0.10
# Raw logits at which stage 1's own marks are cut, and how far they are grown: from eager to timid, and the application's growth.
OWN_LOGITS = (0.5, 5.0)
OWN_GROWTH_PX = (1, 3)


def grow(mask: Tensor, radius_px: int) -> Tensor:
    """Dilates (B, 1, H, W) by about a disc: alternating 3×3 square and cross steps."""
    for step in range(radius_px):
        if step % 2:
            mask = F.max_pool2d(mask, 3, stride=1, padding=1)
        else:
            across = F.max_pool2d(mask, (1, 3), stride=1, padding=(0, 1))
            down = F.max_pool2d(mask, (3, 1), stride=1, padding=(1, 0))
            mask = torch.maximum(across, down)
    return mask


def _blobs(height: int, width: int, generator: torch.Generator) -> Tensor:
    """A few random strokes and blobs (1, 1, H, W) over sound photo, a thresholded smooth noise."""
    cells = int(torch.randint(5, 14, (), generator=generator))
    noise = torch.randn(1, 1, cells, cells, generator=generator)
    smooth = F.interpolate(noise, size=(height, width), mode="bicubic", align_corners=False)
    if torch.rand((), generator=generator) < 0.5:
        return (smooth.abs() < 0.04).float()  # level lines look like scratches
    return (smooth > 1.9).float()


def training_mask(target: Tensor, generator: torch.Generator) -> Tensor:
    """The hole (B, 1, H, W) for a batch of true damage masks; deterministic by the generator (on the CPU)."""
    holes = []
    for true in target.split(1):
        device = true.device
        growth = int(torch.randint(0, MAX_GROWTH_PX + 1, (), generator=generator))
        hole = grow(true, growth)
        if torch.rand((), generator=generator) < UNDER_COVERED_SHARE:
            if torch.rand((), generator=generator) < 0.5:
                hole = 1.0 - grow(1.0 - true, 1)
            else:
                hole = hole * (1.0 - _blobs(*true.shape[-2:], generator).to(device))
        if torch.rand((), generator=generator) < FALSE_BLOB_SHARE or float(hole.sum()) == 0.0:
            hole = torch.maximum(hole, _blobs(*true.shape[-2:], generator).to(device))
        holes.append(hole)
    return torch.cat(holes)


def own_mask(logits: Tensor, generator: torch.Generator) -> Tensor:
    """The hole (B, 1, H, W) as a trained stage 1 would mark it, from its raw logits: rims left out, sound picture marked."""
    holes = []
    for one in logits.split(1):
        share = float(torch.rand((), generator=generator))
        marked = (one > OWN_LOGITS[0] + share * (OWN_LOGITS[1] - OWN_LOGITS[0])).float()
        holes.append(grow(marked, int(torch.randint(OWN_GROWTH_PX[0], OWN_GROWTH_PX[1] + 1, (), generator=generator))))
    return torch.cat(holes)
