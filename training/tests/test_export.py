"""Export: operators, parity, tiles, support and the files the application reads."""

from __future__ import annotations

import hashlib
import json
import tomllib
from pathlib import Path

import pytest
import torch

from training.calibration import Calibration
from training.export import ALLOWED_OPERATORS, FREE_OPERATORS, export_stage, fold_batch_norm, onnx_runner
from training.models import build_model
from training.support import GRID_PX, example_inputs, randomise, tile_difference


@pytest.mark.parametrize(("stage", "name"), [("detect", "scratch-context"), ("fill", "restore")])
def test_an_export_holds_its_contract(stage: str, name: str, tmp_path: Path) -> None:
    report = export_stage(stage, weights=None, models=tmp_path / "models", fixtures=tmp_path / "fixtures")
    assert report["parity"] < 1e-3 and report["tile_difference"] < 1.0 / 255.0
    folder = tmp_path / "models" / name
    manifest = tomllib.loads((folder / "manifest.toml").read_text())
    assert manifest["sha256"] == hashlib.sha256((folder / "model.onnx").read_bytes()).hexdigest()
    assert manifest["halo"] % GRID_PX == 0 and manifest["halo"] >= manifest["radius"]
    assert manifest["trained"] is False and manifest["context_channels"] == 16

    fixture = json.loads((tmp_path / "fixtures" / f"parity_{name}.json").read_text())
    inputs = [torch.tensor(entry["data"]).view(entry["shape"]) for entry in fixture["inputs"].values()]
    for got, want in zip(onnx_runner(folder / "model.onnx")(*inputs), fixture["outputs"].values(), strict=True):
        assert got.shape == tuple(want["shape"])
        assert float((got.flatten() - torch.tensor(want["data"])).abs().max()) < fixture["tolerance"]


@pytest.mark.parametrize(("stage", "name"), [("detect", "scratch-context"), ("fill", "restore")])
def test_tiles_of_random_networks_give_the_whole_photo(stage: str, name: str) -> None:
    model = fold_batch_norm(build_model(stage))
    randomise(model)
    with torch.no_grad():
        assert tile_difference(lambda *inputs: list(model(*inputs)), stage, 128) < 1e-4
        assert tile_difference(lambda *inputs: list(model(*inputs)), stage, 0) > 1e-4


def test_calibration_moves_the_chosen_logits_to_the_promised_probabilities() -> None:
    calibration = Calibration.around(1.5, scale=0.9)
    model = build_model("detect").eval()
    photo = example_inputs("detect", 64, 64)[0]
    with torch.no_grad():
        raw = model.logits(photo)[0]
        model.fold_calibration(scale=calibration.scale, bias=calibration.bias)
        probability = model(photo)[0]
    expected = torch.sigmoid(calibration.scale * (raw - 1.5))
    assert torch.allclose(probability, expected, atol=1e-5)
    assert torch.sigmoid(torch.tensor(calibration.scale * (calibration.timid - 1.5))) == pytest.approx(0.8)


def test_the_operator_list_is_the_contracts() -> None:
    assert "Transpose" not in ALLOWED_OPERATORS | FREE_OPERATORS
