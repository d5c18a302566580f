"""How many training crops a second one core, or a GPU, makes: `python -m training.synthesis_rate --data DATA --seconds 30`.

Crops are only made, nothing is trained; the bank of drawings and the photographs' files are read before the clock starts,
decoding photographs seen for the first time counts, as it does in a training.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import cv2
import torch

from training.synthesis import Synthesizer
from training.train import choose_device

BATCH = 4
DIFFICULTY = 0.5


def crops_a_second(synthesizer: Synthesizer, *, seconds: float, crop_px: int, batch: int = BATCH) -> dict[str, float]:
    """Makes batches for at least `seconds`, at least one: crops, wall seconds, processor seconds and crops by each."""
    device = synthesizer.device

    def make() -> None:
        synthesizer.batch(batch, crop_px)
        if device.type == "cuda":
            torch.cuda.synchronize(device)

    make()  # the first batch fetches memory and loads kernels
    crops, begun, worked = 0, time.perf_counter(), time.process_time()
    while crops == 0 or time.perf_counter() - begun < seconds:
        make()
        crops += batch
    wall, processor = time.perf_counter() - begun, time.process_time() - worked
    return {
        "crops": crops, "wall_seconds": wall, "processor_seconds": processor,
        "crops_a_second": crops / wall, "crops_a_processor_second": crops / max(processor, 1e-9),
    }  # fmt: skip


def main() -> None:
    """Measures one thread of synthesis for each stage; a busy machine lowers `crops_a_second`, not the other figure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with clean/ photographs and, if any, textures/")
    parser.add_argument("--seconds", type=float, default=30.0, help="for each stage")
    parser.add_argument("--size", type=int, default=192, help="side of a crop in px, a multiple of 8")
    parser.add_argument("--batch", type=int, default=BATCH)
    parser.add_argument("--bank-size", type=int, default=600)
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    report = {}
    for stage in ("detect", "fill"):
        synthesizer = Synthesizer(options.data, split="train", seed=1, device=choose_device(options.device), stage=stage,
                                  difficulty=DIFFICULTY, bank_size=options.bank_size)  # fmt: skip
        figures = crops_a_second(synthesizer, seconds=options.seconds, crop_px=options.size, batch=options.batch)
        report[stage] = {name: round(value, 6) for name, value in figures.items()}
    print(json.dumps({"crop_px": options.size, "batch": options.batch, "device": options.device} | report, indent=1))


if __name__ == "__main__":
    main()
