"""From photographs to an exported model in one go: the real synthesis, the real commands, a stop in between."""

from __future__ import annotations

import functools
import json
import sys
import tomllib
from pathlib import Path

import pytest
import torch

from training import export, train
from training.calibration import Calibration
from training.checkpoint import load_checkpoint, load_network
from training.export import fold_batch_norm, onnx_runner
from training.support import GRID_PX, example_inputs, tile_difference


def run(main: object, monkeypatch: pytest.MonkeyPatch, *words: object) -> None:
    """A command as from the command line, in this process."""
    monkeypatch.setattr(sys, "argv", ["x", *map(str, words)])
    main()


@pytest.mark.parametrize(("stage", "more"), [("detect", ()), ("fill", ("--free-blend",))])
def test_a_run_that_was_stopped_and_taken_up_exports_to_what_torch_computes(
    stage: str, more: tuple[str, ...], data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = functools.partial(train.TrainConfig, crop_px=64, pool_batches=1, validation_crops=8)
    monkeypatch.setattr(train, "TrainConfig", small)
    given = ("--stage", stage, "--data", data_dir, "--minutes", 1, "--run", tmp_path / "run", "--device", "cpu", "--bank-size", 20)
    run(train.main, monkeypatch, *given, "--batch", 2, "--steps", 2, *more)
    weights = tmp_path / "run" / "checkpoint.safetensors"
    assert load_checkpoint(weights)["steps"] == 2
    with pytest.raises(SystemExit, match="exists already"):
        run(train.main, monkeypatch, *given, "--batch", 2, "--steps", 4)
    run(train.main, monkeypatch, *given, "--batch", 2, "--steps", 4, "--resume")
    assert load_checkpoint(weights)["steps"] == 4 and load_checkpoint(weights)["crops"] == 8

    model = fold_batch_norm(load_network(stage, weights)[0])
    chosen = ()
    if stage == "detect":
        calibration = Calibration.around(-2.5, scale=0.75)
        calibration.write(tmp_path / "calibration.json")
        chosen = ("--calibration", tmp_path / "calibration.json")
        model.fold_calibration(scale=calibration.scale, bias=calibration.bias)
    else:
        assert model.config.free_blend
    written = ("--models", tmp_path / "models", "--fixtures", tmp_path / "fixtures")
    run(export.main, monkeypatch, "--stage", stage, "--weights", weights, *chosen, *written)

    folder = tmp_path / "models" / export.CONTRACTS[stage].id
    manifest = tomllib.loads((folder / "manifest.toml").read_text())
    assert manifest["trained"] and manifest["training"]["steps"] == 4
    exported = onnx_runner(folder / "model.onnx")
    inputs = example_inputs(stage, 3 * GRID_PX, 2 * GRID_PX, seed=5)
    with torch.no_grad():
        for got, want in zip(exported(*inputs), model(*inputs), strict=True):
            assert float((got - want).abs().max()) < export.PARITY_TOLERANCE
    assert tile_difference(exported, stage, manifest["halo"], size=448) < export.TILE_TOLERANCE
    # The shipped checkpoint is as good a start as the run's own.
    again = load_network(stage, folder / "checkpoint.safetensors")[0]
    for got, want in zip(again.parameters(), load_network(stage, weights)[0].parameters(), strict=True):
        assert torch.equal(got, want)
    assert json.loads((tmp_path / "fixtures" / f"parity_{export.CONTRACTS[stage].id}.json").read_text())["model"] == manifest["id"]
