"""Recall by size and along middle lines, and marks that are too fat, on hand-made masks."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from training.coverage import Coverage, skeleton


def masks(*boxes: tuple[slice, slice]) -> torch.Tensor:
    mask = torch.zeros(1, 1, 64, 64)
    for rows, columns in boxes:
        mask[0, 0, rows, columns] = 1.0
    return mask


def test_a_skeleton_is_one_pixel_wide_and_nearly_as_long_as_the_bar() -> None:
    bar = np.zeros((40, 60), bool)
    bar[15:24, 5:55] = True
    line = skeleton(bar)
    assert line.sum(axis=0).max() == 1
    assert 38 <= line.sum() <= 50
    assert not (line & ~bar).any()


def test_a_found_piece_raises_only_the_recall_of_its_size() -> None:
    small, large = (slice(4, 7), slice(4, 7)), (slice(20, 26), slice(4, 60))
    coverage = Coverage()
    coverage.add(masks(large), masks(small, large), torch.zeros(1, 1, 64, 64))
    report = coverage.report()
    assert report["recall_by_size"]["up to 16"] == {"pieces": 1, "seen_share": 0.0, "pixel_recall": 0.0}
    assert report["recall_by_size"]["101 to 1000"]["seen_share"] == 1.0
    assert 0.9 < report["skeleton_recall"] < 1.0
    assert report["beside_damage_share_of_marks"] == 0.0


def test_a_fat_mark_shows_as_area_beside_the_damage_and_ignored_pixels_do_not() -> None:
    damage, mark = masks((slice(20, 24), slice(0, 64))), masks((slice(18, 26), slice(0, 64)))
    fat, excused = Coverage(), Coverage()
    fat.add(mark, damage, torch.zeros(1, 1, 64, 64))
    assert fat.report()["marked_to_true_area"] == pytest.approx(2.0)
    assert fat.report()["beside_damage_share_of_marks"] == pytest.approx(0.5)
    excused.add(mark, damage, mark - damage)
    assert excused.report()["marked_to_true_area"] == pytest.approx(1.0)
