"""Counts the floating point operations of an ONNX graph's convolutions, a multiplication and an addition each, per pixel."""

from pathlib import Path

import onnx

SIDE_PX = 128


def flop_per_px(path: Path) -> int:
    """Operations of all convolutions for one pixel of a full-size input; other layers are left out."""
    model = onnx.load(str(path))
    for entry in model.graph.input:
        _, _, height, width = entry.type.tensor_type.shape.dim
        # A context element covers 4 × 4 px.
        side = SIDE_PX // 4 if entry.name == "context" else SIDE_PX
        entry.type.tensor_type.shape.dim[0].dim_value = 1
        height.dim_value = width.dim_value = side
    graph = onnx.shape_inference.infer_shapes(model, data_prop=True).graph
    shapes = {
        entry.name: [size.dim_value for size in entry.type.tensor_type.shape.dim]
        for entry in [*graph.value_info, *graph.output]
    }
    shapes |= {entry.name: list(entry.dims) for entry in graph.initializer}
    total = 0
    for node in graph.node:
        if node.op_type == "ConvTranspose":
            raise SystemExit(f"transposed convolutions are not counted: {path}")
        if node.op_type == "Conv":
            kernel = shapes[node.input[1]]
            _, channels, height, width = shapes[node.output[0]]
            # Input channels of a group × kernel area, for every output value.
            total += 2 * channels * height * width * kernel[1] * kernel[2] * kernel[3]
    return round(total / SIDE_PX**2)
