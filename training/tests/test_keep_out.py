"""Keep-out polygons: the measurement on drawn photographs, and the file that ships."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from training.keep_out import KINDS, KeepOutPhoto, Marks, Polygon, add, describe, fault_of, measure, read_polygons, write_sheet

SQUARE = [[10, 10], [29, 10], [29, 29], [10, 29]]  # 20 × 20 px
OVERLAPPING = [[20, 10], [39, 10], [39, 29], [20, 29]]


def photo_file(folder: Path, name: str = "print.png") -> str:
    """Writes a grey photo of 64 × 48 px with one white row and gives its SHA-256."""
    pixels = np.full((48, 64, 3), 90, np.uint8)
    pixels[12] = 255
    cv2.imwrite(str(folder / name), pixels)
    return hashlib.sha256((folder / name).read_bytes()).hexdigest()


def polygon(kind: str, points: list[list[int]]) -> Polygon:
    return Polygon(kind, np.array(points, np.int32))


def photo(sha256: str, *polygons: Polygon, file: str = "print.png") -> KeepOutPhoto:
    return KeepOutPhoto(file, sha256, 64, 48, polygons)


def marks_white(picture: torch.Tensor) -> torch.Tensor:
    """A detector that marks white pixels with certainty 0.5."""
    return (picture[:, :1] > 0.9).float() * 0.5


def test_marked_pixels_inside_are_counted_by_kind_and_an_overlap_counts_once_in_all(tmp_path: Path) -> None:
    entry = photo(photo_file(tmp_path), polygon("face", SQUARE), polygon("lace", OVERLAPPING))
    report, _ = measure(marks_white, [entry], tmp_path, threshold=0.5)
    assert report["by_kind"]["face"]["pixels"] == report["by_kind"]["lace"]["pixels"] == 400
    assert report["by_kind"]["face"]["marked"] == report["by_kind"]["lace"]["marked"] == 20
    assert (report["in_all"]["pixels"], report["in_all"]["marked"]) == (600, 30)
    assert report["in_all"]["marked_share"] == pytest.approx(0.05)
    assert report["in_all"]["changed"] > report["in_all"]["marked"], "the mask is grown before anything is filled"
    assert not report["goal_met"]


def test_nothing_is_marked_just_above_the_detectors_certainty(tmp_path: Path) -> None:
    entry = photo(photo_file(tmp_path), polygon("hand", SQUARE))
    report, masks = measure(marks_white, [entry], tmp_path, threshold=0.51)
    assert report["in_all"]["marked"] == 0 and report["photos_without_a_mark"] == 1 and not masks
    assert report["goal_met"] and report["stretch_met"]


def test_missing_and_changed_photos_are_named_and_left_out(tmp_path: Path) -> None:
    sha256 = photo_file(tmp_path)
    square = polygon("face", SQUARE)
    entries = [photo(sha256, square), photo("0" * 64, square), photo(sha256, square, file="gone.png")]
    report, _ = measure(marks_white, entries[1:], tmp_path, threshold=0.5)
    assert set(report["left_out"]) == {"print.png", "gone.png"} and report["photos"] == 0
    assert report["left_out"]["gone.png"] == "missing" and "SHA-256" in report["left_out"]["print.png"]
    assert not report["goal_met"], "no photo measured is no goal met"
    assert "gone.png" in describe(report)
    assert measure(marks_white, entries, tmp_path, threshold=0.5)[0]["photos"] == 1


def test_the_photo_with_most_marks_comes_first_and_its_polygon_is_on_the_sheet(tmp_path: Path) -> None:
    small = [[0, 8], [3, 8], [3, 15], [0, 15]]
    entries = [
        photo(photo_file(tmp_path, "little.png"), polygon("collar", small), file="little.png"),
        photo(photo_file(tmp_path), polygon("collar", SQUARE), polygon("writing", [[0, 30], [9, 30], [9, 40]])),
    ]
    report, masks = measure(marks_white, entries, tmp_path, threshold=0.5)
    assert list(report["by_photo"]) == ["print.png", "little.png"]
    assert report["polygons_without_a_mark"] == 1
    sheet = tmp_path / "sheet.png"
    assert write_sheet(report, entries, masks, tmp_path, sheet, side_px=100) == 2
    shown = cv2.imread(str(sheet))
    assert shown.shape == (100, 400, 3)
    assert (shown[..., 2] > shown[..., 1].astype(int) + 150).any(), "marks are drawn in red"


def test_no_sheet_is_written_without_a_mark(tmp_path: Path) -> None:
    entry = photo(photo_file(tmp_path), polygon("face", [[0, 30], [9, 30], [9, 40]]))
    report, masks = measure(marks_white, [entry], tmp_path, threshold=0.5)
    assert write_sheet(report, [entry], masks, tmp_path, tmp_path / "sheet.png") == 0
    assert not (tmp_path / "sheet.png").exists()


def test_counts_add_up() -> None:
    assert add([Marks(10, 2, 3), Marks(5, 0, 1)]) == Marks(15, 2, 4)
    assert add([]) == Marks(0, 0, 0) and Marks(0, 0, 0).table()["marked_share"] == 0.0


def test_faulty_polygons_are_refused() -> None:
    assert fault_of(photo("", polygon("face", SQUARE))) is None
    assert "no polygon" in fault_of(photo(""))
    assert "kind" in fault_of(photo("", polygon("hat", SQUARE)))
    assert "three" in fault_of(photo("", polygon("face", SQUARE[:2])))
    assert "outside" in fault_of(photo("", polygon("face", [[10, 10], [64, 10], [10, 20]])))


def test_a_file_of_another_schema_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "polygons.json"
    path.write_text(json.dumps({"schema": 2, "photos": []}))
    with pytest.raises(SystemExit, match="schema 2"):
        read_polygons(path)


def test_the_shipped_file_outlines_forty_photographs_and_every_kind() -> None:
    photos = read_polygons()
    assert len(photos) == len({entry.file for entry in photos}) == len({entry.sha256 for entry in photos}) == 40
    assert {area.kind for entry in photos for area in entry.polygons} == set(KINDS)
    for entry in photos:
        assert len(entry.sha256) == 64 and "/" not in entry.file
        for area in entry.polygons:
            assert cv2.contourArea(area.points) >= 40, f"{entry.file}: too small to say anything"
