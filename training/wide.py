"""Wide losses, coarse to fine: `src/restore/wide.rs` in Python, for measuring what the application does.

Deep inside a hole the low frequencies of the fill are those of a second run at half size, which sees twice as far.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from training.pyramid import block_means

# Up to this depth, px, the native run stands alone …
FROM_DEPTH_PX = 24
# … and from this one on the coarse run's low frequencies do.
FULL_DEPTH_PX = 40
# Both runs are compared as means of blocks of this side, native px.
BLOCK_PX = 8


def coarse_shares(hole: Tensor) -> Tensor:
    """The coarse run's share (1, 1, H, W), 0 to 1, by how deep a pixel lies in the hole, by the larger of the two axes."""
    inside = np.pad((hole[0, 0] > 0).numpy().astype(np.uint8), 1, constant_values=1)
    depth = cv2.distanceTransform(inside, cv2.DIST_C, 3)[1:-1, 1:-1]
    share = ((depth - FROM_DEPTH_PX) / (FULL_DEPTH_PX - FROM_DEPTH_PX)).clip(0.0, 1.0)
    return torch.from_numpy(share.astype(np.float32))[None, None]


def low_frequencies(difference: Tensor) -> Tensor:
    """Means of blocks of (1, C, H, W), interpolated between the blocks' middles."""
    height, width = difference.shape[-2:]
    means = F.avg_pool2d(difference, BLOCK_PX, ceil_mode=True, count_include_pad=False)
    grown = F.interpolate(means, scale_factor=float(BLOCK_PX), mode="bilinear", align_corners=False)
    return grown[..., :height, :width]


def with_coarse(fill: Tensor, photo: Tensor, hole: Tensor, run: Callable[[Tensor, Tensor], Tensor]) -> Tensor:
    """`fill` (1, 3, H, W) of a photo with a hole (1, 1, H, W), corrected where the hole is wide.

    `run` fills a photo of any size: (1, 3, h, w) and its hole to (1, 3, h, w).
    """
    share = coarse_shares(hole)
    if not bool((share > 0).any()):
        return fill
    height, width = fill.shape[-2:]
    half_hole = F.max_pool2d((hole > 0).float(), 2, ceil_mode=True)
    coarse = run(block_means(photo, 1), half_hole)
    repeated = coarse.repeat_interleave(2, -1).repeat_interleave(2, -2)[..., :height, :width]
    return torch.where(share > 0, (fill + share * low_frequencies(repeated - fill)).clamp(0.0, 1.0), fill)
