"""What is measured on sound photographs, with made-up pictures and a made-up network."""

from __future__ import annotations

from pathlib import Path

import torch

from training.pipeline import Networks
from training.sound import look_at, reduced, reporting_half, summary


def bright_marks(photo: torch.Tensor) -> list[torch.Tensor]:
    """A stage 1 that marks what is white."""
    return [(photo.mean(1, keepdim=True) > 0.9).float()]


def test_a_white_square_on_a_sound_photo_counts_as_harm_and_a_plain_photo_does_not() -> None:
    networks = Networks(bright_marks, bright_marks)
    plain = torch.full((1, 3, 64, 64), 0.4)
    square = plain.clone()
    square[..., 20:30, 20:30] = 1.0
    pictures = [look_at(networks, "plain", plain)[0], look_at(networks, "square", square)[0]]
    result = summary(pictures)["default"]
    assert result["untouched_share"] == 0.5
    assert result["marked_share"] == 100 / (2 * 64 * 64)
    assert result["changed_share"] > result["marked_share"]


def test_pictures_of_one_source_fall_into_the_same_half(tmp_path: Path) -> None:
    for number in range(40):
        for part in ("crop1", "crop2"):
            (tmp_path / f"photo{number}_{part}.png").touch()
    chosen = [file.name.split("_")[0] for file in reporting_half(tmp_path)]
    assert 10 < len(set(chosen)) < 30
    assert all(chosen.count(name) == 2 for name in chosen)


def test_large_photos_are_reduced_and_small_ones_kept() -> None:
    assert reduced(torch.zeros(1, 3, 100, 3200)).shape == (1, 3, 50, 1600)
    assert reduced(torch.zeros(1, 3, 100, 200)).shape == (1, 3, 100, 200)
