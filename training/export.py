"""Writes a stage's ONNX file, its manifest and its parity fixture, and refuses what breaks the contract.

`python -m training.export --stage detect --weights RUN/checkpoint.safetensors --models models --fixtures tests/fixtures`
"""

from __future__ import annotations

import argparse
import copy
import hashlib
import json
import time
import warnings
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import tomli_w
import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from training.calibration import Calibration
from training.checkpoint import load_network, save_checkpoint
from training.flops import flop_per_px
from training.models import build_model
from training.models.blocks import ConvUnit
from training.support import CONTEXT_STRIDE_PX, GRID_PX, Support, example_inputs, measure_support, tile_difference

OPSET = 17
PARITY_TOLERANCE = 1e-3
TILE_TOLERANCE = 1.0 / 255.0
MAX_FILE_BYTES = 12 * 1024 * 1024
ALLOWED_OPERATORS = {
    "Conv", "LeakyRelu", "Relu", "Sigmoid", "Resize", "Concat", "Slice", "Add", "Sub", "Mul", "Div", "Clip", "Abs",
    "AveragePool", "MaxPool", "DepthToSpace",
}  # fmt: skip
# They carry weights and names, not work.
FREE_OPERATORS = {"Constant", "Identity"}
CONTEXT_CHANNELS = 16


@dataclass(frozen=True)
class StageContract:
    """Names and meanings that the application relies on."""

    id: str
    contract: str
    inputs: tuple[tuple[str, int, int, str], ...]  # name, channels, px per cell, meaning
    outputs: tuple[tuple[str, int, int, str], ...]


PHOTO = ("photo", 3, 1, "RGB in [0, 1]: code values / their maximum; grey is repeated")
CONTEXT = ("context", CONTEXT_CHANNELS, CONTEXT_STRIDE_PX, "scratch context, unbounded; zeros are legal")
CONTRACTS = {
    "detect": StageContract(
        "scratch-context",
        "scratch_context_v1",
        (PHOTO,),
        (("scratch_probability", 1, 1, "probability of damage in [0, 1], calibrated to the thresholds"), CONTEXT),
    ),
    "fill": StageContract(
        "restore",
        "restore_v1",
        (PHOTO, ("mask", 1, 1, "> 0 = hole, 0 = sound"), CONTEXT),
        (
            ("fill", 3, 1, "RGB in [0, 1]; of use inside the hole only"),
            ("recovered", 1, 1, "share in [0, 1] read through the damage rather than invented"),
        ),
    ),
}


def fold_batch_norm(model: nn.Module) -> nn.Module:
    """A copy of `model` in evaluation mode with every batch norm folded into its convolution."""
    folded = copy.deepcopy(model).eval()
    for module in folded.modules():
        if isinstance(module, ConvUnit) and isinstance(module.norm, nn.BatchNorm2d):
            module.conv = fuse_conv_bn_eval(module.conv, module.norm)
            module.norm = nn.Identity()
    return folded


def write_onnx(model: nn.Module, stage: str, path: Path) -> None:
    """Exports with dynamic N, H and W, then checks the graph and its operators."""
    contract = CONTRACTS[stage]
    inputs = example_inputs(stage, 128, 128)

    def axes(step: int) -> dict[int, str]:
        return {0: "N", 2: "H", 3: "W"} if step == 1 else {0: "N", 2: f"H_{step}", 3: f"W_{step}"}

    tensors = contract.inputs + contract.outputs
    with warnings.catch_warnings():
        # The TorchScript exporter is used because it writes the plain operator list above.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            model,
            inputs,
            str(path),
            input_names=[entry[0] for entry in contract.inputs],
            output_names=[entry[0] for entry in contract.outputs],
            dynamic_axes={entry[0]: axes(entry[2]) for entry in tensors},
            opset_version=OPSET,
            do_constant_folding=True,
            dynamo=False,
        )
    graph = onnx.load(str(path))
    onnx.checker.check_model(graph, full_check=True)
    used = {node.op_type for node in graph.graph.node}
    if extra := used - ALLOWED_OPERATORS - FREE_OPERATORS:
        raise SystemExit(f"operators outside the contract: {sorted(extra)} in {path}")
    if path.stat().st_size > MAX_FILE_BYTES:
        raise SystemExit(f"model file is larger than {MAX_FILE_BYTES} bytes: {path}")


def onnx_runner(path: Path, *, threads: int = 1):
    """A function from input tensors to output tensors through ONNX Runtime on the CPU."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    names = [entry.name for entry in session.get_inputs()]

    def run(*inputs: Tensor) -> list[Tensor]:
        feed = {name: value.numpy() for name, value in zip(names, inputs, strict=True)}
        return [torch.from_numpy(value) for value in session.run(None, feed)]

    return run


def torch_runner(model: nn.Module):
    """A function from input tensors to output tensors through torch, without gradients."""

    def run(*inputs: Tensor) -> list[Tensor]:
        with torch.no_grad():
            return list(model(*inputs))

    return run


def check_parity(model: nn.Module, stage: str, path: Path) -> float:
    """Largest difference between torch and ONNX Runtime over several sizes and a batch of two."""
    run_torch, run_onnx = torch_runner(model), onnx_runner(path)
    worst = 0.0
    for batch, height, width in ((1, 64, 64), (2, 128, 192), (1, 256, 128)):
        inputs = tuple(value.repeat(batch, 1, 1, 1) for value in example_inputs(stage, height, width, seed=height))
        for got, want in zip(run_onnx(*inputs), run_torch(*inputs), strict=True):
            worst = max(worst, float((got - want).abs().max()))
    if worst > PARITY_TOLERANCE:
        raise SystemExit(f"ONNX Runtime differs from torch by {worst:.2e}: {path}")
    return worst


def write_fixture(model: nn.Module, stage: str, path: Path) -> None:
    """A 64×64 input and torch's answer, for the application's own tests."""
    contract = CONTRACTS[stage]
    inputs = example_inputs(stage, 64, 64, seed=11)

    def listed(entries: tuple[tuple[str, int, int, str], ...], values) -> dict[str, dict]:
        return {
            entry[0]: {"shape": list(value.shape), "data": [round(float(v), 6) for v in value.flatten()]}
            for entry, value in zip(entries, values, strict=True)
        }

    written = listed(contract.inputs, inputs)
    reread = [torch.tensor(written[e[0]]["data"], dtype=torch.float32).view(written[e[0]]["shape"]) for e in contract.inputs]
    fixture = {
        "model": contract.id,
        "inputs": written,
        "outputs": listed(contract.outputs, torch_runner(model)(*reread)),
        "tolerance": PARITY_TOLERANCE,
        "torch": torch.__version__,
        "opset": OPSET,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(fixture, separators=(",", ":")) + "\n")


def manifest_of(
    stage: str,
    path: Path,
    support: Support,
    *,
    trained: dict | None,
    calibration: Calibration | None,
    uses_context: bool,
) -> dict:
    """The manifest's tables. Sizes in px; `radius` is what a halo must cover beyond a pixel's own 64-px cell.

    `uses_context` says whether stage 2 is worth feeding stage 1's context; if not, zeros are fed.
    """
    contract = CONTRACTS[stage]

    def tensors(entries: tuple[tuple[str, int, int, str], ...]) -> list[dict]:
        return [
            {"name": name, "layout": "NCHW", "dtype": "f32", "channels": channels, "stride": step, "meaning": meaning}
            | ({"range": [0.0, 1.0]} if name != "context" else {})
            for name, channels, step, meaning in entries
        ]

    manifest = {
        "id": contract.id,
        "contract": contract.contract,
        "file": path.name,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "licence": "MIT OR Apache-2.0",
        "trained": trained is not None,
        "opset": OPSET,
        "stride": GRID_PX,
        "size_policy": "multiple_of_stride",
        "radius": support.radius_px,
        "halo": support.halo_px,
        "reach": support.reach_px,
        "context_channels": CONTEXT_CHANNELS,
        "context_stride": CONTEXT_STRIDE_PX,
        "flop_per_px": flop_per_px(path),
    }
    if trained is not None:
        manifest["training"] = trained
    if stage == "detect":
        manifest["thresholds"] = {"timid": 0.8, "default": 0.5, "eager": 0.2}
        if calibration is not None:
            manifest["calibration"] = {"scale": calibration.scale, "bias": calibration.bias}
    else:
        manifest["mask_polarity"] = "positive_is_hole"
        manifest["uses_context"] = uses_context
    manifest["inputs"] = tensors(contract.inputs)
    manifest["outputs"] = tensors(contract.outputs)
    return manifest


def about_network(stage: str, model: nn.Module) -> dict:
    """What a weights file must hold for `training.checkpoint.load_network` to build and fill the network."""
    return {"stage": stage, "network": asdict(model.config), "averaged": model.state_dict()}


def export_stage(
    stage: str,
    *,
    weights: Path | None,
    models: Path,
    fixtures: Path,
    calibration: Calibration | None = None,
    uses_context: bool = False,
) -> dict[str, float]:
    """Exports one stage; returns the measured parity and tile differences. Untrained when `weights` is None."""
    torch.manual_seed(0)
    model, about = load_network(stage, weights) if weights is not None else (build_model(stage), None)
    folded = fold_batch_norm(model)
    if stage == "detect" and calibration is not None:
        folded.fold_calibration(scale=calibration.scale, bias=calibration.bias)
    folder = models / CONTRACTS[stage].id
    folder.mkdir(parents=True, exist_ok=True)
    part, final = folder / "model.part.onnx", folder / "model.onnx"
    write_onnx(folded, stage, part)
    parity = check_parity(folded, stage, part)
    support = measure_support(folded, stage)
    tiles = tile_difference(onnx_runner(part), stage, support.halo_px)
    if tiles > TILE_TOLERANCE:
        raise SystemExit(f"tiles differ from the whole photo by {tiles * 255:.2f}/255 with a halo of {support.halo_px} px")
    part.replace(final)
    write_fixture(folded, stage, fixtures / f"parity_{CONTRACTS[stage].id}.json")
    trained = None
    if about is not None:
        trained = {key: about[key] for key in ("steps", "crops", "minutes", "seed") if key in about}
        trained["minutes"] = round(trained.get("minutes", 0.0), 1)
        save_checkpoint(folder / "checkpoint.safetensors", {**trained, **about_network(stage, model)})
    manifest = manifest_of(stage, final, support, trained=trained, calibration=calibration, uses_context=uses_context)
    (folder / "manifest.toml").write_text(tomli_w.dumps(manifest))
    return {"parity": parity, "tile_difference": tiles, "radius_px": support.radius_px, "halo_px": support.halo_px}


def seconds_per_megapixel(path: Path, stage: str, *, threads: int, size: int = 768) -> float:
    """Best of three runs through ONNX Runtime, in seconds a megapixel of computed pixels."""
    run = onnx_runner(path, threads=threads)
    inputs = example_inputs(stage, size, size)
    run(*inputs)
    times = []
    for _ in range(3):
        start = time.perf_counter()
        run(*inputs)
        times.append(time.perf_counter() - start)
    return float(np.min(times)) / (size * size / 1e6)


def main() -> None:
    """Exports one stage and prints what was measured of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stage", choices=("detect", "fill"), required=True)
    parser.add_argument("--weights", type=Path, help="a run's checkpoint; without it fresh weights are exported")
    parser.add_argument("--calibration", type=Path, help="JSON written by training.calibration (stage detect)")
    parser.add_argument("--uses-context", action="store_true", help="stage fill: feed stage 1's context")
    parser.add_argument("--models", type=Path, default=Path("models"))
    parser.add_argument("--fixtures", type=Path, default=Path("tests/fixtures"))
    parser.add_argument("--time", action="store_true", help="also measure speed with 2 threads")
    options = parser.parse_args()
    calibration = Calibration.read(options.calibration) if options.calibration else None
    report = export_stage(
        options.stage,
        weights=options.weights,
        models=options.models,
        fixtures=options.fixtures,
        calibration=calibration,
        uses_context=options.uses_context,
    )
    if options.time:
        path = options.models / CONTRACTS[options.stage].id / "model.onnx"
        report["seconds_per_megapixel"] = seconds_per_megapixel(path, options.stage, threads=2)
    print(json.dumps(report))


if __name__ == "__main__":
    main()
