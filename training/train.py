"""Trains one stage: `python -m training.train --stage detect --data DIR --minutes 60 --device auto --run RUN`.

The run folder holds `checkpoint.safetensors` (everything needed to go on), `best.safetensors` (best on the
validation split) and `losses.csv`. Stop it at any time; `--resume` goes on where the last checkpoint was written.
"""

from __future__ import annotations

import argparse
import copy
import csv
import json
import math
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from training.checkpoint import load_checkpoint, load_network, load_weights, network_of, save_checkpoint
from training.hole import own_mask, training_mask
from training.losses import detect_loss, fill_loss
from training.models import FRESH, build_model
from training.pool import Crops, PoolMaker, minibatches
from training.validate import Validation


@dataclass(frozen=True)
class TrainConfig:
    """All knobs of a run; printed at its start and stored in its checkpoints."""

    stage: str  # "detect" or "fill"
    minutes: float  # training time in all, resumed parts included
    steps: int = 0  # stop after this many steps instead of by the clock; 0 = by the clock
    seed: int = 1
    crop_px: int = 192  # a multiple of 64
    batch: int = 4
    pool_batches: int = 16  # fresh batches drawn at a time …
    pool_repeats: int = 2  # … and gone through this often, turned and mirrored
    learning_rate: float = 2e-3
    weight_decay: float = 1e-4
    warmup_steps: int = 100
    decay_share: float = 0.35  # the last part of a run, in which the rate falls to 1 %
    ema_decay: float = 0.999
    gradient_clip: float = 1.0
    bf16: bool = True
    difficulty_from: float = 0.2  # share of the run after which damage grows harder
    difficulty_until: float = 0.8
    difficulty_max: float = 0.7
    context_from: float = 0.5  # stage 2: share of the run after which crops see real context …
    context_share: float = 0.5  # … and the share of them that do
    own_mask_share: float = 0.4  # stage 2: share of the crops whose hole is what stage 1 marks, as far as one is at hand
    checkpoint_minutes: float = 0.0  # 0 = CHECKPOINT_MINUTES, by device
    validate_minutes: float = 6.0
    validation_crops: int = 48
    bank_size: int = 600


# What differs between the stages. Stage 1 stays with clear damage: harder damage cost it the obvious cracks.
STAGE_SETTINGS = {
    "detect": {"learning_rate": 2e-3, "difficulty_max": 0.3, "decay_share": 0.2},
    "fill": {"learning_rate": 1e-3},
}


# A GPU does in a minute what a CPU does in an hour, and is often lent for minutes.
CHECKPOINT_MINUTES = {"cpu": 4.0, "cuda": 1.0}


def learning_rate(config: TrainConfig, step: int, progress: float) -> float:
    """Linear warm-up by steps, a flat top, then a half cosine down to 1 % in the last `decay_share`."""
    warm = min(1.0, (step + 1) / config.warmup_steps)
    decay = max(0.0, (progress - (1.0 - config.decay_share)) / config.decay_share)
    return config.learning_rate * warm * (0.01 + 0.99 * 0.5 * (1.0 + math.cos(math.pi * min(1.0, decay))))


def difficulty(config: TrainConfig, progress: float) -> float:
    """Clear damage first: 0 at the start, rising in a straight line between the two shares."""
    span = config.difficulty_until - config.difficulty_from
    return config.difficulty_max * min(1.0, max(0.0, (progress - config.difficulty_from) / span))


@torch.no_grad()
def update_average(averaged: nn.Module, model: nn.Module, decay: float) -> None:
    """Moves every floating tensor of `averaged`, batch-norm statistics included, towards `model`."""
    for target, source in zip(averaged.state_dict().values(), model.state_dict().values(), strict=True):
        if target.dtype.is_floating_point:
            target.lerp_(source.to(target.dtype), 1.0 - decay)
        else:
            target.copy_(source)


class Trainer:
    """Model, averaged weights, optimiser, synthesis and their common state."""

    def __init__(self, config: TrainConfig, synthesizer: Any, *, device: torch.device, detector_weights: Path | None,
                 model: nn.Module | None = None) -> None:
        torch.manual_seed(config.seed)
        self.config, self.synthesizer, self.device = config, synthesizer, device
        self.model = (model or build_model(config.stage)).to(device, memory_format=torch.channels_last)
        self.averaged = copy.deepcopy(self.model).eval().requires_grad_(False)
        self.optimiser = torch.optim.AdamW(self.model.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay)
        self.masks = torch.Generator().manual_seed(config.seed + 1)
        self.step, self.crops, self.elapsed_secs, self.best = 0, 0, 0.0, -math.inf
        self.detector_weights, self.detector = detector_weights, None

    @property
    def progress(self) -> float:
        """How much of the run is done, in [0, 1]."""
        if self.config.steps:
            return min(1.0, self.step / self.config.steps)
        return min(1.0, self.elapsed_secs / (60.0 * self.config.minutes))

    @property
    def checkpoint_minutes(self) -> float:
        """How often a checkpoint is written: as the config says, or every minute on anything but a CPU."""
        return self.config.checkpoint_minutes or CHECKPOINT_MINUTES.get(self.device.type, CHECKPOINT_MINUTES["cuda"])

    def refresh_detector(self) -> None:
        """Takes the current averaged weights of stage 1, for stage 2's context and for masks, once they exist."""
        if self.config.stage == "fill" and self.detector_weights is not None and self.detector_weights.exists():
            model, _ = load_network("detect", self.detector_weights)
            self.detector = model.to(self.device).eval().requires_grad_(False)

    @property
    def feeds_context(self) -> bool:
        """Whether stage 2 sees real context by now."""
        return self.config.context_share > 0.0 and self.progress >= self.config.context_from

    def hole_and_context(self, batch: Crops) -> tuple[Tensor, Tensor]:
        """Stage 2's hole (B, 1, H, W) and context (B, 16, H/4, W/4), zeros in the crops that see none."""
        photo = batch.damaged
        hole = training_mask(batch.target, self.masks)
        zeros = photo.new_zeros(photo.shape[0], 16, photo.shape[2] // 4, photo.shape[3] // 4)
        by_itself, sees = torch.rand(2, photo.shape[0], 1, 1, 1, generator=self.masks).to(photo.device)
        if self.detector is None:
            return hole, zeros
        with torch.no_grad():
            logits, context = self.detector.logits(photo)
        own = own_mask(logits.float(), self.masks)
        marked = own.amax((1, 2, 3), keepdim=True) > 0.0
        hole = torch.where((by_itself < self.config.own_mask_share) & marked, own, hole)
        sees = (sees < self.config.context_share) & self.feeds_context
        return hole, torch.where(sees, context.float(), zeros)

    def loss(self, batch: Crops) -> tuple[Tensor, dict[str, float]]:
        """The stage's loss on a batch, with gradients, and its parts as numbers; stage 2 draws holes for it."""
        autocast = torch.autocast(self.device.type, torch.bfloat16, enabled=self.config.bf16)
        if self.config.stage == "detect":
            with autocast:
                return detect_loss(self.model, batch)
        with autocast:
            hole, context = self.hole_and_context(batch)
            filling = self.model.filling(batch.damaged, hole, context)
        return fill_loss(filling, batch, hole)

    def train_step(self, batch: Crops) -> tuple[float, dict[str, float]]:
        """One step of the optimiser on a batch; weights stay as they are where a gradient is no number. Loss and parts."""
        config = self.config
        for group in self.optimiser.param_groups:
            group["lr"] = learning_rate(config, self.step, self.progress)
        loss, parts = self.loss(batch)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        norm = nn.utils.clip_grad_norm_(self.model.parameters(), config.gradient_clip)
        if torch.isfinite(norm):
            self.optimiser.step()
        update_average(self.averaged, self.model, min(config.ema_decay, (1 + self.step) / (10 + self.step)))
        self.step += 1
        self.crops += batch.clean.shape[0]
        return float(loss.detach()), parts

    def state(self, synthesis: dict[str, Any]) -> dict[str, Any]:
        """Everything a checkpoint holds; `synthesis` is the synthesizer's state before the next pool."""
        return {
            "stage": self.config.stage,
            "config": asdict(self.config),
            "network": asdict(self.model.config),
            "seed": self.config.seed,
            "steps": self.step,
            "crops": self.crops,
            "minutes": self.elapsed_secs / 60.0,
            "best": self.best if math.isfinite(self.best) else None,
            "model": self.model.state_dict(),
            "averaged": self.averaged.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "masks": self.masks.get_state(),
            "random": torch.get_rng_state(),
            "synthesizer": synthesis,
        }

    def load(self, state: dict[str, Any]) -> None:
        """Takes up what `state` gave, random generators included; ends the program if it is of the other stage."""
        if state["stage"] != self.config.stage:
            raise SystemExit(f"the checkpoint is of stage {state['stage']!r}, not {self.config.stage!r}")
        self.model.load_state_dict(state["model"])
        self.averaged.load_state_dict(state["averaged"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.masks.set_state(state["masks"])
        torch.set_rng_state(state["random"])
        self.synthesizer.load_state_dict(state["synthesizer"])
        self.step, self.crops, self.elapsed_secs = state["steps"], state["crops"], state["minutes"] * 60.0
        self.best = state["best"] if state["best"] is not None else -math.inf


class LossLog:
    """`losses.csv`: every one of the first 20 steps, then every 20th."""

    def __init__(self, path: Path) -> None:
        self.file = path.open("a", newline="")
        self.writer = csv.writer(self.file)

    def add(self, trainer: Trainer, loss: float, parts: dict[str, float]) -> None:
        """Writes one row after a step, where a row is due; the first row names the columns."""
        if trainer.step > 20 and trainer.step % 20:
            return
        row = {"step": trainer.step, "minutes": round(trainer.elapsed_secs / 60.0, 2), "loss": round(loss, 5)}
        row |= {name: round(value, 5) for name, value in parts.items()}
        if trainer.step == 1:
            self.writer.writerow(row)
        self.writer.writerow(row.values())
        self.file.flush()


def train(trainer: Trainer, run: Path, validation: Validation | None) -> list[float]:
    """The loop. Returns the losses of the steps taken in this call.

    Checkpoints are written between pools, so that a resumed run draws the crops it would have drawn.
    """
    config = trainer.config
    run.mkdir(parents=True, exist_ok=True)
    log, losses = LossLog(run / "losses.csv"), []
    last_time = last_checkpoint = last_validation = time.monotonic()
    trainer.refresh_detector()
    maker = PoolMaker(trainer.synthesizer, batches=config.pool_batches, batch=config.batch, crop_px=config.crop_px)
    while trainer.progress < 1.0:
        pool = maker.next(difficulty=difficulty(config, trainer.progress))
        for crops in minibatches(pool, batch=config.batch, repeats=config.pool_repeats, generator=trainer.masks):
            loss, parts = trainer.train_step(crops)
            losses.append(loss)
            now = time.monotonic()
            trainer.elapsed_secs += now - last_time
            last_time = now
            log.add(trainer, loss, parts)
            if trainer.step % 200 == 0:
                recent = losses[-200:]
                print(f"step {trainer.step} {trainer.elapsed_secs / 60:.1f} min loss {sum(recent) / len(recent):.4f}", flush=True)
            if trainer.progress >= 1.0:
                break
        if validation is not None and now - last_validation > 60.0 * config.validate_minutes:
            validate(trainer, run, validation)
            last_validation = last_time = time.monotonic()
        if now - last_checkpoint > 60.0 * trainer.checkpoint_minutes:
            save_checkpoint(run / "checkpoint.safetensors", trainer.state(maker.state))
            trainer.refresh_detector()
            last_checkpoint = time.monotonic()
    maker.close()
    if validation is not None:
        validate(trainer, run, validation)
    save_checkpoint(run / "checkpoint.safetensors", trainer.state(maker.state))
    return losses


def validate(trainer: Trainer, run: Path, validation: Validation) -> None:
    """Scores the averaged weights on the validation split and keeps the best."""
    figures = validation.score(trainer.averaged, context_model=trainer.detector if trainer.feeds_context else None)
    figures = {"step": trainer.step, "minutes": round(trainer.elapsed_secs / 60.0, 2)} | figures
    print("validation " + json.dumps(figures), flush=True)
    with (run / "validation.jsonl").open("a") as file:
        file.write(json.dumps(figures) + "\n")
    if figures["score"] > trainer.best:
        trainer.best = figures["score"]
        heavy = ("model", "optimiser", "synthesizer")
        save_checkpoint(run / "best.safetensors", {key: value for key, value in trainer.state({}).items() if key not in heavy})


def choose_device(name: str) -> torch.device:
    """`auto` takes a GPU when there is one."""
    return torch.device(("cuda" if torch.cuda.is_available() else "cpu") if name == "auto" else name)


def fresh_network(stage: str, free_blend: bool | None) -> dict[str, Any]:
    """Settings of a new run's network for `build_model`; None leaves a free blend as new networks have it."""
    if free_blend is None:
        return FRESH[stage]
    if stage != "fill":
        raise SystemExit("--free-blend is for stage 2; leave it out with --stage detect")
    return FRESH[stage] | {"free_blend": free_blend}


def main() -> None:
    """Reads the command line, begins or takes up a run, and trains."""
    from training.synthesis import Synthesizer

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stage", choices=("detect", "fill"), required=True)
    parser.add_argument("--data", type=Path, required=True, help="folder with clean/ photographs and, if any, textures/")
    parser.add_argument("--minutes", type=float, required=True)
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--steps", type=int, default=0)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--bank-size", type=int, default=600)
    parser.add_argument("--detector", type=Path, help="stage 2: weights of stage 1, whose marks serve as masks and whose context is fed")
    parser.add_argument("--context-share", type=float, default=0.5, help="stage 2: share of the crops that see context; 0 for none")
    parser.add_argument("--context-from", type=float, default=0.5, help="stage 2: share of the run after which they see it")
    parser.add_argument("--start-from", type=Path, help="begin a new run with the averaged weights of another")
    parser.add_argument("--free-blend", action=argparse.BooleanOptionalAction,
                        help="stage 2, a new run: blend read and invented by an output of its own; see RestoreConfig")  # fmt: skip
    parser.add_argument("--learning-rate", type=float, help="peak rate; the stage's own without it")
    parser.add_argument("--decay-share", type=float, help="last share of the run in which the rate falls")
    parser.add_argument("--mined", type=Path, help="windows of false alarms, written by training.mining")
    options = parser.parse_args()

    chosen = {"learning_rate": options.learning_rate, "decay_share": options.decay_share}
    settings = STAGE_SETTINGS[options.stage] | {name: value for name, value in chosen.items() if value is not None}
    config = TrainConfig(
        stage=options.stage, minutes=options.minutes, steps=options.steps, seed=options.seed, batch=options.batch,
        bank_size=options.bank_size, context_share=options.context_share, context_from=options.context_from, **settings,
    )  # fmt: skip
    checkpoint = options.run / "checkpoint.safetensors"
    if options.resume != checkpoint.exists():
        raise SystemExit(f"there is no run to go on with; leave --resume out: {options.run}" if options.resume else
                         f"this run exists already; add --resume to go on, or choose another folder: {options.run}")
    resumed = load_checkpoint(checkpoint) if options.resume else None
    device = choose_device(options.device)
    print(json.dumps(asdict(config)), flush=True)

    def synthesizer(split: str, seed: int, bank_size: int) -> Any:
        return Synthesizer(options.data, split=split, seed=seed, device=device, stage=options.stage, bank_size=bank_size)

    drawn = synthesizer("train", config.seed, config.bank_size)
    if options.mined:
        drawn.photos.use_mined(options.mined)
    torch.manual_seed(config.seed)
    model = build_model(options.stage, network_of(resumed) if resumed else fresh_network(options.stage, options.free_blend))
    trainer = Trainer(config, drawn, device=device, detector_weights=options.detector, model=model)
    if resumed:
        trainer.load(resumed)
    elif options.start_from:
        load_weights(trainer.model, options.start_from, grow=True)
        load_weights(trainer.averaged, options.start_from, grow=True)
    validation = Validation(config, synthesizer("validation", 1000, config.bank_size), device=device)
    train(trainer, options.run, validation)


if __name__ == "__main__":
    main()
