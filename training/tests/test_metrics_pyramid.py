"""The pyramid's merge rule."""

from __future__ import annotations

import torch

from training.pyramid import detect, levels_of, merge_levels, pad_to_grid


def test_coarser_levels_join_with_size() -> None:
    assert levels_of(1000, 1400) == [1]
    assert levels_of(1401, 900) == [1, 2]
    assert levels_of(3000, 900) == [1, 2, 4]
    assert levels_of(9000, 12000) == [1, 2, 4, 8]


def test_a_thin_line_seen_by_all_levels_keeps_its_native_width() -> None:
    native = torch.full((1, 1, 64, 64), 0.01)
    native[..., 32, :] = 0.9
    coarse = torch.nn.functional.max_pool2d(native, 2)
    merged = merge_levels(native, [coarse])
    assert int((merged > 0.5).sum()) == 64


def test_a_faint_line_is_lifted_by_a_coarse_level_that_is_sure() -> None:
    native = torch.full((1, 1, 64, 64), 0.01)
    native[..., 32, :] = 0.3
    coarse = torch.nn.functional.max_pool2d(native, 2) / 0.3 * 0.9
    merged = merge_levels(native, [coarse])
    assert int((merged > 0.5).sum()) == 64


def test_a_wide_region_only_a_coarse_level_sees_counts() -> None:
    native = torch.full((1, 1, 64, 64), 0.01)
    coarse = torch.full((1, 1, 32, 32), 0.01)
    coarse[..., 10:20, 10:20] = 0.9
    assert int((merge_levels(native, [coarse]) > 0.5).sum()) > 300


def test_padding_mirrors_even_a_single_pixel() -> None:
    assert pad_to_grid(torch.ones(1, 3, 1, 1)).shape == (1, 3, 64, 64)
    row = torch.arange(3.0).view(1, 1, 1, 3)
    assert pad_to_grid(row)[0, 0, 0, :6].tolist() == [0, 1, 2, 1, 0, 1]


def test_a_photo_of_any_size_gives_a_map_of_its_size() -> None:
    photo = torch.rand(1, 3, 37, 1500)
    assert detect(lambda x: x[:, :1], photo).shape == (1, 1, 37, 1500)
