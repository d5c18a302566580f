"""Calibration chooses ordered thresholds and leaves sound crops alone."""

from __future__ import annotations

import torch

from training.calibration import SCALES, choose_thresholds, crops_of, least_harmless
from training.tests.tiny import TinySynthesizer


class BrightnessDetector(torch.nn.Module):
    """Answers with brightness as its logit."""

    def logits(self, photo: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return 12.0 * (photo.mean(1, keepdim=True) - 0.72), photo[:, :1]


def test_thresholds_are_ordered_and_the_default_scores_well() -> None:
    damaged = crops_of(BrightnessDetector(), [TinySynthesizer(4).batch(4, 64) for _ in range(3)])
    sound = [(logits - 4.0, torch.zeros_like(target), ignore) for logits, target, ignore in damaged]
    calibration, figures = choose_thresholds(damaged, sound)
    assert calibration.eager < calibration.default < calibration.timid
    assert figures["default"]["f1"] > 0.8 and calibration.scale in SCALES


def test_the_default_leaves_nine_sound_crops_of_ten_untouched() -> None:
    def crop(strongest: float) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        logits = torch.full((1, 1, 8, 8), -3.0)
        logits[..., 4, 4] = strongest
        return logits, torch.zeros_like(logits), torch.zeros_like(logits)

    default = least_harmless([crop(0.35 * number) for number in range(20)])
    assert 0.35 * 17 < default <= 0.35 * 18
