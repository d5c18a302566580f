"""Networks: shapes, ranges, push-pull, gates and line filters."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from training.checkpoint import load_network, load_weights, save_checkpoint
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


def older_stage_2(file: Path) -> torch.nn.Module:
    """A stage 2 without a free blend whose r differs from place to place, saved as files were before settings were stored."""
    torch.manual_seed(4)
    model = build_model("fill", {"free_blend": False}).eval()
    torch.nn.init.normal_(model.head.weight, std=0.3)
    save_checkpoint(file, {"stage": "fill", "averaged": model.state_dict()})
    return model


def test_a_free_blend_grown_into_trained_weights_begins_as_recovered_and_then_parts_from_it(tmp_path: Path) -> None:
    trained, file = older_stage_2(tmp_path / "weights.safetensors"), tmp_path / "weights.safetensors"
    grown = build_model("fill", {"free_blend": True}).eval()
    with pytest.raises(RuntimeError, match="size mismatch"):
        load_weights(grown, file)
    load_weights(grown, file, grow=True)
    inputs = example_inputs("fill", 64, 64)
    with torch.no_grad():
        for got, want in zip(grown(*inputs), trained(*inputs), strict=True):
            assert torch.allclose(got, want, atol=1e-6)
        grown.head.bias[8] += 2.0
        assert not torch.allclose(grown(*inputs)[0], trained(*inputs)[0], atol=1e-3)
        assert torch.allclose(grown(*inputs)[1], trained(*inputs)[1], atol=1e-6)


@pytest.mark.parametrize("free_blend", [False, True])
def test_a_file_tells_which_network_its_weights_are_of(free_blend: bool, tmp_path: Path) -> None:
    file = tmp_path / "weights.safetensors"
    if free_blend:
        model = build_model("fill", {"free_blend": True, "dilations": (1, 2)}).eval()
        save_checkpoint(file, {"stage": "fill", "network": {"free_blend": True, "dilations": (1, 2)}, "averaged": model.state_dict()})
    else:
        model = older_stage_2(file)
    loaded, about = load_network("fill", file)
    assert loaded.config == model.config and about["stage"] == "fill"
    inputs = example_inputs("fill", 64, 64)
    with torch.no_grad():
        assert torch.equal(loaded.eval()(*inputs)[0], model(*inputs)[0])


def test_nine_outputs_mean_a_free_blend_where_the_file_says_nothing(tmp_path: Path) -> None:
    model = build_model("fill", {"free_blend": True})
    save_checkpoint(tmp_path / "weights.safetensors", {"averaged": model.state_dict()})
    assert load_network("fill", tmp_path / "weights.safetensors")[0].config.free_blend


def test_without_un_mixing_a_veil_is_not_inverted() -> None:
    torch.manual_seed(0)
    model = build_model("fill", {"unmix": False, "free_blend": False}).eval()
    inputs = example_inputs("fill", 64, 64)
    with torch.no_grad():
        before = model(*inputs)[0]
        model.head.bias[0] += 3.0
        assert torch.equal(model(*inputs)[0], before)
