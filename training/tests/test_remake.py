"""The one command that makes the models again: every step's arguments are understood, and a stopped run goes on."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest

from training.remake import Step, remake, steps_of


def steps(folder: Path) -> list[Step]:
    return steps_of(folder / "data", folder / "runs", models=folder / "models", device="cpu", scale=0.5)


class Understood(Exception):
    """The arguments were parsed."""


@pytest.mark.parametrize("index", range(9))
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
    assert len(steps(tmp_path)) == 9


def test_a_stopped_run_goes_on_with_the_step_that_failed(tmp_path: Path) -> None:
    ran: list[str] = []

    def run(command: list[str]) -> None:
        module = command[2]
        if module == "training.mining" and ran.count(module) == 0:
            ran.append(module)
            raise OSError("killed")
        ran.append(module)

    runs = tmp_path / "runs"
    with pytest.raises(OSError, match="killed"):
        remake(steps(tmp_path), runs, run=run)
    assert ran == ["training.frozen", "training.train", "training.mining"]
    assert remake(steps(tmp_path), runs, run=run)[0] == "mining"
    assert ran[3:] == [f"training.{name}" for name in ("mining", "train", "calibration", "train", "export", "export", "evaluate")]
    assert remake(steps(tmp_path), runs, run=run) == []


def test_a_training_with_a_checkpoint_is_resumed(tmp_path: Path) -> None:
    stage_1 = steps(tmp_path)[1]
    assert "--resume" not in stage_1.command()
    (tmp_path / "runs" / "detect").mkdir(parents=True)
    (tmp_path / "runs" / "detect" / "checkpoint.safetensors").touch()
    assert stage_1.command()[-1] == "--resume"
