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
from training.metrics import DetectionScore, dilate_2px
from training.models import build_model
from training.pyramid import mask_at, to_byte_map

# F-beta with beta 1/2: a wrong mark costs more than a missed one, "do no harm" comes before recall.
BETA_SQUARED = 0.25
# Scales and raw logits tried for the default; with the scale the merge's growth (0.4 of a threshold) narrows.
SCALES = (1.0, 1.5, 2.0)
DEFAULT_OFFSETS = (0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0)


@dataclass(frozen=True)
class Calibration:
    """Calibrated logit = scale * raw logit + bias; the three raw logits it was made from are kept."""

    scale: float
    bias: float
    timid: float
    default: float
    eager: float

    @classmethod
    def around(cls, default: float, *, scale: float) -> Calibration:
        """Raw logit `default` becomes 0.5; timid (0.8) and eager (0.2) lie ln 4 / scale above and below it."""
        half = math.log(4.0) / scale
        return cls(scale, -scale * default, default + half, default, default - half)

    @classmethod
    def read(cls, path: Path) -> Calibration:
        return cls(**json.loads(path.read_text()))

    def write(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self), indent=2) + "\n")


@dataclass
class MaskScore:
    """Precision and recall of finished masks, with the 2-px tolerance, and what they mark on sound crops."""

    marked: float = 0.0
    right: float = 0.0
    found: float = 0.0
    truth: float = 0.0
    sound_marked: float = 0.0
    sound: float = 0.0

    def add(self, mask: Tensor, target: Tensor, ignore: Tensor) -> None:
        """mask, target, ignore: (1, 1, H, W), 0 or 1."""
        mask = mask * (1.0 - ignore)
        if float(target.sum()) == 0:
            self.sound_marked += float(mask.sum())
            self.sound += float((1.0 - ignore).sum())
        self.marked += float(mask.sum())
        self.right += float((mask * dilate_2px(target)).sum())
        self.found += float((target * dilate_2px(mask)).sum())
        self.truth += float(target.sum())

    def figures(self) -> dict[str, float]:
        precision = self.right / self.marked if self.marked else 1.0
        recall = self.found / max(self.truth, 1.0)
        f1 = 2.0 * precision * recall / max(precision + recall, 1e-9)
        f_half = (1.0 + BETA_SQUARED) * precision * recall / max(BETA_SQUARED * precision + recall, 1e-9)
        false_share = self.sound_marked / max(self.sound, 1.0)
        return {"precision": precision, "recall": recall, "f1": f1, "f_half": f_half, "false_share": false_share}


def score_default(crops: list[tuple[Tensor, Tensor, Tensor]], *, scale: float, default: float) -> dict[str, float]:
    """Figures of the merged mask when raw logit `default` becomes probability 0.5."""
    score = MaskScore()
    for logits, target, ignore in crops:
        mask = mask_at(to_byte_map(torch.sigmoid(scale * (logits - default))), 128)
        score.add(torch.from_numpy(mask).float()[None, None], target, ignore)
    return score.figures()


@torch.no_grad()
def choose_thresholds(model: torch.nn.Module, batches: list) -> tuple[Calibration, dict[str, float]]:
    """Timid, default and eager from validation batches, with the figures at the default.

    The default gives the merged mask with the best F-half: a wrong mark costs more than a missed one.
    """
    plain, crops = DetectionScore(), []
    for batch in batches:
        logits = model.logits(batch.damaged)[0].cpu().float()
        plain.add(logits, batch.target.cpu(), batch.ignore.cpu())
        crops += list(zip(logits.split(1), batch.target.cpu().split(1), batch.ignore.cpu().split(1), strict=True))
    best = plain.best()["logit"]
    tried = {}
    for scale in SCALES:
        for offset in DEFAULT_OFFSETS:
            figures = tried[scale, best + offset] = score_default(crops, scale=scale, default=best + offset)
            print(f"scale {scale} default {best + offset:+.2f}: " + " ".join(f"{name} {value:.4f}" for name, value in figures.items()))
    scale, default = max(tried, key=lambda key: tried[key]["f_half"])
    figures = {"best_plain_logit": best, "average_precision": plain.average_precision()}
    return Calibration.around(default, scale=scale), figures | tried[scale, default]


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
        options.data, split="validation", seed=2000, device=torch.device("cpu"), stage="detect", difficulty=0.5
    )
    batches = [synthesizer.batch(8, 256) for _ in range(options.batches)]
    calibration, figures = choose_thresholds(model, batches)
    calibration.write(options.out)
    print(json.dumps(asdict(calibration) | figures))


if __name__ == "__main__":
    main()
