"""Mining keeps the windows with the most false alarms, and training crops then come from there."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from training.data import MINED_SHARE, CleanPhotos, DataError, Window
from training.mining import Alarm, find_alarms, worst
from training.tests.test_metrics_calibration import BrightnessDetector


class PlainSynthesizer:
    """Ages nothing: the crop comes back as it is."""

    def __init__(self, photos: CleanPhotos) -> None:
        self.photos = photos

    def batch_from(self, crops: np.ndarray):
        image = torch.from_numpy(crops).permute(0, 3, 1, 2).float() / 255.0
        return type("Batch", (), {"damaged": image})()


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """Three black photographs, the third with a white right half."""
    (tmp_path / "clean").mkdir()
    for number in range(3):
        picture = np.zeros((300, 600, 3), np.uint8)
        if number == 2:
            picture[:, 300:] = 255
        cv2.imwrite(str(tmp_path / "clean" / f"photo{number}.png"), picture)
    return tmp_path


def test_only_windows_with_a_mark_are_alarms_and_a_photo_can_be_left_out(data_dir: Path) -> None:
    synthesizer = PlainSynthesizer(CleanPhotos(data_dir, split="all", seed=1))
    alarms = find_alarms(BrightnessDetector(), synthesizer, count=48, logit=0.0, leave_out=frozenset())
    assert alarms and {alarm.photo for alarm in alarms} == {"photo2.png"}
    assert not find_alarms(BrightnessDetector(), synthesizer, count=48, logit=0.0, leave_out=frozenset({"photo2.png"}))


def test_the_worst_windows_are_kept_and_no_photo_fills_the_list() -> None:
    alarms = [Alarm("a", Window(0, number, 9), 0.1 + 0.01 * number) for number in range(9)] + [Alarm("b", Window(0, 0, 9), 0.05)]
    assert [(alarm.photo, alarm.window.left) for alarm in worst(alarms, 5)] == [("a", 8), ("a", 7), ("a", 6), ("b", 0)]


def test_a_share_of_the_crops_comes_from_mined_windows(data_dir: Path) -> None:
    photos = CleanPhotos(data_dir, split="all", seed=1)
    rng = np.random.default_rng(2)
    before = np.mean([photos.crop(rng, 64).mean() > 250 for _ in range(400)])
    listed = data_dir / "mined.json"
    listed.write_text(json.dumps({"windows": [{"photo": "photo2.png", "window": [100, 430, 64], "share": 1.0}]}))
    photos.use_mined(listed)
    after = np.mean([photos.crop(rng, 64).mean() > 250 for _ in range(400)])
    assert after - before > 0.5 * MINED_SHARE


def test_windows_of_other_photographs_are_refused(data_dir: Path) -> None:
    listed = data_dir / "mined.json"
    listed.write_text(json.dumps({"windows": [{"photo": "elsewhere.png", "window": [0, 0, 64], "share": 1.0}]}))
    with pytest.raises(DataError, match="mine again"):
        CleanPhotos(data_dir, split="all", seed=1).use_mined(listed)


def test_a_jittered_window_stays_inside_the_photograph() -> None:
    rng = np.random.default_rng(3)
    for _ in range(200):
        top, left, side = Window(250, 10, 60).jittered(rng, (300, 400))
        assert top >= 0 and left >= 0 and top + side <= 300 and left + side <= 400 and side >= 32
