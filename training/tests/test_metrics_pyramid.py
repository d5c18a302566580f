"""The pyramid's merge rule."""

from __future__ import annotations

import numpy as np
import torch

from training.pyramid import detect, levels_of, mask_at, merge_levels, pad_to_grid, reconstruct


def native_line(value: int, *, size: int = 64) -> np.ndarray:
    native = np.zeros((size, size), np.uint8)
    native[32, :] = value
    return native


def coarse_of(native: np.ndarray, value: int) -> np.ndarray:
    blocks = native.reshape(32, 2, 32, 2).max(axis=(1, 3))
    return np.where(blocks > 0, value, 0).astype(np.uint8)


def test_coarser_levels_join_with_size() -> None:
    assert levels_of(700, 400) == [0]
    assert levels_of(701, 400) == [0, 1]
    assert levels_of(3000, 900) == [0, 1, 2]
    assert levels_of(9001, 12000) == [0, 1, 2, 3]


def test_a_thin_line_seen_by_all_levels_keeps_its_native_width() -> None:
    native = native_line(230)
    merged = merge_levels(native, [(1, coarse_of(native, 230))])
    assert int((merged >= 128).sum()) == 64


def test_a_faint_line_is_lifted_by_a_coarse_level_that_is_sure() -> None:
    native = native_line(80)
    assert int((merge_levels(native, []) >= 128).sum()) == 0
    assert int((merge_levels(native, [(1, coarse_of(native, 230))]) >= 128).sum()) == 64


def test_a_faint_end_belongs_to_the_sure_line_it_touches_and_a_faint_spot_alone_does_not() -> None:
    native = native_line(60)
    native[32, :10] = 200
    native[5, 5] = 60
    merged = merge_levels(native, [])
    assert int((merged[32] >= 128).sum()) == 64 and merged[5, 5] < 128


def test_a_wide_region_only_a_coarse_level_sees_counts_and_a_narrow_one_does_not() -> None:
    native = np.zeros((64, 64), np.uint8)
    coarse = np.zeros((32, 32), np.uint8)
    coarse[10:20, 10:20] = 230
    coarse[28:30, :] = 230
    merged = merge_levels(native, [(1, coarse)]) >= 128
    assert int(merged.sum()) == 400 and not merged[56:60].any()


def test_reconstruction_stays_under_its_limit() -> None:
    generator = np.random.default_rng(0)
    limit = generator.integers(0, 255, (40, 40)).astype(np.uint8)
    marker = np.where(generator.random((40, 40)) > 0.97, limit, 0).astype(np.uint8)
    grown = reconstruct(marker, limit)
    assert (grown <= limit).all() and (grown >= np.minimum(marker, limit)).all() and grown.sum() > marker.sum()


def test_padding_mirrors_even_a_single_pixel() -> None:
    assert pad_to_grid(torch.ones(1, 3, 1, 1)).shape == (1, 3, 64, 64)
    row = torch.arange(3.0).view(1, 1, 1, 3)
    assert pad_to_grid(row)[0, 0, 0, :6].tolist() == [0, 1, 2, 1, 0, 1]


def test_a_photo_of_any_size_gives_a_map_of_its_size() -> None:
    photo = torch.rand(1, 3, 37, 1501)
    assert detect(lambda x: x[:, :1], photo).shape == (1, 1, 37, 1501)


def test_the_mask_at_one_threshold_is_the_merged_map_cut_there() -> None:
    generator = np.random.default_rng(2)
    smooth = torch.nn.functional.interpolate(torch.rand(1, 1, 12, 12, generator=torch.Generator().manual_seed(2)), size=(96, 96))
    native = (smooth[0, 0].numpy() * 200 + generator.integers(0, 55, (96, 96))).astype(np.uint8)
    for threshold in (51, 128, 204):
        assert (mask_at(native, threshold) == (merge_levels(native, []) >= threshold)).all()
