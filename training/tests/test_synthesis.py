"""Tests of the synthesis on tiny photographs made here; no data folder is needed."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from training import data
from training.data import CleanPhotos, DataError, is_validation
from training.synthesis import SynthesisSwitches, Synthesizer, compositing
from training.synthesis.ageing import deviation_of, gaussian_blur
from training.synthesis.bank import DRAWINGS, OverlayBank, draw_overlay
from training.synthesis.capture import jpeg, sigma_filter
from training.synthesis.switches import AGEING, DAMAGE, NEGATIVES


def synthesizer(data_dir: Path, **options) -> Synthesizer:
    settings = {"split": "train", "seed": 3, "device": torch.device("cpu"), "stage": "detect", "bank_size": 20}
    return Synthesizer(data_dir, **(settings | options))


def test_the_same_seed_gives_the_same_batch_and_another_seed_another(data_dir):
    first = synthesizer(data_dir).batch(5, 64)
    again = synthesizer(data_dir).batch(5, 64)
    other = synthesizer(data_dir, seed=4).batch(5, 64)
    for name in vars(first):
        assert torch.equal(getattr(first, name), getattr(again, name)), name
    assert not torch.equal(first.damaged, other.damaged)


def test_a_saved_state_continues_with_the_batch_that_would_have_come_next(data_dir):
    straight = synthesizer(data_dir)
    straight.batch(3, 64)
    state = straight.state_dict()
    expected = straight.batch(3, 64)
    resumed = synthesizer(data_dir, seed=99)
    resumed.load_state_dict(state)
    assert torch.equal(resumed.batch(3, 64).damaged, expected.damaged)


def test_batches_have_the_documented_shapes_and_ranges(data_dir):
    batch = synthesizer(data_dir, stage="fill", difficulty=1.0).batch(6, 96)
    for image in (batch.clean, batch.clean_no_grain, batch.damaged):
        assert image.shape == (6, 3, 96, 96) and image.dtype == torch.float32
        assert image.min() >= 0 and image.max() <= 1
    for field in (batch.target, batch.ignore):
        assert field.shape == (6, 1, 96, 96) and set(field.unique().tolist()) <= {0.0, 1.0}
    assert (batch.target * batch.ignore).sum() == 0
    assert torch.equal(batch.width > 0, batch.target > 0)
    assert batch.transmission.min() >= 0 and batch.transmission.max() <= 1
    assert batch.noise.shape == (6, 1, 1, 1) and batch.noise.min() >= 0.01


def test_without_ageing_the_target_is_exactly_where_the_crop_changed(data_dir):
    batch = synthesizer(data_dir, switches=SynthesisSwitches.only("torn_crack", "peel")).batch(16, 96)
    change = (batch.damaged - batch.clean).abs().amax(1, keepdim=True)
    assert batch.target.sum() > 500
    assert change[batch.target > 0].min() > 0.04 - 1.5 / 255
    assert change[(batch.target + batch.ignore) == 0].max() < 0.012 + 1.5 / 255


@pytest.mark.parametrize("kind", NEGATIVES)
def test_sound_look_alikes_are_never_marked(data_dir, kind):
    batch = synthesizer(data_dir, switches=SynthesisSwitches.only(kind)).batch(6, 64)
    assert batch.target.sum() == 0
    assert torch.equal(batch.clean, batch.damaged)


@pytest.mark.parametrize("kind", DAMAGE)
def test_every_kind_of_damage_can_be_switched_on_alone_and_is_marked(data_dir, kind):
    batch = synthesizer(data_dir, switches=SynthesisSwitches.only(kind)).batch(10, 64)
    assert batch.target.sum() > 0


@pytest.mark.parametrize("kind", AGEING)
def test_every_kind_of_ageing_can_be_switched_on_alone_and_is_never_marked(data_dir, kind):
    crack = ("torn_crack",) if kind == "displaced_halves" else ()
    with_it, without = (synthesizer(data_dir, switches=SynthesisSwitches.only(*kinds, *crack)).batch(12, 64)
                        for kinds in ((kind,), ()))
    assert (with_it.clean - without.clean).abs().max() > 0.9 / 255
    assert crack or with_it.target.sum() == 0


def test_every_switch_is_one_of_damage_look_alike_or_ageing():
    kinds = [*DAMAGE, *NEGATIVES, *AGEING]
    assert sorted(kinds) == sorted(vars(SynthesisSwitches()))


@pytest.mark.parametrize("kind", sorted(DRAWINGS))
def test_every_drawing_is_repeatable_and_shows_something(kind, tmp_path):
    first, again = (draw_overlay(kind, seed=5, data_dir=tmp_path, split="train").packed() for _ in range(2))
    assert np.array_equal(first, again)
    assert first[0].max() > 0 or np.abs(first[2].astype(int) - 127).max() > 2


def test_most_of_a_batch_is_damaged_and_some_is_not(data_dir):
    batch = synthesizer(data_dir).batch(48, 64)
    damaged = (batch.target.sum((1, 2, 3)) > 0).float().mean().item()
    assert 0.4 < damaged < 0.9


def test_the_splits_share_no_photograph(data_dir):
    train = {file.name for file in CleanPhotos(data_dir, split="train", seed=0).files}
    validation = {file.name for file in CleanPhotos(data_dir, split="validation", seed=0).files}
    assert train and validation and not train & validation
    assert is_validation("print_crop1.png") == is_validation("print_crop2.jpg")


def test_a_missing_folder_is_named_in_the_error(tmp_path):
    with pytest.raises(DataError, match="clean"):
        CleanPhotos(tmp_path, split="train", seed=0)


@pytest.mark.parametrize("quality", [50, 75, 92])
def test_the_jpeg_loss_matches_that_of_a_real_encoder(quality):
    rng = np.random.default_rng(1)
    scene = cv2.resize(rng.uniform(0, 255, (20, 20, 3)).astype(np.float32), (96, 96), interpolation=cv2.INTER_CUBIC)
    scene = (scene + rng.normal(0, 4, scene.shape)).clip(0, 255).astype(np.uint8)
    _, encoded = cv2.imencode(".jpg", scene[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    real = cv2.imdecode(encoded, cv2.IMREAD_COLOR)[..., ::-1].astype(np.float32)
    image = torch.from_numpy(scene).permute(2, 0, 1)[None].float() / 255
    ours = jpeg(image, torch.tensor([float(quality)]))[0].permute(1, 2, 0).numpy() * 255
    loss_of_real, difference = np.abs(real - scene).mean(), np.abs(real - ours).mean()
    assert difference < 0.35 * loss_of_real


@pytest.mark.parametrize("size", [32, 40])
def test_jpeg_keeps_the_size_and_a_plain_colour(size):
    colour = torch.tensor([0.8, 0.5, 0.2]).view(1, 3, 1, 1).expand(1, 3, size, size)
    lossy = jpeg(colour, torch.tensor([90.0]))
    assert lossy.shape == colour.shape
    assert (lossy - colour).abs().max() < 0.02


def test_blur_is_the_gaussian_of_each_rows_variance_with_the_border_repeated():
    field = torch.rand(6, 2, 24, 40, generator=torch.Generator().manual_seed(0))
    deviations = (0.0, 0.4, 0.8, 1.1, 1.6, 2.2)
    blurred = gaussian_blur(field, torch.tensor(deviations).square().view(-1, 1, 1, 1), radius=4)
    assert torch.allclose(blurred[0], field[0], atol=1e-6)
    for row, deviation in enumerate(deviations[1:], 1):
        for channel in range(2):
            real = cv2.GaussianBlur(field[row, channel].numpy(), (9, 9), deviation, borderType=cv2.BORDER_REPLICATE)
            assert np.abs(blurred[row, channel].numpy() - real).max() < 1e-5


def test_denoising_pulls_near_neighbours_together_and_leaves_edges():
    near, far = torch.zeros(1, 1, 4, 4), torch.zeros(1, 1, 4, 4)
    near[..., 2:], far[..., 2:] = 0.015, 0.5
    expected = near.clone()
    expected[..., 1] += 0.2 * 0.015 * 0.75
    expected[..., 2] -= 0.2 * 0.015 * 0.75
    assert torch.allclose(sigma_filter(near, radius_of_values=0.03), expected, atol=1e-7)
    assert torch.equal(sigma_filter(far, radius_of_values=0.03), far)


def test_the_deviation_of_a_row_is_that_of_all_its_pixels():
    field = torch.randn(3, 2, 30, 30, generator=torch.Generator().manual_seed(0)) + 0.3
    assert torch.allclose(deviation_of(field), field.std(dim=(1, 2, 3), keepdim=True), rtol=1e-3)


def test_planes_that_show_nothing_are_left_out_without_changing_a_crop(data_dir, monkeypatch):
    quick = synthesizer(data_dir).batch(24, 64)
    monkeypatch.setattr(OverlayBank, "flat_value", lambda *_: None)
    every_plane = synthesizer(data_dir).batch(24, 64)
    for name in vars(quick):
        assert torch.equal(getattr(quick, name), getattr(every_plane, name)), name


def test_a_rim_around_the_target_is_not_judged():
    clean = torch.full((1, 3, 9, 9), 0.5)
    damaged = clean.clone()
    damaged[..., 4, 4] = 0.9
    plain = compositing.Composite(damaged, torch.ones(1, 1, 9, 9), torch.zeros(1, 1, 9, 9), torch.zeros(1, 1, 9, 9))
    labels = compositing.label(clean, damaged, plain, doubtful=torch.zeros(1, 1, 9, 9), grain=torch.zeros(1, 1, 1, 1))
    rim = torch.zeros(9, 9)
    rim[3:6, 3:6] = 1
    rim[4, 4] = 0
    assert labels.target.sum() == 1 and labels.target[0, 0, 4, 4] == 1
    assert torch.equal(labels.ignore[0, 0], rim)


def test_decoded_photographs_are_let_go_when_they_take_too_much_memory(data_dir, monkeypatch):
    photos = CleanPhotos(data_dir, split="train", seed=0)
    one = photos.photo(0).nbytes
    monkeypatch.setattr(data, "DECODED_BYTES", 2 * one)
    shown = [photos.photo(index).copy() for index in range(4)]
    assert len(photos._decoded) == 2
    assert np.array_equal(photos.photo(0), shown[0])


def test_an_unknown_kind_is_refused():
    with pytest.raises(ValueError, match="no such kind"):
        SynthesisSwitches.only("coffee")
