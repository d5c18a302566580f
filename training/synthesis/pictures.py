"""Picture sheets of every kind of damage, look-alike and ageing, each drawn alone on a procedural scene.

    python -m training.synthesis.pictures [--out training/pictures]

No photograph goes into a sheet: scene and stamps are drawn here.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import cv2
import numpy as np
import torch

from . import Synthesizer, SynthesisSwitches
from . import primitives as draw
from .switches import AGEING, DAMAGE, NEGATIVES

TILE_PX = 192
COLUMNS = 6
TRIES = 10  # crops drawn for each kind; the one that shows most, but not too much, is taken


def procedural_scene(seed: int, size: int = TILE_PX) -> np.ndarray:
    """A scene with sky, hills, a house-like block and a figure, uint8 RGB (size, size, 3)."""
    rng = np.random.default_rng(seed)
    ramp = np.linspace(0.82, 0.6, size, dtype=np.float32)[:, None]
    scene = ramp + 0.03 * draw.fractal_noise(rng, (size, size), coarsest=size / 2)
    x = np.arange(size)
    for base, level in ((0.55, 0.5), (0.7, 0.38), (0.85, 0.25)):
        hill = (base + 0.05 * draw.line_noise(rng, size, coarsest=size / 3, octaves=5)) * size
        below = np.arange(size)[:, None] > hill[None, x]
        texture = level + 0.05 * draw.fractal_noise(rng, (size, size), coarsest=12)
        scene = np.where(below, texture, scene).astype(np.float32)
    left, top = int(rng.uniform(0.55, 0.7) * size), int(0.45 * size)
    cv2.rectangle(scene, (left, top), (left + size // 5, int(0.75 * size)), 0.7, -1, cv2.LINE_AA)
    cv2.rectangle(scene, (left + 8, top + 12), (left + 18, top + 24), 0.15, -1, cv2.LINE_AA)
    middle = int(rng.uniform(0.2, 0.4) * size)
    cv2.ellipse(scene, (middle, int(0.9 * size)), (size // 7, size // 3), 0, 0, 360, 0.18, -1, cv2.LINE_AA)
    cv2.circle(scene, (middle, int(0.5 * size)), size // 11, 0.72, -1, cv2.LINE_AA)
    scene = draw.blur(scene, 0.8)
    tint = np.array([1.0, 0.98, 0.94], np.float32)
    return (np.clip(scene[..., None] * tint, 0, 1) * 255).astype(np.uint8)


def tile_of(kind: str, data_dir: Path) -> np.ndarray:
    """A captioned tile of one kind, uint8 BGR; damage has its target beside it: white damage, grey not judged."""
    maker = Synthesizer(data_dir, split="all", seed=7, device=torch.device("cpu"), stage="detect", difficulty=0.2,
                        bank_size=150, switches=SynthesisSwitches.only(kind))
    photo = np.stack([procedural_scene(3)] * TRIES)
    batch = maker.batch_from(photo)
    if kind == "displaced_halves":
        maker = Synthesizer(data_dir, split="all", seed=7, device=torch.device("cpu"), stage="detect",
                            bank_size=150, switches=SynthesisSwitches.only(kind, "torn_crack"))
        batch = maker.batch_from(photo)
    sound = torch.from_numpy(photo).permute(0, 3, 1, 2) / 255
    shown = batch.damaged if kind in DAMAGE or kind == "displaced_halves" else batch.clean
    amount = (shown - sound).abs().amax(1).gt(0.03).float().mean((1, 2))
    best = int((amount - 100 * (amount > 0.3).float() * float(kind in DAMAGE)).argmax())
    picture = _bgr(shown[best])
    if kind in DAMAGE:
        mask = (batch.target[best, 0] * 255 + batch.ignore[best, 0] * 110).numpy().astype(np.uint8)
        picture = np.hstack([picture, cv2.cvtColor(mask, cv2.COLOR_GRAY2BGR)])
    caption = np.full((22, picture.shape[1], 3), 255, np.uint8)
    cv2.putText(caption, kind.replace("_", " "), (4, 16), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (0, 0, 0), 1, cv2.LINE_AA)
    return np.vstack([picture, caption])


def _bgr(image: torch.Tensor) -> np.ndarray:
    return np.ascontiguousarray((image.permute(1, 2, 0).numpy()[..., ::-1] * 255).round().astype(np.uint8))


def sheet_of(tiles: list[np.ndarray], columns: int) -> np.ndarray:
    """The tiles in rows, the last row filled with white."""
    blank = np.full_like(tiles[0], 255)
    tiles = tiles + [blank] * (-len(tiles) % columns)
    return np.vstack([np.hstack(tiles[first:first + columns]) for first in range(0, len(tiles), columns)])


def main() -> None:
    """Writes damage.jpg, lookalikes.jpg and ageing.jpg."""
    parser = argparse.ArgumentParser(description="draw one picture of every kind of the synthesis")
    parser.add_argument("--out", type=Path, default=Path(__file__).parents[1] / "pictures")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    arguments.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        data_dir = Path(folder)
        (data_dir / "clean").mkdir()
        cv2.imwrite(str(data_dir / "clean" / "scene.png"), procedural_scene(3))
        for name, kinds, columns in (("damage", DAMAGE, COLUMNS // 2), ("lookalikes", NEGATIVES, COLUMNS),
                                     ("ageing", AGEING, COLUMNS)):
            sheet = sheet_of([tile_of(kind, data_dir) for kind in kinds], columns)
            cv2.imwrite(str(arguments.out / f"{name}.jpg"), sheet, [cv2.IMWRITE_JPEG_QUALITY, 85])
            print(f"wrote {arguments.out / name}.jpg")


if __name__ == "__main__":
    main()
