"""Lines on large scans: what is drawn is what is counted, and the program's answers are read as they are."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from training.large_scans import CROSSING, KINDS, STRONG_LEVELS, Found, Kind, enlarged, probability_of, with_lines

# Stands in for the program: marks what differs by 20 levels from its surroundings, as `unscratch detect` is called.
STAND_IN = """#!{python}
import sys
import cv2
import numpy as np
photo, words = sys.argv[2], sys.argv
grey = cv2.imread(photo, cv2.IMREAD_GRAYSCALE)
assert sys.argv[1] == "detect" and "--overwrite" in words
difference = np.abs(grey.astype(int) - cv2.medianBlur(grey, 251).astype(int))
cv2.imwrite(words[words.index("--probability") + 1], np.where(difference > 20, 255, 0).astype(np.uint8))
"""


@pytest.fixture
def program(tmp_path: Path) -> Path:
    file = tmp_path / "stand-in"
    file.write_text(STAND_IN.format(python=sys.executable))
    file.chmod(file.stat().st_mode | stat.S_IXUSR)
    return file


def test_every_width_and_both_polarities_are_drawn_with_their_contrast() -> None:
    assert {(kind.width_px, kind.bright) for kind in KINDS} == {(width, bright) for width in (1, 3, 10, 40) for bright in (True, False)}
    assert {kind.contrast for kind in KINDS if kind.width_px == 1} == {3, 6, 12, STRONG_LEVELS}
    scan = with_lines(np.full((1400, 2000), 120, np.uint8), np.random.default_rng(0))
    for number, kind in enumerate(KINDS, 1):
        drawn = scan.lines == number
        assert drawn.sum() > 100 * kind.width_px, kind
        change = np.median(scan.pixels[drawn].astype(int) - 120)
        assert (change > 0) == kind.bright
        if kind.contrast:
            # The blur of the scan takes up to half of a line of one px.
            assert 0.5 * kind.contrast - 1 <= abs(change) <= kind.contrast
        else:
            assert abs(change) > STRONG_LEVELS and scan.pixels[drawn].std() > 3
    assert (scan.pixels[scan.lines == 0].astype(int) == 120).mean() > 0.9 and (scan.lines == CROSSING).any()


def test_lines_on_a_colour_scan_are_drawn_alike_in_every_channel() -> None:
    scan = with_lines(np.full((300, 400, 3), 120, np.uint8), np.random.default_rng(0))
    assert (scan.pixels == scan.pixels[..., :1]).all() and (scan.pixels != 120).any()


def test_a_scan_is_as_long_as_asked_and_leaves_room_for_contrast() -> None:
    photo = np.random.default_rng(1).integers(0, 256, (30, 40, 3)).astype(np.uint8)
    scan = enlarged(photo, 2000, np.random.default_rng(2))
    assert scan.shape == (1500, 2000, 3)
    assert np.percentile(scan, 1) > STRONG_LEVELS - 5 and np.percentile(scan, 99) < 255 - STRONG_LEVELS + 5


def test_recall_counts_a_mark_two_px_away_and_none_three_away() -> None:
    lines = np.zeros((60, 100), np.uint8)
    lines[20], lines[40] = 1, 2
    for distance, expected in ((2, 1.0), (3, 0.0)):
        probability = np.zeros_like(lines)
        probability[20 + distance] = 130  # default, not timid
        found = Found()
        found.add(probability, lines)
        report = found.report()
        assert [report[setting]["lines"][0]["recall"] for setting in ("timid", "default", "eager")] == [0.0, expected, expected]
        assert report["default"]["lines"][1]["recall"] == 0.0 and report["default"]["lines"][2]["recall"] is None
        assert report["default"]["falsely_marked_share"] == 0.0
    found.add(np.full_like(lines, 255), lines)
    assert found.report()["default"]["falsely_marked_share"] == 0.5


def test_a_stand_in_that_sees_strong_lines_only_is_reported_so(data_dir: Path, program: Path, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    command = [sys.executable, "-m", "training.large_scans", "--data", str(data_dir), "--program", str(program)]
    subprocess.run([*command, "--long-sides", "900", "800", "--shortest", "100", "--report", str(report)], check=True, capture_output=True)
    written = json.loads(report.read_text())
    assert [max(scan["width"], scan["height"]) for scan in written["scans"]] == [900, 800]
    by_contrast = written["default"]["mean_recall_by_contrast"]
    assert by_contrast["50"] > 0.6 > 0.3 > by_contrast["3"]
    assert written["default"]["mean_recall_by_width_px"].keys() == {"1", "3", "10", "40"}


def test_a_program_that_answers_with_another_size_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "bad"
    file.write_text(f"#!{sys.executable}\nimport sys, cv2, numpy as np\n"
                    "cv2.imwrite(sys.argv[sys.argv.index('--probability') + 1], np.zeros((5, 5), np.uint8))\n")
    file.chmod(file.stat().st_mode | stat.S_IXUSR)
    with pytest.raises(SystemExit, match="no map of this scan's size"):
        probability_of(file, None, np.zeros((20, 30), np.uint8), tmp_path, threads=1)


def test_a_program_that_fails_ends_the_measurement_with_its_exit_code(tmp_path: Path) -> None:
    file = tmp_path / "failing"
    file.write_text("#!/bin/sh\nexit 3\n")
    file.chmod(file.stat().st_mode | stat.S_IXUSR)
    with pytest.raises(SystemExit, match="exit code 3"):
        probability_of(file, None, np.zeros((20, 30), np.uint8), tmp_path, threads=1)


def test_kinds_fit_into_one_byte_beside_the_crossing() -> None:
    assert len(KINDS) < CROSSING and Kind(1, True, 3) in KINDS
