"""Quick scores on the validation split during training; the full measurement is `training.evaluate`."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from training.hole import training_mask
from training.metrics import DetectionScore, psnr_inside
from training.peers import inpaint

if TYPE_CHECKING:
    from training.train import TrainConfig

VALIDATION_DIFFICULTY = 0.5
VALIDATION_BATCH = 8


class Validation:
    """A fixed handful of validation crops, made once; `score` is higher for better weights."""

    def __init__(self, config: TrainConfig, synthesizer: Any, *, device: torch.device) -> None:
        self.stage, self.device = config.stage, device
        synthesizer.difficulty = VALIDATION_DIFFICULTY
        count = max(1, config.validation_crops // VALIDATION_BATCH)
        self.batches = [synthesizer.batch(VALIDATION_BATCH, config.crop_px) for _ in range(count)]
        masks = torch.Generator().manual_seed(7)
        self.holes = [training_mask(batch.target, masks) for batch in self.batches] if self.stage == "fill" else []
        self.telea_db = self._telea() if self.stage == "fill" else math.nan

    def _telea(self) -> float:
        values = []
        for batch, hole in zip(self.batches, self.holes, strict=True):
            for index in range(hole.shape[0]):
                filled = inpaint(batch.damaged[index], hole[index], "telea")[None]
                truth = batch.clean_no_grain[index : index + 1]
                values.append(psnr_inside(filled, truth, (hole * batch.target)[index : index + 1]))
        return mean_of(values)

    @torch.no_grad()
    def score(self, model: nn.Module, *, context_model: nn.Module | None = None) -> dict[str, float]:
        """Figures of the weights in `model`: `score` is average precision (stage 1) or PSNR in the damage in dB (stage 2).

        With `context_model`, a stage 1, stage 2 is scored with its context too; zeros decide all the same.
        """
        model.eval()
        return self._detect(model) if self.stage == "detect" else self._fill(model, context_model)

    def _detect(self, model: nn.Module) -> dict[str, float]:
        score = DetectionScore()
        for batch in self.batches:
            score.add(model.logits(batch.damaged)[0].cpu(), batch.target.cpu(), batch.ignore.cpu())
        average_precision = score.average_precision()
        return {"score": average_precision, "average_precision": average_precision} | score.best()

    def _fill(self, model: nn.Module, context_model: nn.Module | None) -> dict[str, float]:
        with_zeros, with_context, base = [], [], []
        for batch, hole in zip(self.batches, self.holes, strict=True):
            photo = batch.damaged
            zeros = photo.new_zeros(photo.shape[0], 16, photo.shape[2] // 4, photo.shape[3] // 4)
            filling = model.filling(photo, hole, zeros)
            region = hole * batch.target
            with_zeros += each_psnr(filling.fill, batch.clean_no_grain, region)
            base += each_psnr(filling.push_pull, batch.clean_no_grain, region)
            if context_model is not None:
                fill = model.filling(photo, hole, context_model.logits(photo)[1]).fill
                with_context += each_psnr(fill, batch.clean_no_grain, region)
        figures = {"score": mean_of(with_zeros), "psnr": mean_of(with_zeros), "push_pull": mean_of(base), "telea": self.telea_db}
        if with_context:
            figures["psnr_with_context"] = mean_of(with_context)
        return figures


def each_psnr(result: Tensor, truth: Tensor, region: Tensor) -> list[float]:
    """PSNR of every crop of a batch inside its region."""
    result = result.clamp(0.0, 1.0)
    return [psnr_inside(r[None], t[None], m[None]) for r, t, m in zip(result, truth, region, strict=True)]


def mean_of(values: list[float]) -> float:
    """Mean of the values that are numbers."""
    known = [value for value in values if not math.isnan(value)]
    return sum(known) / max(1, len(known))
