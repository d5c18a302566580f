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

CONTEXT_CHANNELS = 16
FEATHER_PX = 1.5


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


def grow_mask(mask: Tensor) -> Tensor:
    """Grows (1, 1, H, W) by d = clip(round(1 + 0.1 × local width), 1, 4) px, the width taken from the distance map."""
    binary = (mask[0, 0] > 0.5).numpy().astype(np.uint8)
    if not binary.any():
        return mask
    distance = cv2.distanceTransform(binary, cv2.DIST_L2, 5)
    width = 2.0 * cv2.dilate(distance, np.ones((31, 31), np.uint8)) * binary
    steps = np.clip(np.round(1.0 + 0.1 * width), 1, 4) * binary
    grown = binary.copy()
    for radius in range(1, 5):
        kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
        grown |= cv2.dilate((steps >= radius).astype(np.uint8), kernel)
    return torch.from_numpy(grown.astype(np.float32))[None, None]


def feather(grown: Tensor, mask: Tensor) -> Tensor:
    """Alpha: 1 on the mask, falling to 0 over FEATHER_PX inside the growth."""
    inside = cv2.distanceTransform((grown[0, 0] > 0.5).numpy().astype(np.uint8), cv2.DIST_L2, 5)
    alpha = torch.from_numpy(np.clip(inside / (FEATHER_PX + 1.0), 0.0, 1.0))[None, None].float()
    return torch.maximum(alpha, mask)


def fill(networks: Networks, photo: Tensor, hole: Tensor, *, context: bool = False) -> tuple[Tensor, Tensor]:
    """Stage 2 on a whole photo (1, 3, H, W): fill and recovered share, cut to the photo's size."""
    height, width = photo.shape[-2:]
    padded = pad_to_grid(photo)
    if context:
        features = networks.detect(padded)[1]
    else:
        features = padded.new_zeros(1, CONTEXT_CHANNELS, padded.shape[2] // 4, padded.shape[3] // 4)
    filled, recovered = networks.fill(padded, pad_to_grid(hole), features)
    return filled[..., :height, :width], recovered[..., :height, :width]


def repair(networks: Networks, photo: Tensor, mask: Tensor, *, context: bool = False) -> Repair:
    """Fills the grown mask and mixes it in; pixels outside alpha stay as they are. No grain is added here."""
    grown = grow_mask(mask)
    filled, recovered = fill(networks, photo, grown, context=context)
    alpha = feather(grown, mask) if bool(mask.any()) else torch.zeros_like(mask)
    return Repair(photo + alpha * (filled - photo), alpha, recovered)


def read_photo(path: Path) -> Tensor:
    """(1, 3, H, W) RGB in [0, 1] from any image file; alpha is dropped, EXIF rotation is not applied."""
    flags = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
    pixels = cv2.imread(str(path), flags)
    if pixels is None:
        raise SystemExit(f"cannot read this picture: {path}")
    return torch.from_numpy(pixels[..., ::-1].astype(np.float32) / 255.0).permute(2, 0, 1)[None].contiguous()
