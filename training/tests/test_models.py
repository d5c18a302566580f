"""Networks: shapes, ranges, push-pull, gates and line filters."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from training.checkpoint import load_weights, save_checkpoint
from training.models import build_model
from training.models.blocks import ChannelMix, line_filters
from training.models.restore import push_pull
from training.support import example_inputs, measure_support


def test_stage_1_gives_probabilities_and_context() -> None:
    with torch.no_grad():
        probability, context = build_model("detect").eval()(*example_inputs("detect", 128, 64))
    assert probability.shape == (1, 1, 128, 64) and context.shape == (1, 16, 32, 16)
    assert 0.0 <= float(probability.min()) and float(probability.max()) <= 1.0


def test_stage_2_gives_a_fill_and_how_much_was_recovered() -> None:
    with torch.no_grad():
        fill, recovered = build_model("fill").eval()(*example_inputs("fill", 64, 128))
    assert fill.shape == (1, 3, 64, 128) and recovered.shape == (1, 1, 64, 128)
    assert 0.0 <= float(fill.min()) and float(fill.max()) <= 1.0


def test_push_pull_keeps_known_pixels_and_never_reads_the_hole() -> None:
    photo, mask, _ = example_inputs("fill", 128, 128)
    filled = push_pull(photo, mask)
    known = (1.0 - mask).expand_as(photo) > 0.5
    assert torch.allclose(filled[known], photo[known], atol=1e-3)
    other = torch.where(mask > 0.5, torch.rand_like(photo), photo)
    assert torch.allclose(push_pull(other, mask), filled, atol=1e-6)


def test_push_pull_of_a_flat_photo_is_flat() -> None:
    mask = example_inputs("fill", 128, 128)[1]
    filled = push_pull(torch.full((1, 3, 128, 128), 0.3), mask)
    assert float((filled - 0.3).abs().max()) < 2e-3


def test_any_positive_mask_value_means_a_hole() -> None:
    model = build_model("fill").eval()
    photo, mask, context = example_inputs("fill", 64, 64)
    with torch.no_grad():
        assert torch.allclose(model(photo, mask, context)[0], model(photo, mask / 255.0, context)[0], atol=1e-6)


def test_line_filters_ignore_flat_areas_and_answer_along_lines() -> None:
    filters = line_filters()
    assert float(filters.sum(dim=(1, 2, 3)).abs().max()) < 1e-5
    photo = torch.zeros(1, 1, 33, 33)
    photo[..., 16, :] = 1.0
    answers = torch.nn.functional.conv2d(photo, filters)[0, :, 8, 8]
    assert int(answers.argmax()) == 0


def test_the_support_of_stage_1_fits_its_halo() -> None:
    support = measure_support(build_model("detect"), "detect")
    assert 64 < support.radius_px <= 128 and support.halo_px == 128


def test_weights_of_a_network_without_channel_mixes_can_be_grown_and_answer_the_same(tmp_path: Path) -> None:
    torch.manual_seed(3)
    trained, file = build_model("detect").eval(), tmp_path / "weights.safetensors"
    older = {name: value for name, value in trained.state_dict().items() if not name.startswith("mix_")}
    save_checkpoint(file, {"averaged": older})
    grown = build_model("detect").eval()
    with pytest.raises(RuntimeError):
        load_weights(grown, file)
    load_weights(grown, file, grow=True)
    photo = example_inputs("detect", 64, 64)[0]
    with torch.no_grad():
        assert torch.equal(grown(photo)[0], trained(photo)[0])
    del older["head.weight"]
    save_checkpoint(file, {"averaged": older})
    with pytest.raises(ValueError, match="another network"):
        load_weights(grown, file, grow=True)


def test_a_channel_mix_begins_as_the_identity() -> None:
    x = torch.randn(2, 8, 5, 7)
    assert torch.equal(ChannelMix(8)(x), x)
