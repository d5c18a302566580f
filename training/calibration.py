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

from training.checkpoint import load_network
from training.metrics import dilate_2px
from training.mining import sound_switches
from training.pyramid import mask_at, to_byte_map

# "Do no harm" decides the default: this share of sound aged crops must stay without a single mark …
UNTOUCHED_SHARE = 0.9
# … among these raw logits, and the scale then decides how far the merge's growth (0.4 of a threshold) reaches.
DEFAULTS = tuple(step / 10 for step in range(81))
SCALES = (0.6, 0.75, 1.0, 1.5, 2.0)
# Thresholds of the 8-bit map that are measured; timid follows from them.
LEVELS = {"default": 128, "eager": 51}
DAMAGE_DIFFICULTY = 0.15  # clear damage, as far as the default is meant to find it


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
        """What `write` wrote to a JSON file."""
        return cls(**json.loads(path.read_text()))

    def write(self, path: Path) -> None:
        """Writes all fields as JSON."""
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
        """Precision, recall and F1 over all masks added, 0 to 1, and the share of sound crops' pixels marked."""
        precision = self.right / self.marked if self.marked else 1.0
        recall = self.found / max(self.truth, 1.0)
        f1 = 2.0 * precision * recall / max(precision + recall, 1e-9)
        false_share = self.sound_marked / max(self.sound, 1.0)
        return {"precision": precision, "recall": recall, "f1": f1, "false_share": false_share}


# Raw logits, target and ignore of one crop, each (1, 1, H, W).
Crop = tuple[Tensor, Tensor, Tensor]


@torch.no_grad()
def crops_of(model: torch.nn.Module, batches: list) -> list[Crop]:
    """What the model answers on each crop of some batches."""
    crops: list[Crop] = []
    for batch in batches:
        logits = model.logits(batch.damaged)[0].cpu().float()
        crops += list(zip(logits.split(1), batch.target.cpu().split(1), batch.ignore.cpu().split(1), strict=True))
    return crops


def score_merged(crops: list[Crop], calibration: Calibration, level: int) -> dict[str, float]:
    """Figures of the merged mask at a threshold of `level` / 255."""
    score = MaskScore()
    for logits, target, ignore in crops:
        mask = mask_at(to_byte_map(torch.sigmoid(calibration.scale * logits + calibration.bias)), level)
        score.add(torch.from_numpy(mask).float()[None, None], target, ignore)
    return score.figures()


def least_harmless(sound: list[Crop]) -> float:
    """The lowest raw logit of DEFAULTS that leaves UNTOUCHED_SHARE of the sound crops without a seed."""
    strongest = torch.tensor([float(logits.max()) for logits, _, _ in sound])
    for default in DEFAULTS:
        if int((strongest < default).sum()) >= UNTOUCHED_SHARE * len(sound):
            return default
    return DEFAULTS[-1]


def choose_thresholds(damaged: list[Crop], sound: list[Crop]) -> tuple[Calibration, dict[str, dict[str, float]]]:
    """The calibration, with the merged mask's figures at the default and at eager.

    Sound crops decide the default; the scale is the one whose masks at the default and at eager have the best F1.
    """
    default = least_harmless(sound)
    tried = {}
    for scale in SCALES:
        calibration = Calibration.around(default, scale=scale)
        figures = {name: score_merged(damaged, calibration, level) for name, level in LEVELS.items()}
        tried[scale] = (calibration, figures)
        print(f"default {default} scale {scale}: " + json.dumps(figures), flush=True)
    return max(tried.values(), key=lambda entry: entry[1]["default"]["f1"] + entry[1]["eager"]["f1"])


def main() -> None:
    """Chooses the thresholds of a stage 1 on the validation split and writes them."""
    from training.synthesis import Synthesizer

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--batches", type=int, default=30, help="batches of 8 damaged crops; twice as many sound ones")
    options = parser.parse_args()
    model = load_network("detect", options.weights)[0].eval()

    def synthesizer(seed: int, **settings: object) -> Synthesizer:
        return Synthesizer(options.data, split="validation", seed=seed, device=torch.device("cpu"), stage="detect", **settings)

    with_damage = synthesizer(2000, difficulty=DAMAGE_DIFFICULTY)
    only_aged = synthesizer(2001, switches=sound_switches())
    damaged = crops_of(model, [with_damage.batch(8, 256) for _ in range(options.batches)])
    sound = crops_of(model, [only_aged.batch(8, 256) for _ in range(2 * options.batches)])
    calibration, figures = choose_thresholds(damaged, sound)
    figures |= {f"sound {name}": {"false_share": score_merged(sound, calibration, level)["false_share"]} for name, level in LEVELS.items()}
    calibration.write(options.out)
    print(json.dumps(asdict(calibration) | figures))


if __name__ == "__main__":
    main()
