"""Methods without learning run on the same crops, for comparison only: inpainters and a top-hat detector.

OpenCV is always there. PatchMatch (`pip install patchmatch-cython`) and G'MIC (the program `gmic`, of a Debian package of
that name) join when they are found; `available_inpainters` says which are not.
"""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor

INPAINT_RADIUS_PX = 3
# Of 5 and 7 px the better one on three crops of the frozen set.
PATCH_PX = 7
GMIC_TIMEOUT_SECONDS = 120
# What G'MIC is asked to do: patches (its default), diffusion along edges, and its own PatchMatch.
GMIC_COMMANDS = {"gmic_patches": "inpaint", "gmic_diffusion": "inpaint_pde", "gmic_matchpatch": "inpaint_matchpatch"}

# (H, W, 3) RGB u8 and the hole (H, W) u8, 255 = unknown, to (H, W, 3) u8.
Inpainter = Callable[[np.ndarray, np.ndarray], np.ndarray]


class PeerError(Exception):
    """A peer ended without a result; the message holds its own words."""


def to_bytes(photo: Tensor) -> np.ndarray:
    """(3, H, W) RGB in [0, 1] to (H, W, 3) u8."""
    return (photo.clamp(0, 1) * 255.0).round().byte().permute(1, 2, 0).contiguous().cpu().numpy()


def from_bytes(pixels: np.ndarray) -> Tensor:
    """(H, W, 3) u8 to (3, H, W) in [0, 1]."""
    return torch.from_numpy(pixels.astype(np.float32) / 255.0).permute(2, 0, 1)


def _opencv(flag: int) -> Inpainter:
    return lambda photo, hole: cv2.inpaint(photo, hole, INPAINT_RADIUS_PX, flag)


OPENCV_INPAINTERS = {"telea": _opencv(cv2.INPAINT_TELEA), "navier_stokes": _opencv(cv2.INPAINT_NS)}


def _patchmatch(photo: np.ndarray, hole: np.ndarray) -> np.ndarray:
    """PatchMatch coarse to fine, or at one scale where a coarse level has no sound pixel left. Barnes et al. 2009."""
    import patchmatch_cython

    known = hole == 0
    if not known.any():
        return photo
    try:
        return patchmatch_cython.inpaint_pyramid(photo, ~known, patch_size=PATCH_PX, seed=1)
    except ValueError:
        return patchmatch_cython.inpaint_single(photo, ~known, patch_size=PATCH_PX, seed=1)


def _gmic(program: str, command: str) -> Inpainter:
    def run(photo: np.ndarray, hole: np.ndarray) -> np.ndarray:
        with tempfile.TemporaryDirectory() as folder:
            names = [str(Path(folder) / name) for name in ("photo.png", "hole.png", "result.png")]
            cv2.imwrite(names[0], photo[..., ::-1])
            cv2.imwrite(names[1], hole)
            work = [command + "[0]", "[1]", "keep[0]", "round", "cut", "0,255", "output", names[2]]
            try:
                ran = subprocess.run([program, "v", "0", names[0], names[1], *work], capture_output=True, text=True,
                                     timeout=GMIC_TIMEOUT_SECONDS, check=False)
            except subprocess.TimeoutExpired as error:
                raise PeerError(f"{command} took more than {GMIC_TIMEOUT_SECONDS} s") from error
            result = cv2.imread(names[2], cv2.IMREAD_COLOR)
        if ran.returncode != 0 or result is None or result.shape != photo.shape:
            raise PeerError(f"{command} gave no picture of this size: {ran.stderr.strip()[-300:]}")
        return np.ascontiguousarray(result[..., ::-1])

    return run


def available_inpainters(say: Callable[[str], object] = print) -> dict[str, Inpainter]:
    """The inpainters found here by name; what is missing is told to `say`, one line each."""
    found = dict(OPENCV_INPAINTERS)
    if importlib.util.find_spec("patchmatch_cython"):
        found["patchmatch"] = _patchmatch
    else:
        say("PatchMatch is left out: no Python package patchmatch_cython")
    if program := shutil.which("gmic"):
        found |= {name: _gmic(program, command) for name, command in GMIC_COMMANDS.items()}
    else:
        say("G'MIC is left out: no program gmic")
    return found


def inpaint(photo: Tensor, hole: Tensor, method: str | Inpainter) -> Tensor:
    """(3, H, W) with hole (1, H, W), 1 = unknown, filled, on the photo's device; pixels outside the hole stay as they are.

    `method` is one of OpenCV's by name, or what `available_inpainters` found.
    """
    inpainter = OPENCV_INPAINTERS[method] if isinstance(method, str) else method
    known = hole[0] <= 0.5
    pixels = inpainter(to_bytes(photo), np.where(known.cpu().numpy(), 0, 255).astype(np.uint8))
    return torch.where(known, photo, from_bytes(pixels).to(photo.device))


def top_hat(photo: Tensor, *, size_px: int = 9) -> Tensor:
    """Bright and dark top-hat response of the luma, (1, H, W) in [0, 1]: a detector without learning."""
    grey = cv2.cvtColor(to_bytes(photo), cv2.COLOR_RGB2GRAY)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size_px, size_px))
    white = cv2.morphologyEx(grey, cv2.MORPH_TOPHAT, kernel)
    black = cv2.morphologyEx(grey, cv2.MORPH_BLACKHAT, kernel)
    return torch.from_numpy(np.maximum(white, black).astype(np.float32) / 255.0)[None]
