"""The overlay: one drawn piece of damage or look-alike on a square canvas, as arrays; no photo is touched here."""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np

CANVAS_PX = 512  # side of an overlay, at the scale of a print scanned to 1,024 px


@dataclasses.dataclass
class Overlay:
    """One drawn overlay, all maps float32 (CANVAS_PX, CANVAS_PX).

    `alpha` in [0, 1] is the opacity of the paint, `tone` in [0, 1] its lightness pattern (the paint's
    colour is multiplied by it), `shade` in [−0.5, 0.5] is light added by relief, `side` in [−1, 1] tells
    the two halves of a broken print apart (0 where the print is whole).
    """

    alpha: np.ndarray
    tone: np.ndarray
    shade: np.ndarray
    side: np.ndarray

    @classmethod
    def empty(cls) -> Overlay:
        """An overlay that changes nothing."""
        shape = (CANVAS_PX, CANVAS_PX)
        return cls(np.zeros(shape, np.float32), np.ones(shape, np.float32), np.zeros(shape, np.float32),
                   np.zeros(shape, np.float32))

    def packed(self) -> np.ndarray:
        """The overlay as uint8 (5, H, W): alpha, tone, shade + 0.5, width in 1/4 px, side / 2 + 0.5."""
        visible = np.maximum(self.alpha, np.abs(self.shade) * 4)
        width = np.clip(stroke_width(visible > 0.25) * 4, 0, 255)
        planes = (self.alpha * 255, self.tone * 255, self.shade * 254 + 127, width, self.side * 127 + 127)
        return np.stack([np.clip(np.round(plane), 0, 255).astype(np.uint8) for plane in planes])


def stroke_width(mask: np.ndarray) -> np.ndarray:
    """Local width in px (H, W) of a boolean mask: the widest stroke that covers each pixel.

    Each pixel takes the diameter of the largest inscribed disc around it: the distance transform's
    ridge is spread by grey dilation, one octave of radius at a time.
    """
    inside = mask.astype(np.uint8)
    radius = cv2.distanceTransform(inside, cv2.DIST_L2, 5)
    spread = radius.copy()
    for reach in (1, 2, 4, 8, 16):
        kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
        spread = np.maximum(spread, cv2.dilate(np.where(radius >= reach, radius, 0), kernel))
    return np.maximum(2 * spread - 1, 1) * inside
