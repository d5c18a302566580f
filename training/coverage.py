"""What F1 with a tolerance cannot show of a mask: recall by the size of the damage and along its length, and marks too fat."""

from __future__ import annotations

import math

import cv2
import numpy as np
from torch import Tensor

from training.metrics import dilate_2px

# Areas of connected pieces of the true damage, px.
SIZE_CLASSES = (("up to 16", 0, 16), ("17 to 100", 16, 100), ("101 to 1000", 100, 1000), ("larger", 1000, math.inf))
# A piece counts as seen when this share of it was found.
SEEN_FROM = 0.5


def skeleton(mask: np.ndarray) -> np.ndarray:
    """The middle line, one px wide, of a mask (H, W) of bool. Source: Zhang and Suen, Comm. ACM 27(3), 1984."""
    image = np.pad(mask.astype(np.uint8), 1)
    while True:
        before = image.copy()
        for step in (0, 1):
            image[_removable(image, step)] = 0
        if np.array_equal(before, image):
            return image[1:-1, 1:-1] > 0


def _removable(image: np.ndarray, step: int) -> np.ndarray:
    """Pixels of a padded image (u8, 0 or 1) that one half-step of the thinning takes away, as a padded bool array."""
    height, width = image.shape
    middle = image[1:-1, 1:-1]

    def shifted(dy: int, dx: int) -> np.ndarray:
        return image[1 + dy : height - 1 + dy, 1 + dx : width - 1 + dx]

    # Clockwise from the pixel above.
    around = [shifted(*d) for d in ((-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1))]
    count = sum(value.astype(np.int32) for value in around)
    rises = sum(((a == 0) & (b == 1)).astype(np.int32) for a, b in zip(around, around[1:] + around[:1], strict=True))
    north, east, south, west = around[0], around[2], around[4], around[6]
    if step == 0:
        open_side = (north * east * south == 0) & (east * south * west == 0)
    else:
        open_side = (north * east * west == 0) & (north * south * west == 0)
    found = np.zeros(image.shape, bool)
    found[1:-1, 1:-1] = (middle == 1) & (count >= 2) & (count <= 6) & (rises == 1) & open_side
    return found


class Coverage:
    """Sums over photos; `report` gives the shares."""

    def __init__(self) -> None:
        self.pieces = {name: [0, 0] for name, _, _ in SIZE_CLASSES}  # seen, all
        self.pixels = {name: [0.0, 0.0] for name, _, _ in SIZE_CLASSES}  # found, all
        self.length = [0.0, 0.0]
        self.marked = self.true = self.excess = 0.0

    def add(self, marked: Tensor, target: Tensor, ignore: Tensor) -> None:
        """marked, target and ignore (1, 1, H, W) of 0 and 1; marks on ignored pixels count neither way."""
        marked = marked * (ignore < 0.5)
        near_marked = dilate_2px(marked)[0, 0].numpy() > 0.5
        near_true = dilate_2px(target)[0, 0].numpy() > 0.5
        true, mark = target[0, 0].numpy() > 0.5, marked[0, 0].numpy() > 0.5
        count, labels, stats, _ = cv2.connectedComponentsWithStats(true.astype(np.uint8), connectivity=8)
        found = np.bincount(labels[near_marked], minlength=count)
        for label in range(1, count):
            area = int(stats[label, cv2.CC_STAT_AREA])
            name = next(name for name, low, high in SIZE_CLASSES if low < area <= high)
            self.pixels[name][0] += int(found[label])
            self.pixels[name][1] += area
            self.pieces[name][0] += int(found[label] >= SEEN_FROM * area)
            self.pieces[name][1] += 1
        line = skeleton(true)
        self.length[0] += float((line & near_marked).sum())
        self.length[1] += float(line.sum())
        self.marked += float(mark.sum())
        self.true += float(true.sum())
        # Marked beside damage that is there, where only sound picture is: the mask is too fat.
        self.excess += float((mark & near_true & ~true).sum())

    def report(self) -> dict:
        """Recall by pixels and by pieces for each size, recall along the middle lines, and how fat the marks are."""
        sizes = {}
        for name, (found, total) in self.pixels.items():
            seen, pieces = self.pieces[name]
            sizes[name] = {"pieces": pieces, "seen_share": seen / max(1, pieces), "pixel_recall": found / max(1.0, total)}
        return {
            "recall_by_size": sizes,
            "skeleton_recall": self.length[0] / max(1.0, self.length[1]),
            "marked_to_true_area": self.marked / max(1.0, self.true),
            "beside_damage_share_of_marks": self.excess / max(1.0, self.marked),
        }
