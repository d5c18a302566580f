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

from training import keep_out, sound

# Minutes of training with one core to itself; a GPU needs a fraction of them (`--scale`). Stage 1's second figure counts
# from its start, the first part included.
DETECT_MINUTES = 180.0
DETECT_MINED_MINUTES = 300.0
FILL_MINUTES = 150.0
SHIPPED_MODELS, SHIPPED_FIXTURES = Path("models"), Path("tests/fixtures")


@dataclass(frozen=True)
class Places:
    """Where everything is read and written."""

    data: Path
    runs: Path
    models: Path = SHIPPED_MODELS
    fixtures: Path = SHIPPED_FIXTURES
    program: Path = Path("target/release/unscratch")

    @property
    def frozen(self) -> tuple[str, ...]:
        """The frozen set of this run, as every command that reads it is told."""
        return "--frozen", str(self.runs / "frozen"), "--index", str(self.runs / "frozen_index.json")

    @property
    def measured(self) -> tuple[str, ...]:
        """The models to measure."""
        return "--models", str(self.models)

    def report(self, name: str) -> tuple[str, ...]:
        """Where a measurement's figures go."""
        return "--report", str(self.runs / f"{name}.json")


@dataclass(frozen=True)
class Step:
    """One command: a module of this package and what it is given."""

    name: str
    module: str
    arguments: tuple[str, ...]
    run: Path | None = None  # a training's folder: with a checkpoint in it, `--resume` is added
    lacks: str = ""  # what is not there without which the step cannot be run: it is left out

    def command(self) -> list[str]:
        """The words of the command line."""
        resumes = self.run is not None and (self.run / "checkpoint.safetensors").exists()
        return [sys.executable, "-m", f"training.{self.module}", *self.arguments, *(["--resume"] if resumes else [])]


def steps_of(places: Places, *, device: str, scale: float) -> list[Step]:
    """All steps in order. `scale` multiplies the minutes of every training."""
    return [*making_steps(places, device=device, scale=scale), *measuring_steps(places)]


def making_steps(places: Places, *, device: str, scale: float) -> list[Step]:
    """The steps from photographs to both models' files."""
    data, runs = places.data, places.runs
    detect, fill, mined = runs / "detect", runs / "fill", runs / "mined.json"
    weights, best = str(detect / "checkpoint.safetensors"), str(fill / "best.safetensors")
    calibration = str(detect / "calibration.json")
    given = ("--data", str(data))
    written = ("--models", str(places.models), "--fixtures", str(places.fixtures))

    def train(name: str, stage: str, minutes: float, run: Path, *more: str) -> Step:
        settings = ("--minutes", f"{minutes * scale:g}", "--device", device, "--run", str(run))
        return Step(name, "train", ("--stage", stage, *given, *settings, *more), run)

    return [
        # A list of its own: the committed one is of other photographs, or of older drawings.
        Step("frozen set", "frozen", (*given, "--out", places.frozen[1], *places.frozen[2:], "--renew")),
        train("stage 1", "detect", DETECT_MINUTES, detect),
        Step("mining", "mining", ("--weights", weights, *given, "--out", str(mined), "--sheet", str(runs / "mined.png"))),
        train("stage 1 with mined windows", "detect", DETECT_MINED_MINUTES, detect, "--mined", str(mined)),
        Step("calibration", "calibration", ("--weights", weights, *given, "--out", calibration)),
        train("stage 2", "fill", FILL_MINUTES, fill, "--detector", weights, "--context-share", "0"),
        Step("export of stage 1", "export", ("--stage", "detect", "--weights", weights, "--calibration", calibration, *written)),
        Step("export of stage 2", "export", ("--stage", "fill", "--weights", best, *written)),
    ]


def measuring_steps(places: Places) -> list[Step]:
    """The measurements. The frozen set is always there; each of the others needs pictures, or the program."""
    data, runs = places.data, places.runs
    prints, masks = data / keep_out.PHOTO_FOLDER, data / keep_out.PHOTO_FOLDER / "masks"
    outlined = any((prints / photo.file).is_file() for photo in keep_out.read_polygons())
    program = "" if places.program.is_file() else f"the program: {places.program}"

    def sheet(name: str) -> tuple[str, ...]:
        return "--sheet", str(runs / f"{name}.png")

    return [
        Step(
            "detection, filling and pipeline on the frozen set", "evaluate",
            ("frozen", *places.frozen, *places.measured, *places.report("frozen")),
        ),
        Step(
            "annotated prints", "evaluate",
            ("prints", "--photos", str(prints), "--masks", str(masks), *places.measured, *places.report("prints")),
            lacks="" if any(masks.glob("*.png")) else f"masks of damaged prints in {masks}",
        ),
        Step(
            "harm on sound photographs", "sound",
            ("--data", str(data), *places.measured, *places.report("sound"), *sheet("sound")),
            lacks="" if sound.reporting_half(data / sound.FOLDER) else f"sound photographs in {data / sound.FOLDER}",
        ),
        Step(
            "keep-out polygons", "keep_out",
            ("--data", str(data), *places.measured, *places.report("keep_out"), *sheet("keep_out")),
            lacks="" if outlined else f"the outlined photographs in {prints}",
        ),
        Step(
            "damage on large scans", "large_scans",
            ("--data", str(data), "--program", str(places.program), *places.measured, *places.report("large_scans")),
            lacks=program,
        ),
        Step(
            "agreement with the program", "agreement",
            (*places.frozen, "--program", str(places.program), *places.measured, *places.report("agreement")),
            lacks=program,
        ),
    ]  # fmt: skip


def training_minutes(steps: list[Step]) -> float:
    """Minutes of training in all: each run's last figure, as the minutes of a resumed run count from its start."""
    runs = {step.run: float(step.arguments[step.arguments.index("--minutes") + 1]) for step in steps if step.run}
    return sum(runs.values())


def remake(steps: list[Step], runs: Path, *, run: Callable[[list[str]], object]) -> list[str]:
    """Runs what is not done yet and returns the names of what was run now.

    A failing step ends it and is run again next time; so is a step that was left out, once what it lacked is there.
    """
    runs.mkdir(parents=True, exist_ok=True)
    mark = runs / "remake.json"
    done: list[str] = json.loads(mark.read_text()) if mark.exists() else []
    now = []
    for step in steps:
        if step.name in done:
            continue
        if step.lacks:
            print(f"{step.name}: left out for want of {step.lacks}", flush=True)
            continue
        command = step.command()
        print(f"{step.name}: {shlex.join(command)}", flush=True)
        run(command)
        done.append(step.name)
        now.append(step.name)
        mark.write_text(json.dumps(done))
    return now


def main() -> None:
    """Reads the command line and runs the steps, or prints them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with clean/ photographs and, if any, textures/")
    parser.add_argument("--runs", type=Path, default=Path("training/runs"))
    parser.add_argument("--models", type=Path, default=SHIPPED_MODELS)
    parser.add_argument("--fixtures", type=Path, help="parity fixtures; without it tests/fixtures with models/, else RUNS/fixtures")
    parser.add_argument("--program", type=Path, default=Places.program, help="the unscratch binary, to measure with; may be missing")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--scale", type=float, default=1.0, help="multiplies the minutes of every training")
    parser.add_argument("--dry-run", action="store_true", help="only print the commands")
    options = parser.parse_args()
    fixtures = fixtures_of(options.models, options.runs, options.fixtures)
    places = Places(options.data, options.runs, options.models, fixtures, options.program)
    steps = steps_of(places, device=options.device, scale=options.scale)
    if options.dry_run:
        for step in steps:
            print(shlex.join(step.command()) + (f"  # left out for want of {step.lacks}" if step.lacks else ""))
        return
    print(f"{training_minutes(steps):g} minutes of training in all, and what the other steps take")
    remake(steps, options.runs, run=lambda command: subprocess.run(command, check=True))


def fixtures_of(models: Path, runs: Path, asked: Path | None) -> Path:
    """Where parity fixtures go: those of the project's tests belong to the models it ships and are left alone by others."""
    if asked is not None:
        return asked
    return SHIPPED_FIXTURES if models.resolve() == SHIPPED_MODELS.resolve() else runs / "fixtures"


if __name__ == "__main__":
    main()
