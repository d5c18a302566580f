"""The application's pipeline in Python, for measuring exported models on whole photos; the application itself is Rust."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import torch
from torch import Tensor

from training.export import onnx_runner
from training.pyramid import detect, pad_to_grid
from training.wide import with_coarse

CONTEXT_CHANNELS = 16
FEATHER_PX = 1.5
# From a middle this many px deep the mask counts as wide enough to grow by so many px: d = 2 from 5 px, 3 from 15, 4 from 25.
WIDTH_RIMS = ((1, 1), (3, 2), (8, 3), (13, 4))


class Networks(NamedTuple):
    """Both stages as functions of tensors, sizes multiples of 64."""

    detect: Callable[..., list[Tensor]]
    fill: Callable[..., list[Tensor]]


class Repair(NamedTuple):
    """Result (1, 3, H, W) in [0, 1], alpha and recovered share (1, 1, H, W)."""

    photo: Tensor
    alpha: Tensor
    recovered: Tensor


def load_networks(models: Path, *, threads: int = 1) -> Networks:
    """The exported files of a models folder, through ONNX Runtime."""
    return Networks(
        onnx_runner(models / "scratch-context" / "model.onnx", threads=threads),
        onnx_runner(models / "restore" / "model.onnx", threads=threads),
    )


def probability_map(networks: Networks, photo: Tensor, *, levels: list[int] | None = None) -> Tensor:
    """Merged damage probability (1, 1, H, W) of a photo (1, 3, H, W)."""
    return detect(lambda x: networks.detect(x)[0], photo, levels=levels)


def _squared_distance(targets: np.ndarray) -> np.ndarray:
    """Squared distance in px² of every pixel to the nearest target (H, W), exact; very large without any."""
    if not targets.any():
        return np.full(targets.shape, np.iinfo(np.int32).max, np.int64)
    distance = cv2.distanceTransform((~targets).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return np.round(distance.astype(np.float64) ** 2).astype(np.int64)


def alpha_of(mask: Tensor) -> Tensor:
    """The application's alpha of a mask (1, 1, H, W) of 0 and 1, in steps of 1/255: `src/restore/alpha.rs` in Python.

    1 up to d = clip(round(1 + 0.1 × local width), 1, 4) px from the mask, 0 at d + FEATHER_PX; the local width of a pixel
    is that of the widest disc inside the mask that covers it. The network's hole is where alpha is above 0.
    """
    core = (mask[0, 0] > 0.5).numpy()
    alpha = np.where(core, 255.0, 0.0)
    depth = _squared_distance(~core) * core
    for radius, growth in WIDTH_RIMS:
        if radius == 1:
            wide = core
        else:
            middle = depth >= radius**2
            if not middle.any():
                break
            wide = _squared_distance(middle) < radius**2
        t = ((growth + FEATHER_PX - np.sqrt(_squared_distance(wide))) / FEATHER_PX).clip(0.0, 1.0)
        alpha = np.maximum(alpha, np.floor(t * t * (3.0 - 2.0 * t) * 255.0 + 0.5))
    return torch.from_numpy((alpha / 255.0).astype(np.float32))[None, None]


def grow_mask(mask: Tensor) -> Tensor:
    """The mask (1, 1, H, W) grown by d px: where the fill hides the photo wholly."""
    return (alpha_of(mask) == 1.0).float()


def fill(networks: Networks, photo: Tensor, hole: Tensor, *, context: bool = False) -> tuple[Tensor, Tensor]:
    """Stage 2 on a whole photo (1, 3, H, W), wide losses coarse to fine: fill and recovered share, cut to the photo's size."""
    filled, recovered = _run_filler(networks, photo, hole, context=context)
    return with_coarse(filled, photo, hole, lambda half, wide: _run_filler(networks, half, wide, context=False)[0]), recovered


def _run_filler(networks: Networks, photo: Tensor, hole: Tensor, *, context: bool) -> tuple[Tensor, Tensor]:
    height, width = photo.shape[-2:]
    padded = pad_to_grid(photo)
    if context:
        features = networks.detect(padded)[1]
    else:
        features = padded.new_zeros(1, CONTEXT_CHANNELS, padded.shape[2] // 4, padded.shape[3] // 4)
    filled, recovered = networks.fill(padded, pad_to_grid(hole), features)
    return filled[..., :height, :width], recovered[..., :height, :width]


def repair(networks: Networks, photo: Tensor, mask: Tensor, *, context: bool = False) -> Repair:
    """Fills the grown mask and mixes it in; pixels outside alpha stay as they are.

    The application also keeps the tone of a grey or toned print (`src/restore/colour.rs`), which is left out here.
    """
    alpha = alpha_of(mask)
    filled, recovered = fill(networks, photo, (alpha > 0).float(), context=context)
    return Repair(photo + alpha * (filled - photo), alpha, recovered)


def read_photo(path: Path) -> Tensor:
    """(1, 3, H, W) RGB in [0, 1] from any image file; alpha is dropped, EXIF rotation is not applied."""
    flags = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
    pixels = cv2.imread(str(path), flags)
    if pixels is None:
        raise SystemExit(f"cannot read this picture: {path}")
    return torch.from_numpy(pixels[..., ::-1].astype(np.float32) / 255.0).permute(2, 0, 1)[None].contiguous()
