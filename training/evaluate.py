"""Measures exported models: on the frozen set, and on annotated real prints.

`python -m training.evaluate frozen --frozen DIR --models models --report frozen.json`
`python -m training.evaluate prints --photos DIR --masks DIR --models models --report prints.json --sheet sheet.png`
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor

from training.coverage import Coverage
from training.hole import grow
from training.measured_crops import INDEX, INDEX_HELP, FrozenCrop, read_frozen
from training.metrics import DetectionScore, dilate_2px, psnr_inside, ssim_inside
from training.peers import Inpainter, PeerError, available_inpainters, inpaint, to_bytes, top_hat
from training.pipeline import Networks, alpha_of, fill, load_networks, probability_map, read_photo, repair

SETTINGS = {"timid": 0.8, "default": 0.5, "eager": 0.2}
# What the application does where nobody chose a setting: the default if anything is certain, else nothing.
AUTOMATIC, CERTAIN = "automatic", 0.65
WIDTH_CLASSES = (("thin", 0.0, 3.0), ("middle", 3.0, 10.0), ("wide", 10.0, math.inf))
# By transmission T = Π(1 − α): what still shows through.
OPACITY_CLASSES = (("opaque", -1.0, 0.15), ("veiled", 0.15, 0.4), ("see_through", 0.4, 2.0))
HOLE_GROWTH_PX = 2
WORSE_DB = -0.05


def logit(probability: Tensor | float) -> Tensor:
    """Log odds, with probabilities kept off 0 and 1."""
    return torch.logit(torch.as_tensor(probability, dtype=torch.float64), eps=1e-6)


class ErrorByClass:
    """Squared error of several methods, summed over the pixels of each class of damage."""

    def __init__(self) -> None:
        self.sums: dict[tuple[str, str], float] = defaultdict(float)
        self.counts: dict[str, float] = defaultdict(float)

    def add(self, results: dict[str, Tensor], truth: Tensor, classes: dict[str, Tensor]) -> None:
        """results (1, 3, H, W) by method, classes (1, 1, H, W) masks by name."""
        for name, region in classes.items():
            self.counts[name] += float(region.sum()) * 3.0
            for method, result in results.items():
                self.sums[method, name] += float((((result - truth) ** 2) * region).sum())

    def table(self, methods: Iterable[str]) -> dict[str, dict[str, float]]:
        """PSNR in dB by class and method, of methods that saw every crop, and the class's number of pixels."""
        table: dict[str, dict[str, float]] = {}
        for name, count in self.counts.items():
            if count == 0:
                continue
            row = {m: -10.0 * math.log10(max(self.sums[m, name] / count, 1e-10)) for m in methods}
            table[name] = {"pixels": count / 3.0} | {method: round(value, 2) for method, value in row.items()}
        return table


def classes_of(crop: FrozenCrop) -> dict[str, Tensor]:
    """The damage's pixels, whole and by opacity and width."""
    damage = crop.target > 0.5
    classes = {"all": damage}
    for opacity, low, high in OPACITY_CLASSES:
        shown = damage & (crop.transmission >= low) & (crop.transmission < high)
        classes[opacity] = shown
        for width, narrow, broad in WIDTH_CLASSES:
            classes[f"{opacity} {width}"] = shown & (crop.width > narrow) & (crop.width <= broad)
    return {name: region.float() for name, region in classes.items()}


def measure_detection(networks: Networks, crops: Iterable[FrozenCrop]) -> dict:
    """AP, figures at the three settings, harm done to sound crops, recall by width, and the top-hat detector's AP."""
    score, hat = DetectionScore(), DetectionScore()
    sound_pixels = sound_marked = sound_crops = untouched = 0
    coverage = Coverage()
    found: dict[str, list[float]] = {name: [0.0, 0.0] for name, _, _ in WIDTH_CLASSES}
    for crop in crops:
        probability = probability_map(networks, crop.damaged)
        score.add(logit(probability).float(), crop.target, crop.ignore)
        hat.add(logit(top_hat(crop.damaged[0])[None]).float(), crop.target, crop.ignore)
        marked = (probability >= 0.5).float()
        if float(crop.target.sum()) == 0:
            sound_crops += 1
            sound_pixels += marked.numel()
            sound_marked += int(marked.sum())
            untouched += int(marked.sum() == 0)
            continue
        coverage.add(marked, crop.target, crop.ignore)
        near = dilate_2px(marked)
        for name, narrow, broad in WIDTH_CLASSES:
            region = (crop.target > 0.5) & (crop.width > narrow) & (crop.width <= broad)
            found[name][0] += float((near * region).sum())
            found[name][1] += float(region.sum())
    report = {"average_precision": score.average_precision(), "best": score.best()}
    report |= {name: score.at(float(logit(p))) for name, p in SETTINGS.items()}
    report["recall_by_width"] = {name: hit / max(1.0, total) for name, (hit, total) in found.items()}
    report |= coverage.report()
    report["sound"] = {
        "crops": sound_crops,
        "untouched_share": untouched / max(1, sound_crops),
        "marked_pixel_share": sound_marked / max(1, sound_pixels),
    }
    report["top_hat"] = {"average_precision": hat.average_precision(), "best": hat.best()}
    return report


def say(line: str) -> None:
    """Tells the person at the terminal; standard output is the report's."""
    print(line, file=sys.stderr)


def fill_by_peers(crop: FrozenCrop, hole: Tensor, peers: dict[str, Inpainter]) -> dict[str, Tensor]:
    """The crop filled by every peer, (1, 3, H, W); one that fails is told of and taken out of `peers`."""
    results = {}
    for name, inpainter in list(peers.items()):
        try:
            results[name] = inpaint(crop.damaged[0], hole[0], inpainter)[None]
        except PeerError as error:
            say(f"{name} is left out, it failed on crop {crop.name}: {error}")
            del peers[name]
    return results


def measure_filling(networks: Networks, crops: Iterable[FrozenCrop], *, context: bool = False) -> dict:
    """PSNR inside the damage by class, with the same mask (truth grown by 2 px) for every method, and SSIM.

    With `context` a column shows the same network fed stage 1's context instead of zeros.
    """
    errors = ErrorByClass()
    ssim: dict[str, list[float]] = defaultdict(list)
    peers = available_inpainters(say)
    available = set(peers)
    for crop in crops:
        if float(crop.target.sum()) == 0:
            continue
        hole = grow(crop.target, HOLE_GROWTH_PX)
        results = {"ours": fill(networks, crop.damaged, hole)[0]}
        if context:
            results["ours_with_context"] = fill(networks, crop.damaged, hole, context=True)[0]
        results |= fill_by_peers(crop, hole, peers)
        results["untreated"] = crop.damaged
        errors.add(results, crop.clean_no_grain, classes_of(crop))
        for method, result in results.items():
            ssim[method].append(ssim_inside(result, crop.clean_no_grain, crop.target))
    methods = [method for method in ssim if method not in available or method in peers]
    return {
        "psnr": errors.table(methods),
        "ssim": {method: sum(ssim[method]) / len(ssim[method]) for method in methods},
    }


def measure_pipeline(networks: Networks, crops: Iterable[FrozenCrop]) -> dict:
    """Change of whole-crop PSNR with the pipeline's own mask; damaged crops only."""
    changes = []
    for crop in crops:
        if float(crop.target.sum()) == 0:
            continue
        mask = (probability_map(networks, crop.damaged) >= 0.5).float()
        everywhere = torch.ones_like(crop.target)
        before = psnr_inside(crop.damaged, crop.clean, everywhere)
        after = psnr_inside(repair(networks, crop.damaged, mask).photo, crop.clean, everywhere)
        changes.append(after - before)
    worse = sum(change < WORSE_DB for change in changes) / max(1, len(changes))
    return {"mean_change_db": float(np.mean(changes)), "median_change_db": float(np.median(changes)), "worse_share": worse}


def suggested(probability: Tensor) -> Tensor:
    """What of a photo's `probability` counts where nobody chose a setting: none where nothing is certain."""
    return probability if bool((probability >= CERTAIN).any()) else torch.zeros_like(probability)


def measure_prints(networks: Networks, photos: Path, masks: Path) -> dict:
    """Precision, recall and F1 on each annotated print, at every setting and at its best threshold."""
    report = {}
    for mask_file in sorted(masks.glob("*.png")):
        candidates = [file for file in photos.glob(mask_file.stem + ".*") if file.suffix.lower() != ".txt"]
        if not candidates:
            raise SystemExit(f"no photo for this mask: {mask_file}")
        photo = read_photo(candidates[0])
        truth = torch.from_numpy(cv2.imread(str(mask_file), cv2.IMREAD_GRAYSCALE))[None, None]
        score, hat = DetectionScore(), DetectionScore()
        target, ignore = (truth == 255).float(), (truth == 128).float()
        probability = probability_map(networks, photo)
        score.add(logit(probability).float(), target, ignore)
        hat.add(logit(top_hat(photo[0])[None]).float(), target, ignore)
        report[mask_file.stem] = {name: score.at(float(logit(p))) for name, p in SETTINGS.items()}
        found = suggested(probability) is probability
        nothing = {"precision": 1.0, "recall": 0.0, "f1": 0.0}
        report[mask_file.stem][AUTOMATIC] = report[mask_file.stem]["default"] if found else nothing
        report[mask_file.stem] |= {"best": score.best(), "top_hat_best": hat.best()}
    automatic = [entry[AUTOMATIC]["f1"] for entry in report.values()]
    report["mean_f1"], report["worst_f1"] = sum(automatic) / len(automatic), min(automatic)
    return report


def contact_sheet(networks: Networks, photos: list[Path], out: Path, *, side_px: int = 420) -> None:
    """Photo, probability, mask and result side by side, one photo a row."""
    rows = []
    for path in photos:
        photo = read_photo(path)
        probability = probability_map(networks, photo)
        mask = (probability >= 0.5).float()
        result = repair(networks, photo, mask).photo
        shown = alpha_of(mask) * 0.7
        overlay = photo * (1 - shown) + torch.tensor([1.0, 0.1, 0.3]).view(1, 3, 1, 1) * shown
        tiles = [photo, probability.expand(-1, 3, -1, -1), overlay, result]
        scale = side_px / max(photo.shape[-2:])
        size = (max(1, round(photo.shape[-1] * scale)), max(1, round(photo.shape[-2] * scale)))
        small = [cv2.resize(to_bytes(tile[0]), size, interpolation=cv2.INTER_AREA) for tile in tiles]
        row = np.zeros((side_px, 4 * side_px, 3), np.uint8)
        for index, tile in enumerate(small):
            row[: tile.shape[0], index * side_px : index * side_px + tile.shape[1]] = tile
        rows.append(row)
    cv2.imwrite(str(out), np.concatenate(rows)[..., ::-1])


def main() -> None:
    """Reads the command line, measures and reports."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    modes = parser.add_subparsers(dest="mode", required=True)
    frozen = modes.add_parser("frozen")
    frozen.add_argument("--frozen", type=Path, required=True)
    frozen.add_argument("--index", type=Path, default=INDEX, help=INDEX_HELP)
    frozen.add_argument("--context", action="store_true", help="also fill with stage 1's context")
    frozen.add_argument("--only", choices=("detection", "filling", "pipeline"), help="one part instead of all")
    frozen.add_argument("--limit", type=int, default=0, help="measure only this many crops, spread over the set; 0 = all")
    prints = modes.add_parser("prints")
    prints.add_argument("--photos", type=Path, required=True)
    prints.add_argument("--masks", type=Path)
    prints.add_argument("--sheet", type=Path)
    for mode in (frozen, prints):
        mode.add_argument("--models", type=Path, default=Path("models"))
        mode.add_argument("--report", type=Path)
        mode.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    networks = load_networks(options.models, threads=options.threads)
    report: dict = {}
    if options.mode == "frozen":
        crops = read_frozen(options.frozen, index=options.index, limit=options.limit)
        parts = {
            "detection": lambda: measure_detection(networks, crops),
            "filling": lambda: measure_filling(networks, crops, context=options.context),
            "pipeline": lambda: measure_pipeline(networks, crops),
        }
        report |= {name: part() for name, part in parts.items() if options.only in (None, name)}
    else:
        if options.masks:
            report["prints"] = measure_prints(networks, options.photos, options.masks)
        if options.sheet:
            files = sorted(file for file in options.photos.iterdir() if file.suffix.lower() in (".jpg", ".jpeg", ".png"))
            contact_sheet(networks, files, options.sheet)
    text = json.dumps(report, indent=1)
    print(text)
    if options.report:
        options.report.write_text(text + "\n")


if __name__ == "__main__":
    main()
