"""What the parts of stage 2 are worth: variants trained alike on small crops, then measured on the frozen set.

`python -m training.ablation --data DATA --detector stage1.safetensors --frozen training/frozen --out training/runs/ablation`

Every variant sees the same crops in the same order (but the one with another seed), the same number of steps and the
same settings. Each is measured once, when its training ends; a variant whose report is there already is left alone, so
that the command can be stopped and, with `--only`, run side by side.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from training.evaluate import HOLE_GROWTH_PX, ErrorByClass, classes_of
from training.hole import grow
from training.measured_crops import INDEX, INDEX_HELP, read_frozen
from training.models import FRESH, build_model
from training.train import STAGE_SETTINGS, TrainConfig, Trainer, choose_device, train

CROP_PX = 128
BATCH = 8
DIFFERENCE_DB = 0.1  # smaller differences are called none


@dataclass(frozen=True)
class Variant:
    """One network and how it is trained."""

    network: dict[str, Any] = field(default_factory=dict)  # what differs from a fresh network, of RestoreConfig
    context_share: float = 0.5
    seed: int = 1


VARIANTS = {
    "full": Variant(),
    "full, other seed": Variant(seed=2),
    "without SCAM": Variant({"scam": False}),
    "without context": Variant(context_share=0.0),
    "what lies under the mask discarded": Variant({"reads_hole": False}),
    "without un-mixing": Variant({"unmix": False}),
    "with a free blend": Variant({"free_blend": True}),
    "without SCAM and un-mixing, with a free blend": Variant({"scam": False, "unmix": False, "free_blend": True}),
    "plain U-Net": Variant({"scam": False, "prior": False}),
}


def train_variant(variant: Variant, synthesizer: Any, *, steps: int, detector: Path, device: torch.device, run: Path,
                  crop_px: int = CROP_PX) -> Trainer:
    """Trains a variant from fresh weights and leaves its checkpoint in `run`."""
    config = TrainConfig(
        stage="fill", minutes=0.0, steps=steps, seed=variant.seed, crop_px=crop_px, batch=BATCH, pool_batches=8,
        context_from=0.0, context_share=variant.context_share, **STAGE_SETTINGS["fill"],
    )  # fmt: skip
    torch.manual_seed(variant.seed)
    model = build_model("fill", FRESH["fill"] | variant.network)
    trainer = Trainer(config, synthesizer, device=device, detector_weights=detector, model=model)
    train(trainer, run, None)
    return trainer


@torch.no_grad()
def measure_variant(trainer: Trainer, crops: Any, *, with_context: bool) -> dict[str, dict[str, float]]:
    """PSNR in dB by class of damage, of fills with zeros for context and, if asked, with stage 1's context."""
    model, detector, device = trainer.averaged.eval(), trainer.detector, trainer.device
    errors = ErrorByClass()

    def filled(photo: Tensor, hole: Tensor, context: Tensor) -> Tensor:
        return model.filling(photo, hole, context).fill.clamp(0.0, 1.0).float().cpu()

    methods = ["zeros", *(["context"] if with_context else [])]
    for crop in crops:
        if float(crop.target.sum()) == 0:
            continue
        photo, hole = crop.damaged.to(device), grow(crop.target, HOLE_GROWTH_PX).to(device)
        zeros = photo.new_zeros(1, 16, photo.shape[2] // 4, photo.shape[3] // 4)
        results = {"zeros": filled(photo, hole, zeros)}
        if with_context:
            results["context"] = filled(photo, hole, detector.logits(photo)[1])
        errors.add(results, crop.clean_no_grain, classes_of(crop))
    return errors.table(methods)


def table(reports: dict[str, dict]) -> str:
    """The variants as rows of a Markdown table; differences are to the first."""
    classes = ("all", "opaque", "veiled", "see_through")
    lines = ["| variant | context at measuring | " + " | ".join(name.replace("_", "-") for name in classes) + " |"]
    lines.append("|---" * (len(classes) + 2) + "|")
    for name in (name for name in VARIANTS if name in reports):
        psnr = reports[name]["psnr"]
        for fed in ("context", "zeros"):
            if fed in psnr["all"]:
                lines.append(f"| {name} | {fed} | " + " | ".join(f"{psnr[one][fed]:.2f}" for one in classes) + " |")
    return "\n".join(lines)


def main() -> None:
    """Trains and measures the variants that have no report yet and prints the table."""
    from training.synthesis import Synthesizer

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--detector", type=Path, required=True, help="weights of stage 1")
    parser.add_argument("--frozen", type=Path, required=True)
    parser.add_argument("--index", type=Path, default=INDEX, help=INDEX_HELP)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=4000)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--only", nargs="+", choices=VARIANTS, default=list(VARIANTS))
    options = parser.parse_args()
    device = choose_device(options.device)
    options.out.mkdir(parents=True, exist_ok=True)
    crops = read_frozen(options.frozen, index=options.index)
    for name in options.only:
        report = options.out / f"{name.replace(' ', '_').replace(',', '')}.json"
        if report.exists():
            continue
        variant = VARIANTS[name]
        synthesizer = Synthesizer(options.data, split="train", seed=variant.seed, device=device, stage="fill")
        trainer = train_variant(variant, synthesizer, steps=options.steps, detector=options.detector, device=device,
                                run=report.with_suffix(""))  # fmt: skip
        psnr = measure_variant(trainer, crops, with_context=variant.context_share > 0.0)
        found = {"variant": name, "steps": trainer.step, "crops": trainer.crops, "minutes": trainer.elapsed_secs / 60.0}
        report.write_text(json.dumps(found | {"psnr": psnr}, indent=1) + "\n")
    reports = [json.loads(file.read_text()) for file in options.out.glob("*.json")]
    print(table({report["variant"]: report for report in reports}))


if __name__ == "__main__":
    main()
