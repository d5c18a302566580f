"""An int8 variant of the exported networks, calibrated on training photographs, and what it costs and saves.

    python -m training.quantise --data DATA --frozen training/frozen --out training/runs/int8

QDQ format, static: 8-bit weights by channel, 8-bit activations. The first convolutions (stem), the last ones (head) and
everything before and after them stay in f32. A variant is worth shipping only when it is faster and costs no more than
MOST_AP_LOST or MOST_DB_LOST; this script writes it beside its figures and ships nothing.
"""

from __future__ import annotations

import argparse
import json
import logging
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import onnx
import torch
from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process
from torch import Tensor

from training.evaluate import logit
from training.export import CONTEXT_CHANNELS, CONTRACTS, onnx_runner, seconds_per_megapixel
from training.hole import grow, training_mask
from training.measured_crops import INDEX, INDEX_HELP, FrozenCrop, read_frozen
from training.metrics import DetectionScore
from training.pyramid import detect
from training.support import CONTEXT_STRIDE_PX
from training.synthesis import Synthesizer

MOST_AP_LOST, MOST_DB_LOST = 0.005, 0.1
CROPS, CROP_PX, SEED = 48, 256, 77


def inner_nodes(graph: onnx.GraphProto) -> set[str]:
    """Names of the nodes between stem and head: after a first convolution and before a last one, both left out.

    A first convolution has no other before it, a last one none after it. Convolutions of inputs alone that only bring
    fixed filters or pooled photo along are first ones as well.
    """
    by_output = {name: node for node in graph.node for name in node.output}
    readers: dict[str, list[onnx.NodeProto]] = defaultdict(list)
    for node in graph.node:
        for name in node.input:
            readers[name].append(node)
    after_conv: set[str] = set()
    for node in graph.node:  # topologically sorted, as ONNX demands
        makers = [by_output[name] for name in node.input if name in by_output]
        if any(maker.op_type == "Conv" or maker.name in after_conv for maker in makers):
            after_conv.add(node.name)
    before_conv: set[str] = set()
    for node in reversed(graph.node):
        users = [user for name in node.output for user in readers[name]]
        if any(user.op_type == "Conv" or user.name in before_conv for user in users):
            before_conv.add(node.name)
    return after_conv & before_conv


class Inputs(CalibrationDataReader):
    """Hands the inputs of calibration crops to ONNX Runtime, one after the other."""

    def __init__(self, inputs: Iterable[dict[str, np.ndarray]]) -> None:
        self._inputs = iter(inputs)

    def get_next(self) -> dict[str, np.ndarray] | None:
        """The next crop's inputs by name; None after the last, as ONNX Runtime asks for it."""
        return next(self._inputs, None)


def named_nodes(path: Path, out: Path) -> onnx.ModelProto:
    """Writes the model with shapes inferred and every node named, and returns it."""
    quant_pre_process(str(path), str(out), skip_optimization=True, skip_symbolic_shape=True)
    model = onnx.load(str(out))
    for index, node in enumerate(model.graph.node):
        node.name = node.name or f"{node.op_type}_{index}"
    onnx.save(model, str(out))
    return model


def quantise(path: Path, out: Path, inputs: Iterable[dict[str, np.ndarray]]) -> dict[str, int]:
    """Writes the int8 variant of `path` to `out`; returns how many convolutions are int8 and how many stayed f32."""
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        prepared = Path(folder) / "prepared.onnx"
        graph = named_nodes(path, prepared).graph
        inner = inner_nodes(graph)
        logging.getLogger().setLevel(logging.ERROR)  # it warns of every tensor that is left in f32, which is wanted
        quantize_static(
            str(prepared), str(out), Inputs(inputs), quant_format=QuantFormat.QDQ, per_channel=True,
            weight_type=QuantType.QInt8, activation_type=QuantType.QUInt8, calibrate_method=CalibrationMethod.MinMax,
            nodes_to_exclude=[node.name for node in graph.node if node.name not in inner],
        )
    convolutions = [node for node in graph.node if node.op_type == "Conv"]
    quantised = sum(node.name in inner for node in convolutions)
    return {"int8_convolutions": quantised, "f32_convolutions": len(convolutions) - quantised}


def calibration_inputs(data: Path, stage: str) -> Iterator[dict[str, np.ndarray]]:
    """Damaged crops of the training split as the network's inputs; context is zeros."""
    maker = Synthesizer(data, split="train", seed=SEED, device=torch.device("cpu"), stage=stage)
    generator = torch.Generator().manual_seed(SEED)
    for index in range(CROPS):
        maker.difficulty = index / (CROPS - 1)
        batch = maker.batch(1, CROP_PX)
        inputs = {"photo": batch.damaged.numpy()}
        if stage == "fill":
            side = CROP_PX // CONTEXT_STRIDE_PX
            inputs["mask"] = training_mask(batch.target, generator).numpy()
            inputs["context"] = np.zeros((1, CONTEXT_CHANNELS, side, side), np.float32)
        yield inputs


def average_precision(path: Path, crops: Iterable[FrozenCrop]) -> float:
    """AP of the merged maps."""
    run, score = onnx_runner(path), DetectionScore()
    for crop in crops:
        probability = detect(lambda photo: run(photo)[0], crop.damaged)
        score.add(logit(probability).float(), crop.target, crop.ignore)
    return score.average_precision()


def hole_psnr(path: Path, crops: Iterable[FrozenCrop]) -> float:
    """PSNR in dB over all damaged pixels of the crops, with the true mask grown by 2 px."""
    run, error, count = onnx_runner(path), 0.0, 0.0
    for crop in crops:
        if float(crop.target.sum()) == 0:
            continue
        height, width = crop.damaged.shape[-2:]
        context = torch.zeros(1, CONTEXT_CHANNELS, height // CONTEXT_STRIDE_PX, width // CONTEXT_STRIDE_PX)
        filled: Tensor = run(crop.damaged, grow(crop.target, 2), context)[0]
        error += float((((filled - crop.clean_no_grain) ** 2) * crop.target).sum())
        count += 3.0 * float(crop.target.sum())
    return -10.0 * float(np.log10(max(error / max(count, 1.0), 1e-10)))


def verdict(kind: str, f32: dict[str, float], int8: dict[str, float]) -> dict[str, object]:
    """What int8 loses of `kind` (ap or psnr_db), how much faster it is, and whether it is worth shipping."""
    lost, most = f32[kind] - int8[kind], MOST_AP_LOST if kind == "ap" else MOST_DB_LOST
    speedup = f32["seconds_per_megapixel"] / int8["seconds_per_megapixel"]
    return {"lost": lost, "speedup": speedup, "worth_shipping": lost <= most and speedup > 1.0}


def main() -> None:
    """Makes and measures the int8 variants of both networks."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--frozen", type=Path, required=True)
    parser.add_argument("--index", type=Path, default=INDEX, help=INDEX_HELP)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--models", type=Path, default=Path("models"))
    parser.add_argument("--limit", type=int, default=0, help="measure only this many frozen crops; 0 = all")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--reuse", action="store_true", help="measure the variants that are in --out already")
    parser.add_argument("--only", choices=("quality", "speed"), help="one part instead of both")
    options = parser.parse_args()
    crops = read_frozen(options.frozen, index=options.index, limit=options.limit)
    report: dict[str, dict] = {}
    for stage, kind, measure in (("detect", "ap", average_precision), ("fill", "psnr_db", hole_psnr)):
        name = CONTRACTS[stage].id
        paths = {"f32": options.models / name / "model.onnx", "int8": options.out / name / "model.onnx"}
        entry: dict = {}
        if not (options.reuse and paths["int8"].exists()):
            entry |= quantise(paths["f32"], paths["int8"], calibration_inputs(options.data, stage))
        for variant, path in paths.items():
            figures: dict[str, float] = {"bytes": path.stat().st_size}
            if options.only != "quality":
                figures["seconds_per_megapixel"] = seconds_per_megapixel(path, stage, threads=options.threads)
            if options.only != "speed":
                figures[kind] = measure(path, crops)
            entry[variant] = figures
        if options.only is None:
            entry |= verdict(kind, entry["f32"], entry["int8"])
        report[name] = entry
        print(json.dumps({name: entry}, indent=1), flush=True)
    (options.out / "report.json").write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
