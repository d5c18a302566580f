"""Do the program and this package measure the same? `unscratch eval` against Python on crops of the frozen set.

    python -m training.agreement --frozen training/frozen --program target/release/unscratch

Detection runs in both: the maps, and with them average precision, precision, recall and F1, come from two programs. For
PSNR and SSIM Python reads the pictures that `unscratch restore` writes. Every figure must agree to 1e-3 (dB, or a share);
the exit code says whether it does. Beside that stands how far Python's own pipeline, which leaves the tone of toned
prints alone, is from the program's.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

import torch

from training.evaluate import logit
from training.measured_crops import INDEX, INDEX_HELP, FrozenCrop, FrozenCrops, read_frozen
from training.metrics import DetectionScore, psnr_inside, ssim_inside
from training.pipeline import Networks, load_networks, probability_map, read_photo, repair

TOLERANCE = 1e-3
PARTS = {"damaged": "damaged", "clean": "clean", "masks": "mask"}


def run_program(program: Path, crops: FrozenCrops, models: Path, folder: Path) -> dict:
    """The program's report on these crops; restored pictures lie in `folder`/restored afterwards."""
    for name, part in PARTS.items():
        (folder / name).mkdir()
        for crop in crops.names:
            shutil.copy(crops.folder / part / f"{crop}.png", folder / name)
    common = ["--models", str(models), "--provider", "cpu", "--threads", "1", "--quiet"]
    folders = [word for name in PARTS for word in (f"--{name}", str(folder / name))]
    subprocess.run([program, "eval", *folders, "--report", folder / "report.json", *common], check=True,
                   stdout=subprocess.DEVNULL)
    photos = sorted((folder / "damaged").iterdir())
    subprocess.run([program, "restore", *photos, "--out-dir", folder / "restored", *common], check=True)
    return json.loads((folder / "report.json").read_text())


def figures_of(crop: FrozenCrop, probability: torch.Tensor, restored: torch.Tensor) -> dict[str, float]:
    """The figures of one crop in Python, by the names of `pair_figures`."""
    crop_of = {"whole": torch.ones_like(crop.target), "damage": crop.target}
    figures = {}
    for name, region in crop_of.items():
        if float(region.sum()) == 0:
            continue
        for when, photo in (("before", crop.damaged), ("after", restored)):
            photo, clean, region = photo.double(), crop.clean.double(), region.double()
            figures[f"{name} psnr_{when}"] = psnr_inside(photo, clean, region)
            figures[f"{name} ssim_{when}"] = ssim_inside(photo, clean, region)
    if float(crop.target.sum()) > 0:
        score = DetectionScore()
        score.add(logit(probability).float(), crop.target, crop.ignore)
        figures |= score.at(0.0) | {"average_precision": score.average_precision(), "best_f1": score.best()["f1"]}
    figures["changed_pixels"] = float((restored != crop.damaged).any(1).sum())
    return figures


def pair_figures(pair: dict) -> dict[str, float]:
    """The same figures out of a pair of the program's report."""
    figures = {"changed_pixels": float(pair["changed_pixels"])}
    for name in ("whole", "damage"):
        if pair[name] is not None:
            figures |= {f"{name} {key}": value for key, value in pair[name].items() if key != "pixels"}
    if pair["detection"] is not None:
        names = ("precision", "recall", "f1", "average_precision", "best_f1")
        figures |= {name: pair["detection"][name] for name in names}
    return figures


def compare(networks: Networks, crops: FrozenCrops, report: dict, restored: Path) -> dict:
    """The largest difference of every figure, over crops and in the pooled detection, and of the pipelines' changes."""
    worst: dict[str, float] = defaultdict(float)
    pooled = DetectionScore()
    pipelines = []
    pairs = {pair["name"]: pair for pair in report["pairs"]}
    for crop in crops:
        pair = pairs[crop.name]
        probability = probability_map(networks, crop.damaged)
        pooled.add(logit(probability).float(), crop.target, crop.ignore)
        ours = figures_of(crop, probability, read_photo(restored / f"{crop.name}_restored.png"))
        theirs = pair_figures(pair)
        if ours.keys() != theirs.keys():
            raise SystemExit(f"crop {crop.name}: only one side has {sorted(ours.keys() ^ theirs.keys())}")
        for name, value in ours.items():
            worst[name] = max(worst[name], abs(value - theirs[name]))
        result = repair(networks, crop.damaged, (probability >= 0.5).float()).photo
        whole = torch.ones_like(crop.target)
        pipelines.append(psnr_inside(result, crop.clean, whole) - pair["whole"]["psnr_after"])
    program = report["summary"]["detection"]
    at = pooled.at(0.0) | {"average_precision": pooled.average_precision()}
    for name, value in at.items():
        worst[f"pooled {name}"] = abs(value - program[name])
    offsets = torch.tensor(pipelines).abs()
    return {
        "crops": len(crops),
        "largest_differences": dict(worst),
        "pooled_average_precision": {"python": at["average_precision"], "program": program["average_precision"]},
        "python_pipeline_psnr_off_db": {"mean": float(offsets.mean()), "largest": float(offsets.max())},
    }


def main() -> int:
    """Runs program and package on the same crops and compares; 1 if a figure is off."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frozen", type=Path, required=True)
    parser.add_argument("--index", type=Path, default=INDEX, help=INDEX_HELP)
    parser.add_argument("--program", type=Path, required=True, help="the unscratch binary")
    parser.add_argument("--models", type=Path, default=Path("models"))
    parser.add_argument("--limit", type=int, default=0, help="only this many crops, spread over the set; 0 = all")
    parser.add_argument("--report", type=Path)
    options = parser.parse_args()
    crops = read_frozen(options.frozen, index=options.index, limit=options.limit)
    networks = load_networks(options.models)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        program = run_program(options.program.resolve(), crops, options.models.resolve(), folder)
        found = compare(networks, crops, program, folder / "restored")
    found["program"] = program["summary"]
    text = json.dumps(found, indent=1)
    print(text)
    if options.report:
        options.report.write_text(text + "\n")
    off = {name: value for name, value in found["largest_differences"].items() if value > TOLERANCE}
    if off:
        print(f"agreement: these figures differ by more than {TOLERANCE}: {off}", file=sys.stderr)
    return 1 if off else 0


if __name__ == "__main__":
    sys.exit(main())
