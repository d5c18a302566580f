"""The speed of synthesis is counted in crops, for both stages."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from training import synthesis_rate


def test_the_rate_is_crops_over_seconds_for_both_stages(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["x", "--data", str(data_dir), "--seconds", "0", "--size", "64", "--batch", "3", "--bank-size", "20"]
    monkeypatch.setattr(sys, "argv", asked)
    synthesis_rate.main()
    report = json.loads(capsys.readouterr().out)
    assert report["crop_px"] == 64
    for stage in ("detect", "fill"):
        figures = report[stage]
        assert figures["crops"] == 3
        assert figures["crops_a_second"] == pytest.approx(3 / figures["wall_seconds"], rel=0.01)
        assert 0 < figures["processor_seconds"] and figures["crops_a_processor_second"] > 0
