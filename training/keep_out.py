"""Measures what stage 1 marks inside keep-out polygons: sound faces, hands, collars, lace, jewellery, writing on real photos.

`python -m training.keep_out --data DATA --models models --report keep_out.json --sheet worst.png`

The polygons are in `keep_out.json` beside this file; the photographs, `DATA/real_scratched/`, are no part of the project.
It is a measuring tool only: nothing here is read by the training.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import torch
from torch import Tensor

from training.evaluate import AUTOMATIC, SETTINGS, suggested
from training.peers import to_bytes
from training.pipeline import grow_mask, load_networks, probability_map, read_photo

POLYGONS = Path(__file__).with_name("keep_out.json")
PHOTO_FOLDER = "real_scratched"
SCHEMA = 1
KINDS = ("face", "hand", "collar", "lace", "jewellery", "writing")
# The goal of the model card: at most this share of the pixels inside is marked; and the stretch.
GOAL, STRETCH = 0.0005, 0.0001
MARK_RGB = (255, 30, 60)
OUTLINE_RGB = (60, 230, 90)


class Polygon(NamedTuple):
    """One sound area; `points` (n, 2) are x, y in pixels of the photo, 0, 0 the centre of the first pixel."""

    kind: str
    points: np.ndarray


class KeepOutPhoto(NamedTuple):
    """One photograph's file name, the SHA-256 of its bytes, its size in pixels and its sound areas."""

    file: str
    sha256: str
    width: int
    height: int
    polygons: tuple[Polygon, ...]


class Marks(NamedTuple):
    """Pixels of an area: all of them, those stage 1 marks, and those the grown mask lets the program change."""

    pixels: int
    marked: int
    changed: int

    def table(self) -> dict[str, float]:
        """The counts and the two shares of the area, 0 to 1."""
        whole = max(1, self.pixels)
        return self._asdict() | {"marked_share": self.marked / whole, "changed_share": self.changed / whole}


def read_polygons(path: Path = POLYGONS) -> list[KeepOutPhoto]:
    """The photographs and polygons of a file; ends the program with a message if the file is not as it should be."""
    document = json.loads(path.read_text())
    if document.get("schema") != SCHEMA:
        raise SystemExit(f"{path}: schema {document.get('schema')} is not known, {SCHEMA} is; take the program's own file")
    photos = []
    for entry in document["photos"]:
        polygons = tuple(Polygon(area["kind"], np.array(area["points"], np.int32)) for area in entry["polygons"])
        photo = KeepOutPhoto(entry["file"], entry["sha256"], entry["width"], entry["height"], polygons)
        fault = fault_of(photo)
        if fault:
            raise SystemExit(f"{path}: {photo.file}: {fault}")
        photos.append(photo)
    return photos


def fault_of(photo: KeepOutPhoto) -> str | None:
    """What is wrong with a photo's polygons, or None."""
    if not photo.polygons:
        return "no polygon"
    for number, (kind, points) in enumerate(photo.polygons):
        if kind not in KINDS:
            return f"polygon {number}: kind {kind!r} is none of {', '.join(KINDS)}"
        if points.ndim != 2 or points.shape[1:] != (2,) or len(points) < 3:
            return f"polygon {number}: three or more points x, y are needed"
        if (points < 0).any() or (points >= (photo.width, photo.height)).any():
            return f"polygon {number}: a point is outside the photo of {photo.width} × {photo.height} px"
    return None


def reason_to_leave_out(photo: KeepOutPhoto, folder: Path) -> str | None:
    """Why the photo cannot be measured: its file is missing or another one; None if it can."""
    path = folder / photo.file
    if not path.is_file():
        return "missing"
    if hashlib.sha256(path.read_bytes()).hexdigest() != photo.sha256:
        return "another file: its SHA-256 does not match"
    return None


def area_of(photo: KeepOutPhoto, polygons: Iterable[Polygon]) -> np.ndarray:
    """(H, W) bool: the pixels inside any of the polygons, their outlines included."""
    area = np.zeros((photo.height, photo.width), np.uint8)
    for polygon in polygons:
        cv2.fillPoly(area, [polygon.points], 1)
    return area.astype(bool)


def count(area: np.ndarray, marked: np.ndarray, changed: np.ndarray) -> Marks:
    """Counts inside one area; all three are (H, W) bool."""
    return Marks(int(area.sum()), int((area & marked).sum()), int((area & changed).sum()))


def add(counts: Iterable[Marks]) -> Marks:
    """Sum of counts of areas that do not overlap."""
    return Marks(*(sum(column) for column in zip(Marks(0, 0, 0), *counts, strict=True)))


def measure_photo(photo: KeepOutPhoto, mask: Tensor) -> dict[str, Marks | dict[str, Marks] | list[Marks]]:
    """Counts `in_all`, `by_kind` and of each polygon, for one photo's mask (1, 1, H, W), > 0.5 = marked.

    A pixel in two polygons counts once in each kind and once in all.
    """
    marked, changed = (field[0, 0].numpy() > 0.5 for field in (mask, grow_mask(mask)))
    areas = {kind: area_of(photo, (p for p in photo.polygons if p.kind == kind)) for kind in KINDS}
    return {
        "in_all": count(area_of(photo, photo.polygons), marked, changed),
        "by_kind": {kind: count(area, marked, changed) for kind, area in areas.items() if area.any()},
        "polygons": [count(area_of(photo, [polygon]), marked, changed) for polygon in photo.polygons],
    }


def measure(
    probability: Callable[[Tensor], Tensor], photos: Iterable[KeepOutPhoto], folder: Path, *, threshold: float
) -> tuple[dict, dict[str, Tensor]]:
    """The report, and the mask (1, 1, H, W) of every photo that has a mark inside.

    `probability` maps a photo (1, 3, H, W) to its merged probability (1, 1, H, W); a pixel is marked from `threshold` on.
    """
    results, left_out, masks = {}, {}, {}
    for photo in photos:
        reason = reason_to_leave_out(photo, folder)
        if reason:
            left_out[photo.file] = reason
            continue
        picture = read_photo(folder / photo.file)
        if picture.shape[-2:] != (photo.height, photo.width):
            raise SystemExit(f"{photo.file}: decoded as {tuple(picture.shape[-2:])}, the polygons are for another size")
        mask = (probability(picture) >= threshold).float()
        results[photo.file] = measure_photo(photo, mask)
        if results[photo.file]["in_all"].changed:
            masks[photo.file] = mask
    return summarise(results, threshold) | {"left_out": left_out}, masks


def summarise(results: dict[str, dict], threshold: float) -> dict:
    """Shares in all, by kind and by photo, the worst photo first."""
    whole = add(result["in_all"] for result in results.values())
    kinds = {kind: add(r["by_kind"][kind] for r in results.values() if kind in r["by_kind"]) for kind in KINDS}
    polygons = Counter(marks.marked > 0 for result in results.values() for marks in result["polygons"])
    worst = sorted(results.items(), key=lambda item: item[1]["in_all"].marked, reverse=True)
    return {
        "threshold": threshold,
        "photos": len(results),
        "photos_without_a_mark": sum(result["in_all"].marked == 0 for result in results.values()),
        "polygons": polygons.total(),
        "polygons_without_a_mark": polygons[False],
        "in_all": whole.table(),
        "goal_met": bool(results) and whole.marked <= GOAL * whole.pixels,
        "stretch_met": bool(results) and whole.marked <= STRETCH * whole.pixels,
        "by_kind": {kind: marks.table() for kind, marks in kinds.items() if marks.pixels},
        "by_photo": {
            file: result["in_all"].table()
            | {"by_kind": {kind: marks.table() for kind, marks in result["by_kind"].items()}}
            | {"polygons": [marks.table() for marks in result["polygons"]]}
            for file, result in worst
        },
    }


def worst_polygons(report: dict, photos: Iterable[KeepOutPhoto], limit: int) -> Iterator[tuple[KeepOutPhoto, int]]:
    """Photo and number of the polygons with most marked pixels, worst first; those without a mark are left out."""
    found = [
        (counts["marked"], photo, number)
        for photo in photos
        for number, counts in enumerate(report["by_photo"].get(photo.file, {}).get("polygons", ()))
        if counts["marked"]
    ]
    found.sort(key=lambda item: item[0], reverse=True)
    yield from ((photo, number) for _, photo, number in found[:limit])


def sheet_row(photo: KeepOutPhoto, number: int, picture: np.ndarray, marked: np.ndarray, side_px: int) -> np.ndarray:
    """(side_px, 2 side_px, 3) u8: the surroundings of one polygon, alone and with its outline and the marks."""
    points = photo.polygons[number].points
    margin = max(8, int(0.15 * np.ptp(points, axis=0).max()))
    left, top = np.maximum(points.min(axis=0) - margin, 0)
    right, bottom = points.max(axis=0) + margin + 1
    crop = picture[top:bottom, left:right]
    scale = side_px / max(crop.shape[:2])
    size = tuple(max(1, round(side * scale)) for side in crop.shape[1::-1])
    plain = cv2.resize(crop, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    shown = cv2.resize(marked[top:bottom, left:right].astype(np.uint8), size, interpolation=cv2.INTER_NEAREST)
    overlaid = plain.copy()
    overlaid[shown > 0] = MARK_RGB
    outline = np.round((points - (left, top) + 0.5) * scale).astype(np.int32)
    cv2.polylines(overlaid, [outline], isClosed=True, color=OUTLINE_RGB, thickness=1)
    row = np.zeros((side_px, 2 * side_px, 3), np.uint8)
    for place, tile in ((0, plain), (side_px, overlaid)):
        row[: size[1], place : place + size[0]] = tile
    cv2.putText(row, f"{photo.file[-40:]} {number} {photo.polygons[number].kind}", (4, side_px - 6), 0, 0.4, (255, 255, 255), 1)
    return row


def write_sheet(
    report: dict,
    photos: list[KeepOutPhoto],
    masks: dict[str, Tensor],
    folder: Path,
    out: Path,
    *,
    limit: int = 12,
    side_px: int = 420,
) -> int:
    """Pictures of the worst polygons, two rows side by side; tells how many there are and writes nothing if none."""
    rows = []
    for photo, number in worst_polygons(report, photos, limit):
        picture = to_bytes(read_photo(folder / photo.file)[0])
        rows.append(sheet_row(photo, number, picture, masks[photo.file][0, 0].numpy() > 0.5, side_px))
    shown = len(rows)
    if not shown:
        return 0
    if shown % 2:
        rows.append(np.zeros_like(rows[0]))
    sheet = np.concatenate([np.concatenate(rows[index : index + 2], axis=1) for index in range(0, len(rows), 2)])
    if not cv2.imwrite(str(out), sheet[..., ::-1]):
        raise SystemExit(f"cannot write this picture: {out}")
    return shown


def describe(report: dict, limit: int = 10) -> str:
    """The report in a few lines of text."""

    def line(name: str, counts: dict) -> str:
        marked, changed = (f"{100 * counts[share]:8.4f} %" for share in ("marked_share", "changed_share"))
        return f"{name:<50} {counts['pixels']:>9} px   marked {marked}   changed {changed}"

    lines = [f"left out, {reason}: {file}" for file, reason in report["left_out"].items()]
    lines += [line(kind, counts) for kind, counts in report["by_kind"].items()]
    lines += [line("in all", report["in_all"])]
    lines += [f"photos without a mark: {report['photos_without_a_mark']} of {report['photos']}"]
    lines += [f"polygons without a mark: {report['polygons_without_a_mark']} of {report['polygons']}"]
    worst = [(file, counts) for file, counts in report["by_photo"].items() if counts["marked"]][:limit]
    return "\n".join(lines + [line(file[-50:], counts) for file, counts in worst])


def main() -> None:
    """Measures the marks inside the polygons and reports."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help=f"folder that holds {PHOTO_FOLDER}/")
    parser.add_argument("--models", type=Path, default=Path("models"))
    parser.add_argument("--report", type=Path, help="write all counts here, JSON")
    parser.add_argument("--sheet", type=Path, help="write pictures of the worst polygons here")
    parser.add_argument("--setting", choices=[AUTOMATIC, *sorted(SETTINGS)], default=AUTOMATIC, help="threshold to measure at")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    folder = options.data / PHOTO_FOLDER
    photos = read_polygons()
    networks = load_networks(options.models, threads=options.threads)
    with torch.inference_mode():
        def probability(photo: Tensor) -> Tensor:
            found = probability_map(networks, photo)
            return suggested(found) if options.setting == AUTOMATIC else found

        threshold = SETTINGS.get(options.setting, SETTINGS["default"])
        report, masks = measure(probability, photos, folder, threshold=threshold)
    print(describe(report))
    if options.report:
        options.report.write_text(json.dumps(report, indent=1) + "\n")
    if options.sheet:
        print(f"{write_sheet(report, photos, masks, folder, options.sheet)} polygons on the sheet")
    if not report["photos"]:
        raise SystemExit(f"none of the {len(photos)} photographs is in {folder}")


if __name__ == "__main__":
    main()
