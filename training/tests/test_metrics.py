"""Metrics: the definitions on small hand-made cases."""

from __future__ import annotations

import math

import pytest
import torch

from training.metrics import DetectionScore, dilate_2px, psnr_inside, ssim_inside


def maps(size: int = 32) -> tuple[torch.Tensor, torch.Tensor]:
    target = torch.zeros(1, 1, size, size)
    target[..., 10, 4:28] = 1.0
    return target, torch.zeros_like(target)


def test_a_line_two_pixels_off_still_counts_and_three_does_not() -> None:
    target, ignore = maps()
    for shift, expected in ((2, 1.0), (3, 0.0)):
        score = DetectionScore()
        score.add(torch.roll(target, shift, dims=2) * 10.0 - 5.0, target, ignore)
        assert score.at(0.0)["precision"] == pytest.approx(expected)
        assert score.at(0.0)["recall"] == pytest.approx(expected)


def test_perfect_logits_reach_full_average_precision() -> None:
    target, ignore = maps()
    score = DetectionScore()
    score.add(target * 14.0 - 7.0, target, ignore)
    assert score.average_precision() == pytest.approx(1.0)


def test_ignored_pixels_count_neither_way() -> None:
    target, ignore = maps()
    logits = target * 10.0 - 5.0
    logits[..., 20:24, :] = 5.0
    ignore[..., 20:24, :] = 1.0
    score = DetectionScore()
    score.add(logits, target, ignore)
    assert score.at(0.0)["precision"] == pytest.approx(1.0)


def test_the_tolerance_is_a_disc() -> None:
    point = torch.zeros(1, 1, 9, 9)
    point[..., 4, 4] = 1.0
    assert int(dilate_2px(point).sum()) == 13


def test_psnr_of_a_known_error() -> None:
    truth = torch.zeros(1, 3, 8, 8)
    assert psnr_inside(truth + 0.1, truth, torch.ones(1, 1, 8, 8)) == pytest.approx(20.0, abs=1e-4)
    assert math.isnan(psnr_inside(truth, truth, torch.zeros(1, 1, 8, 8)))


def test_ssim_of_equal_crops_is_one() -> None:
    photo = torch.rand(1, 3, 32, 32)
    assert ssim_inside(photo, photo, torch.ones(1, 1, 32, 32)) == pytest.approx(1.0, abs=1e-4)
