"""Scores for detection and filling, with the project's definitions; no network and no file is touched here."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import torch
from torch import Tensor
from torch.nn import functional as F

THRESHOLDS = 101
# Thresholds are uniform in logit between these ends (probability 0.0003 to 0.9997).
LOGIT_RANGE = 8.0


def threshold_logits() -> Tensor:
    """The 101 thresholds, rising, as logits."""
    return torch.linspace(-LOGIT_RANGE, LOGIT_RANGE, THRESHOLDS, dtype=torch.float64)


def dilate_2px(x: Tensor) -> Tensor:
    """Maximum over the disc dx² + dy² <= 4 of (B, 1, H, W)."""
    row = F.max_pool2d(x, (1, 5), stride=1, padding=(0, 2))
    column = F.max_pool2d(x, (5, 1), stride=1, padding=(2, 0))
    square = F.max_pool2d(x, 3, stride=1, padding=1)
    return torch.maximum(torch.maximum(row, column), square)


@dataclass
class DetectionScore:
    """Counts at 101 thresholds, summed over photos.

    P = |pred ∩ dil₂ truth| / |pred|, R = |truth ∩ dil₂ pred| / |truth|; ignored pixels are left out of both.
    """

    predicted: Tensor = field(default_factory=lambda: torch.zeros(THRESHOLDS, dtype=torch.float64))
    correct: Tensor = field(default_factory=lambda: torch.zeros(THRESHOLDS, dtype=torch.float64))
    found: Tensor = field(default_factory=lambda: torch.zeros(THRESHOLDS, dtype=torch.float64))
    truth: float = 0.0

    def add(self, logits: Tensor, target: Tensor, ignore: Tensor) -> None:
        """logits, target, ignore: (B, 1, H, W); target and ignore are 1 where they hold."""
        valid = ignore < 0.5
        truth = (target > 0.5) & valid
        logits = torch.where(valid, logits.float().clamp(-2 * LOGIT_RANGE, 2 * LOGIT_RANGE), torch.full_like(logits, -99.0))
        near_truth = dilate_2px(truth.float()) > 0.5
        self.predicted += counts_at_least(logits[valid])
        self.correct += counts_at_least(logits[valid & near_truth])
        self.found += counts_at_least(dilate_2px(logits)[truth])
        self.truth += float(truth.sum())

    def precision(self) -> Tensor:
        """(101,), 1 where nothing is predicted."""
        return torch.where(self.predicted > 0, self.correct / self.predicted.clamp_min(1.0), torch.ones_like(self.correct))

    def recall(self) -> Tensor:
        """(101,), share of the true damage with a prediction within 2 px at each threshold."""
        return self.found / max(self.truth, 1.0)

    def f1(self) -> Tensor:
        """(101,), harmonic mean of precision and recall at each threshold; 0 where both are."""
        precision, recall = self.precision(), self.recall()
        return 2.0 * precision * recall / (precision + recall).clamp_min(1e-9)

    def average_precision(self) -> float:
        """Area under precision over recall, summed from the highest threshold down."""
        precision, recall = self.precision().flip(0), self.recall().flip(0)
        steps = torch.diff(recall, prepend=torch.zeros(1, dtype=recall.dtype))
        return float((steps * precision).sum())

    def at(self, logit: float) -> dict[str, float]:
        """Precision, recall and F1 at the threshold nearest to `logit`."""
        index = int((threshold_logits() - logit).abs().argmin())
        return {
            "precision": float(self.precision()[index]),
            "recall": float(self.recall()[index]),
            "f1": float(self.f1()[index]),
        }

    def best(self) -> dict[str, float]:
        """The threshold of the highest F1, with its figures."""
        logit = float(threshold_logits()[int(self.f1().argmax())])
        return {"logit": logit} | self.at(logit)


def counts_at_least(logits: Tensor) -> Tensor:
    """How many values reach each of the 101 thresholds, (101,)."""
    bins = torch.bucketize(logits.double(), threshold_logits() - 1e-9, right=True)
    histogram = torch.bincount(bins.flatten(), minlength=THRESHOLDS + 1)
    return histogram.flip(0).cumsum(0).flip(0)[1:].double()


def psnr_inside(result: Tensor, truth: Tensor, region: Tensor) -> float:
    """PSNR in dB of (B, 3, H, W) in [0, 1] over the pixels of `region` (B, 1, H, W); NaN when it is empty."""
    count = float(region.sum()) * result.shape[1]
    if count == 0:
        return math.nan
    error = float((((result - truth) ** 2) * region).sum()) / count
    return -10.0 * math.log10(max(error, 1e-10))


def ssim_inside(result: Tensor, truth: Tensor, region: Tensor) -> float:
    """Mean of the luma SSIM map (11-px box windows) over `region` grown by 3 px. Source: Wang et al. 2004."""
    a, b = result.mean(1, keepdim=True), truth.mean(1, keepdim=True)

    def blur(x: Tensor) -> Tensor:
        return F.avg_pool2d(x, 11, stride=1, padding=5, count_include_pad=False)

    mean_a, mean_b = blur(a), blur(b)
    var_a, var_b = blur(a * a) - mean_a**2, blur(b * b) - mean_b**2
    covariance = blur(a * b) - mean_a * mean_b
    c1, c2 = 0.01**2, 0.03**2
    ssim = ((2 * mean_a * mean_b + c1) * (2 * covariance + c2)) / ((mean_a**2 + mean_b**2 + c1) * (var_a + var_b + c2))
    grown = F.max_pool2d(region, 7, stride=1, padding=3)
    return float((ssim * grown).sum() / grown.sum().clamp_min(1.0))
