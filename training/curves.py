"""Draws a run's loss and validation score over its minutes as a small PNG for the model card; nothing is measured here.

`python -m training.curves --runs training/runs/detect training/runs/fill --out models/curves.png`
"""

from __future__ import annotations

import argparse
import csv
import json
from pathlib import Path

import cv2
import numpy as np

WIDTH, HEIGHT, MARGIN = 460, 260, 44
LOSS_COLOUR, SCORE_COLOUR, INK = (190, 150, 90), (40, 60, 200), (60, 60, 60)  # BGR
# Losses of single small batches jump; a running mean over this many rows of the log shows the course.
SMOOTH_ROWS = 15
PANELS_A_ROW = 3


def read_losses(run: Path) -> np.ndarray:
    """(rows, 2): minutes and smoothed loss."""
    with (run / "losses.csv").open() as file:
        rows = [(float(row[1]), float(row[2])) for row in csv.reader(file) if row[0] != "step"]
    values = np.array(rows)
    kernel = np.ones(SMOOTH_ROWS) / SMOOTH_ROWS
    return np.stack([np.convolve(values[:, column], kernel, "valid") for column in (0, 1)], 1)


def read_scores(run: Path) -> np.ndarray:
    """(validations, 2): minutes and score."""
    lines = [json.loads(line) for line in (run / "validation.jsonl").read_text().splitlines()]
    return np.array([(line["minutes"], line["score"]) for line in lines])


def draw(run: Path) -> np.ndarray:
    """One panel (HEIGHT, WIDTH, 3): loss pale, validation score dark, each on its own scale."""
    panel = np.full((HEIGHT, WIDTH, 3), 255, np.uint8)
    losses, scores = read_losses(run), read_scores(run)
    last = max(losses[-1, 0], scores[-1, 0])

    def line(points: np.ndarray, colour: tuple[int, int, int]) -> None:
        low, high = points[:, 1].min(), points[:, 1].max()
        x = MARGIN + points[:, 0] / last * (WIDTH - 2 * MARGIN)
        y = HEIGHT - MARGIN - (points[:, 1] - low) / max(high - low, 1e-9) * (HEIGHT - 2 * MARGIN)
        cv2.polylines(panel, [np.stack([x, y], 1).round().astype(np.int32)], False, colour, 2, cv2.LINE_AA)

    def text(words: str, x: int, y: int, colour: tuple[int, int, int] = INK) -> None:
        cv2.putText(panel, words, (x, y), cv2.FONT_HERSHEY_SIMPLEX, 0.4, colour, 1, cv2.LINE_AA)

    cv2.rectangle(panel, (MARGIN, MARGIN), (WIDTH - MARGIN, HEIGHT - MARGIN), (210, 210, 210), 1)
    line(losses, LOSS_COLOUR)
    line(scores, SCORE_COLOUR)
    text(f"{run.name}: {last:.0f} minutes", MARGIN, 18)
    text(f"validation {scores[:, 1].min():.2f} to {scores[:, 1].max():.2f}", MARGIN, 36, SCORE_COLOUR)
    text(f"loss {losses[:, 1].max():.2f} to {losses[:, 1].min():.2f}", WIDTH // 2, 36, LOSS_COLOUR)
    text("0", MARGIN, HEIGHT - 26)
    text(f"{last:.0f} min", WIDTH - MARGIN - 40, HEIGHT - 26)
    return panel


def in_rows(panels: list[np.ndarray]) -> np.ndarray:
    """Panels of one size side by side, PANELS_A_ROW to a row, the last row filled up with white."""
    blank = np.full_like(panels[0], 255)
    columns = min(len(panels), PANELS_A_ROW)
    panels = panels + [blank] * (-len(panels) % columns)
    rows = [np.concatenate(panels[first:first + columns], axis=1) for first in range(0, len(panels), columns)]
    return np.concatenate(rows, axis=0)


def main() -> None:
    """Draws the runs' curves beside each other."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=Path, nargs="+", required=True)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    cv2.imwrite(str(options.out), in_rows([draw(run) for run in options.runs]))


if __name__ == "__main__":
    main()
