"""The one command that makes the models again: every step's arguments are understood, and a stopped run goes on."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

from training import frozen
from training.export import export_stage
from training.keep_out import read_polygons
from training.measured_crops import read_frozen
from training.remake import Places, Step, fixtures_of, remake, steps_of, training_minutes

MADE = ("frozen", "train", "mining", "train", "calibration", "train", "export", "export")
MEASURED = ("evaluate", "evaluate", "sound", "keep_out", "large_scans", "agreement")


def steps(folder: Path, **places: Path) -> list[Step]:
    settings = {"data": folder / "data", "runs": folder / "runs", "models": folder / "models", "fixtures": folder / "fixtures"}
    return steps_of(Places(**(settings | {"program": folder / "unscratch"} | places)), device="cpu", scale=0.5)


class Understood(Exception):
    """The arguments were parsed."""


@pytest.mark.parametrize("index", range(len(MADE + MEASURED)))
def test_every_steps_arguments_are_understood_by_its_command(index: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import argparse

    step = steps(tmp_path)[index]
    parse = argparse.ArgumentParser.parse_args

    def stop(parser: argparse.ArgumentParser, *given: object) -> None:
        parse(parser, *given)
        raise Understood

    monkeypatch.setattr(argparse.ArgumentParser, "parse_args", stop)
    monkeypatch.setattr(sys, "argv", ["x", *step.arguments])
    with pytest.raises(Understood):
        importlib.import_module(f"training.{step.module}").main()


def test_no_step_is_left_out_of_that_test(tmp_path: Path) -> None:
    assert tuple(step.module for step in steps(tmp_path)) == MADE + MEASURED


def test_a_stopped_run_goes_on_with_the_step_that_failed(tmp_path: Path) -> None:
    ran: list[str] = []

    def run(command: list[str]) -> None:
        module = command[2].removeprefix("training.")
        if module == "mining" and ran.count(module) == 0:
            ran.append(module)
            raise OSError("killed")
        ran.append(module)

    runs = tmp_path / "runs"
    with pytest.raises(OSError, match="killed"):
        remake(steps(tmp_path), runs, run=run)
    assert ran == ["frozen", "train", "mining"]
    assert remake(steps(tmp_path), runs, run=run)[0] == "mining"
    assert ran[3:] == [*MADE[2:], "evaluate"]
    assert remake(steps(tmp_path), runs, run=run) == []


def test_a_measurement_waits_until_what_it_needs_is_there(tmp_path: Path) -> None:
    ran: list[str] = []

    def run(command: list[str]) -> None:
        ran.append(command[2].removeprefix("training."))

    remake(steps(tmp_path), tmp_path / "runs", run=run)
    assert tuple(ran) == (*MADE, "evaluate")
    for picture in ("clean_holdout/some__1.jpg", "clean_holdout/other__2.jpg", "real_scratched/masks/d016.png"):
        (tmp_path / "data" / picture).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "data" / picture).touch()
    ran.clear()
    remake(steps(tmp_path), tmp_path / "runs", run=run)
    assert ran == ["evaluate", "sound"]
    (tmp_path / "unscratch").touch()
    (tmp_path / "data" / "real_scratched" / read_polygons()[0].file).touch()
    ran.clear()
    remake(steps(tmp_path), tmp_path / "runs", run=run)
    assert ran == ["keep_out", "large_scans", "agreement"]


def test_a_training_with_a_checkpoint_is_resumed(tmp_path: Path) -> None:
    stage_1 = steps(tmp_path)[1]
    assert "--resume" not in stage_1.command()
    (tmp_path / "runs" / "detect").mkdir(parents=True)
    (tmp_path / "runs" / "detect" / "checkpoint.safetensors").touch()
    assert stage_1.command()[-1] == "--resume"


def test_the_readme_says_how_long_it_trains(tmp_path: Path) -> None:
    minutes = training_minutes(steps(tmp_path)) / 0.5
    assert minutes == 450.0
    readme = (Path(frozen.__file__).parent / "README.md").read_text()
    assert "trains for seven and a half hours on one core; `--scale 0.1` makes that 45 minutes" in readme


def test_models_made_elsewhere_leave_the_projects_own_fixtures_alone(tmp_path: Path) -> None:
    assert fixtures_of(tmp_path / "models", tmp_path, None) == tmp_path / "fixtures"
    assert fixtures_of(Path("models"), tmp_path, None) == fixtures_of(Path("models").resolve(), tmp_path, None) == Path("tests/fixtures")
    assert fixtures_of(tmp_path / "models", tmp_path, Path("here")) == Path("here")
    exports = [step.arguments for step in steps(tmp_path) if step.module == "export"]
    assert len(exports) == 2
    for arguments in exports:
        assert arguments[arguments.index("--fixtures") + 1] == str(tmp_path / "fixtures")


def test_the_frozen_step_writes_a_set_of_its_own_that_the_measuring_reads(data_dir: Path, tmp_path: Path) -> None:
    """The real commands on tiny photographs that are not those of the committed set."""
    made = steps(tmp_path, data=data_dir)
    small = ["--count", "4", "--size", "64", "--shortest", "0", "--bank-size", "20"]
    subprocess.run([*made[0].command(), *small], check=True)
    crops = read_frozen(tmp_path / "runs" / "frozen", index=tmp_path / "runs" / "frozen_index.json")
    assert len(crops) == 4 and crops[3].damaged.shape == (1, 3, 64, 64)
    assert json.loads(frozen.INDEX.read_text())["count"] == frozen.COUNT

    for stage in ("detect", "fill"):
        export_stage(stage, weights=None, models=tmp_path / "models", fixtures=tmp_path / "fixtures")
    measuring = next(step for step in made if step.module == "evaluate")
    subprocess.run([*measuring.command(), "--only", "pipeline"], check=True)
    assert json.loads((tmp_path / "runs" / "frozen.json").read_text())["pipeline"].keys() >= {"mean_change_db"}
    # Run again, as after a stop in its middle, it renews the list instead of failing.
    subprocess.run([*made[0].command(), *small, "--count", "2"], check=True)
    assert len(read_frozen(tmp_path / "runs" / "frozen", index=tmp_path / "runs" / "frozen_index.json")) == 2
