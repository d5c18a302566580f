"""Turns stage 1's logits into probabilities whose thresholds 0.8, 0.5 and 0.2 mean timid, default and eager.

`python -m training.calibration --weights RUN/checkpoint.safetensors --data DIR --out calibration.json`
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from pathlib import Path


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
