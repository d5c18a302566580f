"""Turns stage 1's logits into probabilities whose thresholds 0.8, 0.5 and 0.2 mean timid, default and eager.

`python -m training.calibration --weights RUN/checkpoint.safetensors --data DIR --out calibration.json`
"""

from __future__ import annotations

import argparse
import json
import math
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor

from training.checkpoint import load_weights
from training.metrics import DetectionScore, counts_at_least, threshold_logits
from training.models import build_model

# Share of the pixels of sound crops that the default may mark: "do no harm" comes before recall.
DEFAULT_FALSE_SHARE = 0.0005
TIMID_FALSE_SHARE = 0.00005
# Where more would be marked wrongly than rightly, a lower threshold helps nobody.
EAGER_PRECISION = 0.6


@dataclass(frozen=True)
class Calibration:
    """Calibrated logit = scale * raw logit + bias; the three raw logits it was made from are kept."""

    scale: float
    bias: float
    timid: float
    default: float
    eager: float

    @classmethod
    def from_thresholds(cls, *, timid: float, default: float, eager: float) -> Calibration:
        """Raw logits for the three settings. `default` lands exactly on 0.5, the others as near as one scale allows."""
        spread = max(timid - eager, 0.5)
        scale = 2.0 * math.log(4.0) / spread  # logit(0.8) - logit(0.2)
        return cls(scale, -scale * default, timid, default, eager)

    @classmethod
    def read(cls, path: Path) -> Calibration:
        return cls(**json.loads(path.read_text()))

    def write(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self), indent=2) + "\n")


@torch.no_grad()
def choose_thresholds(model: torch.nn.Module, batches: list) -> tuple[Calibration, dict[str, float]]:
    """Timid, default and eager from validation batches, with the figures at the default.

    The default is the threshold of the best F1, or a higher one until sound crops are left alone.
    """
    score, sound, pixels = DetectionScore(), torch.zeros_like(threshold_logits()), 0
    for batch in batches:
        logits = model.logits(batch.damaged)[0].cpu()
        score.add(logits, batch.target.cpu(), batch.ignore.cpu())
        untouched = batch.target.cpu().amax(dim=(1, 2, 3)) == 0
        valid: Tensor = batch.ignore.cpu()[untouched] < 0.5
        sound += counts_at_least(logits[untouched][valid])
        pixels += int(valid.sum())
    logits = threshold_logits()
    false_share = sound / max(1, pixels)

    def first_below(share: float) -> float:
        return float(logits[int((false_share <= share).float().argmax())]) if bool((false_share <= share).any()) else float(logits[-1])

    best = score.best()["logit"]
    default = max(best, first_below(DEFAULT_FALSE_SHARE))
    timid = max(default + 0.5, first_below(TIMID_FALSE_SHARE))
    precise = logits[score.precision() >= EAGER_PRECISION]
    eager = min(default - 0.5, float(precise.min()) if precise.numel() else default - 1.0)
    index = int((logits - default).abs().argmin())
    figures = {"best_f1_logit": best, "average_precision": score.average_precision(), "false_share": float(false_share[index])}
    return Calibration.from_thresholds(timid=timid, default=default, eager=eager), figures | score.at(default)


def main() -> None:
    from training.synthesis import Synthesizer

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--batches", type=int, default=30)
    options = parser.parse_args()
    model = build_model("detect").eval()
    load_weights(model, options.weights)
    synthesizer = Synthesizer(
        options.data, split="validation", seed=2000, device=torch.device("cpu"), stage="detect", difficulty=0.5, bank_size=100
    )
    batches = [synthesizer.batch(8, 256) for _ in range(options.batches)]
    calibration, figures = choose_thresholds(model, batches)
    calibration.write(options.out)
    print(json.dumps(asdict(calibration) | figures))


if __name__ == "__main__":
    main()
