"""Classical methods run on the same crops, for comparison only: OpenCV's two inpainters and a top-hat detector."""

from __future__ import annotations

import cv2
import numpy as np
import torch
from torch import Tensor

INPAINT_RADIUS_PX = 3


def to_bytes(photo: Tensor) -> np.ndarray:
    """(3, H, W) RGB in [0, 1] to (H, W, 3) u8."""
    return (photo.clamp(0, 1) * 255.0).round().byte().permute(1, 2, 0).contiguous().cpu().numpy()


def from_bytes(pixels: np.ndarray) -> Tensor:
    """(H, W, 3) u8 to (3, H, W) in [0, 1]."""
    return torch.from_numpy(pixels.astype(np.float32) / 255.0).permute(2, 0, 1)


def inpaint(photo: Tensor, hole: Tensor, method: str) -> Tensor:
    """`telea` or `navier_stokes` on (3, H, W) with hole (1, H, W), 1 = unknown."""
    flag = {"telea": cv2.INPAINT_TELEA, "navier_stokes": cv2.INPAINT_NS}[method]
    mask = (hole[0] > 0.5).byte().cpu().numpy() * 255
    return from_bytes(cv2.inpaint(to_bytes(photo), mask, INPAINT_RADIUS_PX, flag))


def top_hat(photo: Tensor, *, size_px: int = 9) -> Tensor:
    """Bright and dark top-hat response of the luma, (1, H, W) in [0, 1]: a detector without learning."""
    grey = cv2.cvtColor(to_bytes(photo), cv2.COLOR_RGB2GRAY)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size_px, size_px))
    white = cv2.morphologyEx(grey, cv2.MORPH_TOPHAT, kernel)
    black = cv2.morphologyEx(grey, cv2.MORPH_BLACKHAT, kernel)
    return torch.from_numpy(np.maximum(white, black).astype(np.float32) / 255.0)[None]
