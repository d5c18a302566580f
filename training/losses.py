"""Training losses of both stages; no metric and no threshold lives here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn import functional as F

from training.models.restore import Filling
from training.models.scratch_context import ScratchContext

if TYPE_CHECKING:
    from training.synthesis import Batch

# Stage 1
HARD_NEGATIVE_SHARE = 0.2
LEAST_DAMAGE_SHARE = 0.01
DICE_WEIGHT = 0.3
COARSE_WEIGHT = 0.2
# Stage 2
RIM_PX = 4
LAPLACIAN_LEVELS = 3
GRADIENT_WEIGHT = 0.5
RECOVERED_WEIGHT = 0.1
GATE_WEIGHT = 0.1
DEVIATION_WINDOW_PX = 11
DEVIATION_FLOOR = 0.02


def width_weight(width: Tensor) -> Tensor:
    """√(3 / width) with the width in px clipped to 1..12: thin lines count more a pixel, wide cracks are not forgotten."""
    return (3.0 / width.clamp(1.0, 12.0)).sqrt()


def hardest(loss: Tensor, share: float) -> Tensor:
    """The threshold above which about `share` of the values of `loss` lie, from every seventh value."""
    sample = loss[::7]
    keep = max(1, int(sample.numel() * share))
    return sample.topk(keep).values[-1]


def balanced_entropy(logits: Tensor, batch: Batch) -> Tensor:
    """Cross entropy in which damage and the hardest 20 % of sound pixels weigh the same.

    With one mean over both, hard sound pixels outweigh the insides of wide cracks, which are then never learned.
    """
    entropy = F.binary_cross_entropy_with_logits(logits, batch.target, reduction="none")
    valid = batch.ignore < 0.5
    positive = (batch.target > 0.5) & valid
    negatives = entropy[(batch.target <= 0.5) & valid]
    negatives = negatives[negatives >= hardest(negatives.detach(), HARD_NEGATIVE_SHARE)]
    weight = width_weight(batch.width)[positive]
    # The floor keeps a handful of damaged pixels from outweighing a batch that is otherwise sound.
    floor = LEAST_DAMAGE_SHARE * entropy.numel()
    damage = (entropy[positive] * weight).sum() / weight.sum().clamp_min(floor)
    return 0.5 * (damage + negatives.mean())


def detect_loss(model: ScratchContext, batch: Batch) -> tuple[Tensor, dict[str, float]]:
    """Weighted cross entropy with hard negatives, soft Dice, and the coarse background behind the damage."""
    logits, context = model.logits(batch.damaged)
    logits, context = logits.float(), context.float()
    target, valid = batch.target, 1.0 - batch.ignore
    cross_entropy = balanced_entropy(logits, batch)

    probability = torch.sigmoid(logits) * valid
    overlap = (probability * target).sum()
    dice = 1.0 - (2.0 * overlap + 1.0) / (probability.sum() + (target * valid).sum() + 1.0)

    background, coarse_logits = model.coarse(batch.damaged, context)
    background_loss = (background.float() - F.avg_pool2d(batch.clean_no_grain, 4)).abs().mean()
    coarse_loss = F.binary_cross_entropy_with_logits(coarse_logits.float(), F.max_pool2d(target * valid, 4))
    loss = cross_entropy + DICE_WEIGHT * dice + COARSE_WEIGHT * (10.0 * background_loss + coarse_loss)
    parts = {"bce": cross_entropy, "dice": dice, "background": background_loss, "coarse": coarse_loss}
    return loss, {name: float(value.detach()) for name, value in parts.items()}


def readable_share(batch: Batch) -> Tensor:
    """r* = T²s² / (T²s² + n²), (B, 1, H, W): how much signal survives in what shows through.

    T is the damage's transmission, s the local deviation of the clean crop, n the noise and grain the batch states.
    """
    window = DEVIATION_WINDOW_PX
    luma = batch.clean_no_grain.mean(dim=1, keepdim=True)

    def blur(x: Tensor) -> Tensor:
        return F.avg_pool2d(x, window, stride=1, padding=window // 2, count_include_pad=False)

    variance = (blur(luma * luma) - blur(luma) ** 2).clamp_min(DEVIATION_FLOOR**2)
    signal = batch.transmission**2 * variance
    return signal / (signal + batch.noise**2)


def laplacian_loss(difference: Tensor, region: Tensor) -> Tensor:
    """L1 of a three-level Laplacian pyramid of the difference, each level averaged over the region."""
    total = difference.new_zeros(())
    for _ in range(LAPLACIAN_LEVELS):
        coarse = F.avg_pool2d(difference, 2)
        band = difference - F.interpolate(coarse, scale_factor=2.0, mode="bilinear", align_corners=False)
        total = total + region_mean(band.abs(), region)
        difference, region = coarse, F.max_pool2d(region, 2)
    return total + region_mean(difference.abs(), region)


def region_mean(value: Tensor, region: Tensor) -> Tensor:
    """Mean of `value` (B, C, H, W) over `region` (B, 1, H, W)."""
    return (value * region).sum() / (region.sum() * value.shape[1] + 1.0)


def fill_loss(filling: Filling, batch: Batch, hole: Tensor) -> tuple[Tensor, dict[str, float]]:
    """Charbonnier, Laplacian and gradient terms on the hole and its rim; r and the gates follow r*."""
    region = F.max_pool2d(hole, 2 * RIM_PX + 1, stride=1, padding=RIM_PX)
    share = readable_share(batch)
    # What can be read keeps its grain; what is invented has none.
    target = batch.clean_no_grain + share * (batch.clean - batch.clean_no_grain)
    difference = filling.fill.float() - target
    charbonnier = region_mean((difference**2 + 1e-6).sqrt(), region)
    laplacian = laplacian_loss(difference, region)
    across = region_mean((difference[..., :, 1:] - difference[..., :, :-1]).abs(), region[..., :, 1:])
    down = region_mean((difference[..., 1:, :] - difference[..., :-1, :]).abs(), region[..., 1:, :])

    entropy = F.binary_cross_entropy_with_logits(filling.recovered_logits.float(), share, reduction="none")
    recovered = region_mean(entropy, hole)
    gates = difference.new_zeros(())
    for gate in filling.gates:
        step = hole.shape[-1] // gate.shape[-1]
        inside = F.max_pool2d(hole, step)
        known = F.avg_pool2d(share * hole, step) / F.avg_pool2d(hole, step).clamp_min(1e-3)
        gate_entropy = F.binary_cross_entropy(gate.float().clamp(1e-4, 1.0 - 1e-4), known.clamp(0.0, 1.0), reduction="none")
        gates = gates + region_mean(gate_entropy, inside)
    loss = charbonnier + laplacian + GRADIENT_WEIGHT * (across + down)
    loss = loss + RECOVERED_WEIGHT * recovered + GATE_WEIGHT * gates
    parts = {"charbonnier": charbonnier, "laplacian": laplacian, "recovered": recovered, "gates": gates}
    return loss, {name: float(value.detach()) for name, value in parts.items()}
