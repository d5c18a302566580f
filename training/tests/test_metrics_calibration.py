"""Calibration chooses ordered thresholds and leaves sound crops alone."""

from __future__ import annotations

import torch

from training.calibration import choose_thresholds
from training.tests.tiny import TinySynthesizer


class BrightnessDetector(torch.nn.Module):
    """Answers with brightness as its logit."""

    def logits(self, photo: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return 12.0 * (photo.mean(1, keepdim=True) - 0.72), photo[:, :1]


def test_thresholds_are_ordered_and_the_default_scores_well() -> None:
    synthesizer = TinySynthesizer(4)
    calibration, figures = choose_thresholds(BrightnessDetector(), [synthesizer.batch(4, 64) for _ in range(3)])
    assert calibration.eager < calibration.default < calibration.timid
    assert figures["f1"] > 0.8 and calibration.scale > 0.0
