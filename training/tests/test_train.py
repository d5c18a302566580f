"""Training: steps, determinism, resume and the losses' direction."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from training.checkpoint import load_checkpoint, save_checkpoint
from training.hole import grow, own_mask, training_mask
from training.models import build_model
from training.pool import Crops, minibatches, pool_of
from training.tests.tiny import TinySynthesizer
from training.train import TrainConfig, Trainer, difficulty, learning_rate, train
from training.validate import Validation

CPU = torch.device("cpu")


def config_of(stage: str, steps: int, **changes: object) -> TrainConfig:
    small = {"minutes": 1.0, "crop_px": 64, "batch": 2, "validation_crops": 8, "pool_batches": 1, "pool_repeats": 2}
    values = small | {"warmup_steps": 2, "learning_rate": 1e-3}
    return TrainConfig(stage=stage, steps=steps, **(values | changes))


def test_a_pool_gives_every_crop_once_a_pass_and_turns_all_maps_alike() -> None:
    pool = pool_of(TinySynthesizer(3), batches=2, batch=2, crop_px=64)
    seen = list(minibatches(pool, batch=2, repeats=2, generator=torch.Generator().manual_seed(0)))
    assert len(seen) == 4
    assert sum(float(crops.target.sum()) for crops in seen) == 2 * float(pool.target.sum())
    for crops in seen:
        assert torch.equal(crops.width > 0, crops.target > 0.5)
        assert torch.equal(crops.transmission < 1.0, crops.target > 0.5)


def trainer_of(config: TrainConfig) -> Trainer:
    return Trainer(config, TinySynthesizer(config.seed), device=CPU, detector_weights=None)


@pytest.mark.parametrize("stage", ["detect", "fill"])
def test_two_steps_train_and_leave_a_checkpoint_and_a_log(stage: str, tmp_path: Path) -> None:
    config = config_of(stage, 2)
    validation = Validation(config, TinySynthesizer(9), device=CPU)
    losses = train(trainer_of(config), tmp_path, validation)
    assert len(losses) == 2 and all(loss > 0 for loss in losses)
    state = load_checkpoint(tmp_path / "checkpoint.safetensors")
    assert state["steps"] == 2 and state["config"]["stage"] == stage
    assert (tmp_path / "best.safetensors").exists()
    assert len((tmp_path / "losses.csv").read_text().splitlines()) == 3


@pytest.mark.parametrize("stage", ["detect", "fill"])
def test_a_resumed_run_repeats_the_losses_of_an_uninterrupted_one(stage: str, tmp_path: Path) -> None:
    config = config_of(stage, 4)
    whole = train(trainer_of(config), tmp_path / "whole", None)
    first = trainer_of(replace(config, steps=2))
    train(first, tmp_path / "part", None)
    second = trainer_of(config)
    second.load(load_checkpoint(tmp_path / "part" / "checkpoint.safetensors"))
    assert train(second, tmp_path / "rest", None) == pytest.approx(whole[2:], rel=1e-5)


def test_the_same_seed_gives_the_same_first_losses(tmp_path: Path) -> None:
    config = config_of("fill", 3)
    assert train(trainer_of(config), tmp_path / "a", None) == train(trainer_of(config), tmp_path / "b", None)


def test_stage_1_learns_one_batch_by_heart() -> None:
    config = config_of("detect", 40, batch=4)
    trainer = trainer_of(config)
    batch = Crops(*trainer.synthesizer.batch(4, 64))
    losses = [trainer.train_step(batch)[0] for _ in range(40)]
    assert losses[-1] < 0.5 * losses[0]


def test_the_learning_rate_warms_up_and_ends_low() -> None:
    config = config_of("detect", 0, warmup_steps=10)
    assert learning_rate(config, 0, 0.0) < learning_rate(config, 9, 0.0) == config.learning_rate
    assert learning_rate(config, 1000, 1.0) == pytest.approx(0.01 * config.learning_rate)


def test_damage_grows_harder_during_the_run() -> None:
    config = config_of("detect", 0)
    assert difficulty(config, 0.0) == 0.0
    assert difficulty(config, 1.0) == config.difficulty_max


def test_a_grown_mask_covers_its_radius_and_no_more() -> None:
    mask = torch.zeros(1, 1, 32, 32)
    mask[..., 16, 16] = 1.0
    grown = grow(mask, 3)
    assert grown[0, 0, 16, 19] == 1.0 and grown[0, 0, 16, 20] == 0.0


def test_a_sound_crop_still_gets_a_hole_to_learn_restraint() -> None:
    generator = torch.Generator().manual_seed(0)
    holes = training_mask(torch.zeros(8, 1, 64, 64), generator)
    assert float(holes.sum()) > 0.0


def test_a_checkpoint_gives_back_nested_values(tmp_path: Path) -> None:
    state = {"a": [1, {"b": torch.arange(3)}], "numbers": {1: torch.ones(2)}, "none": None}
    save_checkpoint(tmp_path / "x.safetensors", state)
    got = load_checkpoint(tmp_path / "x.safetensors")
    assert got["a"][0] == 1 and torch.equal(got["a"][1]["b"], torch.arange(3))
    assert torch.equal(got["numbers"][1], torch.ones(2)) and got["none"] is None


def test_stage_1s_own_marks_follow_its_logits_and_are_grown() -> None:
    logits = torch.full((8, 1, 64, 64), -3.0)
    logits[:, :, 30, :] = 9.0
    masks = own_mask(logits, torch.Generator().manual_seed(0))
    rows = masks[:, 0, :, 32].sum(dim=1)
    assert set(masks.unique().tolist()) == {0.0, 1.0}
    assert {3.0, 5.0, 7.0}.issuperset(rows.tolist()) and len(set(rows.tolist())) > 1


def test_a_trained_stage_1_lends_its_marks_and_its_context(tmp_path: Path) -> None:
    torch.manual_seed(0)
    detector = build_model("detect")
    with torch.no_grad():
        detector.head.bias.fill_(9.0)  # marks everything
    save_checkpoint(tmp_path / "detect.safetensors", {"averaged": detector.state_dict()})
    config = config_of("fill", 2, batch=64, context_from=0.0)
    trainer = Trainer(config, TinySynthesizer(1), device=CPU, detector_weights=tmp_path / "detect.safetensors")
    trainer.refresh_detector()
    hole, context = trainer.hole_and_context(Crops(*trainer.synthesizer.batch(64, 64)))
    whole = (hole.mean((1, 2, 3)) == 1.0).float().mean()
    fed = (context.abs().amax((1, 2, 3)) > 0.0).float().mean()
    assert 0.2 < whole < 0.6 and 0.3 < fed < 0.7
