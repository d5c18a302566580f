"""Ablation: variants of stage 2 train, differ in what their name says, and are measured."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest
import torch
from torch import Tensor

from training.ablation import VARIANTS, Variant, measure_variant, table, train_variant
from training.checkpoint import save_checkpoint
from training.models import Restore, RestoreConfig, build_model
from training.tests.tiny import TinySynthesizer

CPU = torch.device("cpu")


class TinyCrop(NamedTuple):
    """What a measurement reads of a frozen crop."""

    damaged: Tensor
    clean_no_grain: Tensor
    target: Tensor
    width: Tensor
    transmission: Tensor


def crops() -> list[TinyCrop]:
    batch = TinySynthesizer(5).batch(2, 64)
    fields = (batch.damaged, batch.clean_no_grain, batch.target, batch.width, batch.transmission)
    return [TinyCrop(*(field[index : index + 1] for field in fields)) for index in range(2)]


@pytest.fixture
def detector(tmp_path: Path) -> Path:
    """Untrained weights of stage 1."""
    torch.manual_seed(0)
    file = tmp_path / "detector.safetensors"
    save_checkpoint(file, {"averaged": build_model("detect").state_dict()})
    return file


@pytest.mark.parametrize("name", VARIANTS)
def test_every_variant_trains_and_is_measured(name: str, detector: Path, tmp_path: Path) -> None:
    variant = VARIANTS[name]
    settings = {"steps": 2, "detector": detector, "device": CPU, "run": tmp_path / "run", "crop_px": 64}
    trainer = train_variant(variant, TinySynthesizer(variant.seed), **settings)
    feeds = variant.context_share > 0.0
    psnr = measure_variant(trainer, crops(), with_context=feeds)
    assert trainer.step == 2 and psnr["all"]["zeros"] > 5.0
    assert ("context" in psnr["all"]) == feeds


def test_variants_of_one_seed_see_the_same_crops(detector: Path, tmp_path: Path) -> None:
    settings = {"steps": 1, "detector": detector, "device": CPU, "crop_px": 64}
    trainers = [
        train_variant(variant, TinySynthesizer(1), run=tmp_path / str(index), **settings)
        for index, variant in enumerate((Variant(), Variant({"scam": False})))
    ]
    assert torch.equal(*(trainer.masks.get_state() for trainer in trainers))


def test_a_variant_that_discards_the_hole_answers_the_same_whatever_lies_in_it() -> None:
    torch.manual_seed(3)
    photo, hole, context = torch.rand(1, 3, 64, 64), torch.zeros(1, 1, 64, 64), torch.zeros(1, 16, 16, 16)
    hole[..., 20:40, 20:40] = 1.0
    other = photo * (1.0 - hole) + 0.9 * hole
    for reads in (True, False):
        model = Restore(RestoreConfig(reads_hole=reads)).eval()
        with torch.no_grad():
            same = torch.allclose(model(photo, hole, context)[0], model(other, hole, context)[0], atol=1e-6)
        assert same != reads


def test_the_table_names_every_measured_variant() -> None:
    classes = ("all", "opaque", "veiled", "see_through")
    reports = {name: {"psnr": {one: {"zeros": 20.0, "context": 21.5} for one in classes}} for name in VARIANTS}
    lines = table(reports).splitlines()
    assert len(lines) == 2 + 2 * len(VARIANTS)
    assert lines[2] == "| full | context | 21.50 | 21.50 | 21.50 | 21.50 |"
