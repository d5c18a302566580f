"""Makes both models again from photographs, in one command: `python -m training.remake --data DATA`.

Runs the commands of `training/README.md` one after the other and remembers in `RUNS/remake.json` which are done, so that it
can be stopped at any time and begun again; a training that was stopped goes on from its checkpoint.
"""

from __future__ import annotations

import argparse
import json
import shlex
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

# Minutes of training with one core to itself; a GPU needs a fraction of them (`--scale`).
DETECT_MINUTES = 180.0
DETECT_MINED_MINUTES = 300.0
FILL_MINUTES = 150.0


@dataclass(frozen=True)
class Step:
    """One command: a module of this package and what it is given."""

    name: str
    module: str
    arguments: tuple[str, ...]
    run: Path | None = None  # a training's folder: with a checkpoint in it, `--resume` is added

    def command(self) -> list[str]:
        resumes = self.run is not None and (self.run / "checkpoint.safetensors").exists()
        return [sys.executable, "-m", f"training.{self.module}", *self.arguments, *(["--resume"] if resumes else [])]


def steps_of(data: Path, runs: Path, *, models: Path, device: str, scale: float) -> list[Step]:
    """All steps in order. `scale` multiplies the minutes of every training."""
    detect, fill, frozen, mined = runs / "detect", runs / "fill", runs / "frozen", runs / "mined.json"
    weights, best = str(detect / "checkpoint.safetensors"), str(fill / "best.safetensors")
    calibration = str(detect / "calibration.json")

    def train(name: str, stage: str, minutes: float, run: Path, *more: str) -> Step:
        given = ("--stage", stage, "--data", str(data), "--minutes", f"{minutes * scale:g}", "--device", device, "--run", str(run))
        return Step(name, "train", (*given, *more), run)

    return [
        Step("frozen set", "frozen", ("--data", str(data), "--out", str(frozen))),
        train("stage 1", "detect", DETECT_MINUTES, detect),
        Step("mining", "mining", ("--weights", weights, "--data", str(data), "--out", str(mined), "--sheet", str(runs / "mined.png"))),
        train("stage 1 with mined windows", "detect", DETECT_MINED_MINUTES, detect, "--mined", str(mined)),
        Step("calibration", "calibration", ("--weights", weights, "--data", str(data), "--out", calibration)),
        train("stage 2", "fill", FILL_MINUTES, fill, "--detector", weights, "--context-share", "0"),
        Step("export of stage 1", "export", ("--stage", "detect", "--weights", weights, "--calibration", calibration, "--models", str(models))),
        Step("export of stage 2", "export", ("--stage", "fill", "--weights", best, "--models", str(models))),
        Step("measuring", "evaluate", ("frozen", "--frozen", str(frozen), "--models", str(models), "--report", str(runs / "frozen.json"))),
    ]


def remake(steps: list[Step], runs: Path, *, run: Callable[[list[str]], object]) -> list[str]:
    """Runs what is not done yet and returns the names of what was run now; a failing step ends it and is run again next time."""
    runs.mkdir(parents=True, exist_ok=True)
    mark = runs / "remake.json"
    done: list[str] = json.loads(mark.read_text()) if mark.exists() else []
    now = []
    for step in steps:
        if step.name in done:
            continue
        command = step.command()
        print(f"{step.name}: {shlex.join(command)}", flush=True)
        run(command)
        done.append(step.name)
        now.append(step.name)
        mark.write_text(json.dumps(done))
    return now


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with clean/ photographs and, if any, textures/")
    parser.add_argument("--runs", type=Path, default=Path("training/runs"))
    parser.add_argument("--models", type=Path, default=Path("models"))
    parser.add_argument("--device", default="auto")
    parser.add_argument("--scale", type=float, default=1.0, help="multiplies the minutes of every training")
    parser.add_argument("--dry-run", action="store_true", help="only print the commands")
    options = parser.parse_args()
    steps = steps_of(options.data, options.runs, models=options.models, device=options.device, scale=options.scale)
    if options.dry_run:
        for step in steps:
            print(shlex.join(step.command()))
        return
    remake(steps, options.runs, run=lambda command: subprocess.run(command, check=True))


if __name__ == "__main__":
    main()
