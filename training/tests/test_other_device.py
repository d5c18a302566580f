"""Training on a device that is not the CPU: nothing of one device meets anything of the other."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from training.checkpoint import load_checkpoint, save_checkpoint
from training.models import build_model
from training.peers import inpaint
from training.synthesis import Synthesizer
from training.tests.other_device import DeviceMix, Elsewhere, other_device
from training.train import TrainConfig, Trainer, train
from training.validate import Validation


def test_the_pretend_device_refuses_what_cuda_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    with other_device(monkeypatch) as device:
        there, here = torch.rand(3).to(device), torch.rand(3)
        assert isinstance(there, Elsewhere) and there.device == device and type(there.cpu()) is torch.Tensor
        assert torch.allclose((there * 2 + there[0]).cpu(), there.cpu() * 2 + there.cpu()[0])
        assert float((here * 2.0).sum()) > 0.0
        with pytest.raises(DeviceMix):
            torch.where(here > 0.5, there, there)
        with pytest.raises(DeviceMix):
            there += here
        with pytest.raises(DeviceMix):
            torch.rand(3, device=device, generator=torch.Generator())
        with pytest.raises((RuntimeError, TypeError)):
            there.numpy()


def test_a_peer_fills_a_crop_of_another_device(monkeypatch: pytest.MonkeyPatch) -> None:
    photo, hole = torch.rand(3, 32, 32), torch.zeros(1, 32, 32)
    hole[:, 10:14] = 1.0
    expected = inpaint(photo, hole, "telea")
    with other_device(monkeypatch) as device:
        filled = inpaint(photo.to(device), hole.to(device), "telea")
        assert filled.device == device and torch.equal(filled.cpu(), expected)


# torch takes the pretend device for one without values.
@pytest.mark.filterwarnings("ignore:for .*copying from a non-meta parameter")
@pytest.mark.parametrize("stage", ["detect", "fill"])
def test_both_stages_train_validate_and_resume_on_another_device(
    stage: str, data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    detector = tmp_path / "detector.safetensors"
    save_checkpoint(detector, {"averaged": build_model("detect").state_dict()})
    config = TrainConfig(
        stage=stage, minutes=1.0, steps=2, crop_px=64, batch=2, pool_batches=1, validation_crops=8, context_from=0.0, bf16=False
    )
    with other_device(monkeypatch) as device:

        def synthesizer(split: str) -> Synthesizer:
            return Synthesizer(data_dir, split=split, seed=1, device=device, stage=stage, bank_size=20)

        def trainer() -> Trainer:
            return Trainer(config, synthesizer("train"), device=device, detector_weights=detector)

        validation = Validation(config, synthesizer("validation"), device=device)
        first = trainer()
        losses = train(first, tmp_path / "run", validation)
        again = trainer()
        again.load(load_checkpoint(tmp_path / "run" / "checkpoint.safetensors"))
        for got, want in zip(again.model.parameters(), first.model.parameters(), strict=True):
            assert got.device == device and torch.equal(got.cpu(), want.cpu())
        losses.append(again.train_step(first.synthesizer.batch(2, 64))[0])
        assert again.checkpoint_minutes == 1.0
    assert Trainer(config, None, device=torch.device("cpu"), detector_weights=None).checkpoint_minutes == 4.0
    assert len(losses) == 3 and all(loss > 0.0 for loss in losses)
