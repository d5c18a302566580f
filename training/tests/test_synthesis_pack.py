"""Tests of the pack on tiny photographs made here."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from training.data import CleanPhotos, DataError
from training.pack import write_pack


def test_a_pack_keeps_names_and_splits_and_limits_the_size(tmp_path):
    (tmp_path / "clean").mkdir()
    (tmp_path / "textures").mkdir()
    rng = np.random.default_rng(0)
    for index in range(30):
        cv2.imwrite(str(tmp_path / "clean" / f"scene{index}.png"), rng.integers(0, 255, (30, 50, 3)).astype(np.uint8))
    cv2.imwrite(str(tmp_path / "textures" / "fds-dirt__1.png"), np.full((8, 8), 255, np.uint8))
    written = write_pack(tmp_path, tmp_path / "pack", long_side=40)
    assert (written["photographs"], written["textures"]) == (30, 1)
    for split in ("train", "validation"):
        before, after = (CleanPhotos(folder, split=split, seed=0) for folder in (tmp_path, tmp_path / "pack"))
        assert [file.stem for file in before.files] == [file.stem for file in after.files]
    assert max(after.photo(0).shape) == 40


def test_a_folder_with_something_in_it_is_not_written_over(tmp_path):
    (tmp_path / "pack").mkdir()
    (tmp_path / "pack" / "mine.txt").write_text("keep me")
    with pytest.raises(DataError, match="not empty"):
        write_pack(tmp_path, tmp_path / "pack")
    assert (tmp_path / "pack" / "mine.txt").read_text() == "keep me"
