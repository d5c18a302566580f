"""Synthesis of training crops: sound photographs are aged, damaged and captured; networks and losses live elsewhere."""

from __future__ import annotations

import dataclasses
import zlib
from pathlib import Path

import cv2
import numpy as np
import torch

from ..data import CleanPhotos
from . import ageing, capture, compositing
from .bank import load_bank
from .mixture import BROKEN_KINDS, Layers, Mixer, pixel_grid
from .switches import SynthesisSwitches

__all__ = ["Batch", "Synthesizer", "SynthesisSwitches"]


@dataclasses.dataclass
class Batch:
    """A batch of B synthetic crops, all float32 on the synthesizer's device; images are RGB code values in [0, 1].

    `clean` (B, 3, H, W) is the aged and captured crop without damage, `clean_no_grain` the same before grain,
    noise and JPEG (to measure against), `damaged` the crop with damage and noise of its own. `target`
    (B, 1, H, W) is 1 where damage visibly changed the crop, `ignore` 1 where nothing is judged, `width` the
    local width of the damage in px inside the target and 0 elsewhere, `transmission` Π(1 − α): 1 where
    untouched, 0 where opaque. `noise` (B, 1, 1, 1) is noise + grain + 0.01.
    """

    clean: torch.Tensor
    clean_no_grain: torch.Tensor
    damaged: torch.Tensor
    target: torch.Tensor
    ignore: torch.Tensor
    width: torch.Tensor
    transmission: torch.Tensor
    noise: torch.Tensor


class Synthesizer:
    """Makes batches of crops from `data_dir/clean` and `data_dir/textures`, the same ones for the same seed.

    `split` is 'train' or 'validation': photographs, textures and drawn damage of the two never meet. `stage` is
    'detect' or 'fill'. `difficulty` may be changed between batches, from 0 (clear damage) to 1 (down to faint).
    """

    def __init__(self, data_dir: Path, *, split: str, seed: int, device: torch.device, stage: str,
                 difficulty: float = 0.0, bank_size: int = 600,
                 switches: SynthesisSwitches = SynthesisSwitches()) -> None:
        self.photos = CleanPhotos(data_dir, split=split, seed=seed)
        self.device = torch.device(device)
        self.difficulty = difficulty
        self.switches = switches
        bank = load_bank(Path(data_dir), split=split, seed=0, size=bank_size)
        self.mixer = Mixer(bank, stage=stage, switches=switches)
        streams = [seed, zlib.crc32(stage.encode()), zlib.crc32(split.encode())]
        self.last_kinds: list[tuple[str, ...]] = []  # the kinds of damage on each crop of the last batch
        self._rng = np.random.default_rng(streams)
        self._generator = torch.Generator(device=self.device)
        self._generator.manual_seed(int(self._rng.integers(2**62)))

    def state_dict(self) -> dict[str, object]:
        """The state of both random generators; with it a resumed run draws the batches it would have drawn."""
        return {"numpy": self._rng.bit_generator.state, "torch": self._generator.get_state().cpu(),
                "difficulty": self.difficulty}

    def load_state_dict(self, state: dict[str, object]) -> None:
        """Takes up the state that `state_dict` gave."""
        self._rng.bit_generator.state = state["numpy"]
        self._generator.set_state(state["torch"].cpu())
        self.difficulty = float(state["difficulty"])

    @torch.no_grad()
    def batch(self, count: int, size: int) -> Batch:
        """`count` crops of `size` px, a multiple of 8 and at most 512."""
        kinds = []
        part = ageing.CPU_PART if self.device.type == "cpu" else count
        whole: dict[str, torch.Tensor] = {}
        for first in range(0, count, part):
            photos = np.stack([self.photos.crop(self._rng, size) for _ in range(min(part, count - first))])
            made = vars(self.batch_from(photos))
            kinds += self.last_kinds
            for name, field in made.items():
                # Copied at once, so that the parts' memory is used again instead of being fetched anew.
                whole.setdefault(name, field.new_empty(count, *field.shape[1:]))[first:first + len(field)] = field
        self.last_kinds = kinds
        return Batch(**whole)

    @torch.no_grad()
    def batch_from(self, photos: np.ndarray) -> Batch:
        """A batch made of given sound crops, uint8 RGB (B, H, W, 3) with H = W."""
        rng, generator = self._rng, self._generator
        count, size = photos.shape[:2]
        plan = ageing.plan_ageing(rng, count, self.switches)
        warmth = np.asarray(plan.light_tint)
        brightness = np.array([sum(cv2.sumElems(photo)) for photo in photos]) / (photos[0].size * 255)
        damage = self.mixer.damage_layers(rng, brightness=brightness, warmth=warmth, size=size,
                                          difficulty=self.difficulty)
        self.last_kinds = [tuple(kind for row, kind in enumerate(damage.kinds) if damage.crop[row] == crop)
                           for crop in range(count)]
        photos, step, seam = self._displace(photos, damage)
        # Planes one after the other from here on: mixed layouts of memory make everything that follows slow.
        image = torch.from_numpy(photos).to(self.device).permute(0, 3, 1, 2).contiguous().float().div_(255)
        image = ageing.tone_and_fade(image, plan)
        if step.any():
            image += torch.from_numpy(step).to(self.device)
        image = compositing.composite(image.clamp_(0, 1), self.mixer.negative_layers(rng, count=count, size=size)).image
        rows = plan.blur_variance.nonzero()[0]
        if len(rows):
            image[rows] = ageing.gaussian_blur(image[rows], ageing.column(plan.blur_variance[rows], self.device))
        stained = compositing.composite(image, self.mixer.stain_layers(rng, count=count, size=size))
        plain = ageing.light_and_paper(stained.image, plan, generator).clamp_(0, 1)
        aged = (plain + ageing.grain_for(plain, plan, generator)).clamp_(0, 1)
        damaged = compositing.composite(aged, damage)
        return self._captured(plain, aged, damaged, plan, doubtful=torch.maximum(
            (stained.transmission < 0.8).float(), torch.from_numpy(seam).to(self.device)))

    def _captured(self, plain: torch.Tensor, aged: torch.Tensor, damaged: compositing.Composite,
                  plan: ageing.AgeingPlan, *, doubtful: torch.Tensor) -> Batch:
        """Captures the crops and labels what the damage visibly changed."""
        count = len(plain)
        lens = capture.plan_capture(self._rng, count, self.switches)
        seen = capture.optics(torch.cat([plain, aged, damaged.image]), lens, copies=3)
        plain_seen, aged_seen, damaged_seen = seen.clamp_(0, 1).chunk(3)
        variance = ageing.column(lens.psf_variance, self.device)
        transmission = ageing.gaussian_blur(damaged.transmission, variance)
        grain = ageing.column(plan.grain, self.device)
        labels = compositing.label(aged_seen, damaged_seen, damaged, doubtful=doubtful, grain=grain)
        clean, with_damage = capture.sensor(seen[count:], lens, self._generator, copies=2).chunk(2)
        noise = ageing.column(lens.noise, self.device) + grain + 0.01
        return Batch(clean, plain_seen, with_damage, labels.target, labels.ignore, labels.width,
                     transmission.clamp(0, 1), noise)

    def _displace(self, photos: np.ndarray, damage: Layers) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Moves the halves of some broken prints apart: photos, a step of lightness and the seam, (B, 1, H, W) each.

        Both the sound and the damaged crop are moved, as no fill can move them back; the seam is not judged.
        """
        count, size = photos.shape[:2]
        step = np.zeros((count, 1, size, size), np.float32)
        seam = np.zeros((count, 1, size, size), np.float32)
        if not self.switches.displaced_halves:
            return photos, step, seam
        photos = photos.copy()
        y, x = pixel_grid(size)
        for row, crop in enumerate(damage.crop.tolist()):
            if damage.kinds[row] not in BROKEN_KINDS:
                continue
            side = damage.planes[row, 4].astype(np.float32) / 127 - 1
            if np.ptp(side) < 1.5 or self._rng.random() < 0.5:
                continue
            half = side * 0.5
            move = self._rng.uniform(-4, 4, 2) * self._rng.random()
            turn = np.deg2rad(self._rng.uniform(-0.5, 0.5))
            map_x = x + half * (move[0] - turn * (y - size / 2))
            map_y = y + half * (move[1] + turn * (x - size / 2))
            photos[crop] = cv2.remap(photos[crop], map_x.astype(np.float32), map_y.astype(np.float32),
                                     cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
            step[crop, 0] += half * self._rng.uniform(-0.06, 0.06)
            near = np.ones((5, 5), np.uint8)
            one, other = (cv2.dilate((sign * side > 0.6).astype(np.uint8), near) for sign in (1, -1))
            seam[crop, 0] = np.maximum(seam[crop, 0], one & other)
        return photos, step, seam
