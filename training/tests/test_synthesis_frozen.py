"""Tests of the frozen set on tiny photographs made here."""

from __future__ import annotations

import cv2
import numpy as np

from training import frozen


def make_photos(folder):
    (folder / "clean").mkdir(parents=True)
    rng = np.random.default_rng(0)
    for index in range(20):
        cv2.imwrite(str(folder / "clean" / f"scene{index}.png"), cv2.resize(
            rng.integers(40, 220, (5, 6, 3)).astype(np.uint8), (120, 110), interpolation=cv2.INTER_CUBIC))


def test_the_set_is_the_same_each_time_and_a_changed_picture_is_found(tmp_path, monkeypatch):
    monkeypatch.setenv("UNSCRATCH_TRAINING_CACHE", str(tmp_path / "cache"))
    make_photos(tmp_path)
    options = {"count": 4, "size": 64, "shortest_px": 0, "bank_size": 8}
    index = frozen.write_set(tmp_path, tmp_path / "one", **options)
    again = frozen.write_set(tmp_path, tmp_path / "two", **options)
    assert index == again
    assert frozen.differences(tmp_path / "one", index) == []
    masks = [cv2.imread(str(file), cv2.IMREAD_GRAYSCALE) for file in sorted((tmp_path / "one" / "mask").iterdir())]
    assert set(np.unique(np.stack(masks))) <= {0, 128, 255}

    (tmp_path / "one" / "mask" / "002.png").write_bytes(b"changed")
    (tmp_path / "one" / "clean" / "001.png").unlink()
    assert sorted(frozen.differences(tmp_path / "one", index)) == ["clean/001", "mask/002"]
