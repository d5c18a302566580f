"""The int8 variant of a tiny network: what becomes int8, what stays, and that it still answers the same."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper

from training.export import onnx_runner
from training.quantise import inner_nodes, quantise, verdict


def tiny_network(path: Path) -> onnx.ModelProto:
    """photo → stem → leaky → middle → + leaky → head → sigmoid, with 8 channels between."""
    rng = np.random.default_rng(0)
    shapes = {"stem": (8, 3, 3, 3), "middle": (8, 8, 3, 3), "head": (1, 8, 1, 1)}
    weights = [numpy_helper.from_array((rng.normal(size=shape) * 0.3).astype(np.float32), f"{name}_w")
               for name, shape in shapes.items()]

    def conv(name: str, source: str, pad: int = 1) -> onnx.NodeProto:
        return helper.make_node("Conv", [source, f"{name}_w"], [f"{name}_out"], name=name, pads=[pad] * 4)

    nodes = [
        conv("stem", "photo"),
        helper.make_node("LeakyRelu", ["stem_out"], ["a"], name="leaky", alpha=0.1),
        conv("middle", "a"),
        helper.make_node("Add", ["middle_out", "a"], ["b"], name="add"),
        conv("head", "b", pad=0),
        helper.make_node("Sigmoid", ["head_out"], ["probability"], name="sigmoid"),
    ]
    sides = ["N", 3, "H", "W"]
    graph = helper.make_graph(
        nodes, "tiny", [helper.make_tensor_value_info("photo", TensorProto.FLOAT, sides)],
        [helper.make_tensor_value_info("probability", TensorProto.FLOAT, ["N", 1, "H", "W"])], weights,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    onnx.save(model, str(path))
    return model


def test_stem_head_and_what_follows_them_are_not_inside(tmp_path: Path) -> None:
    assert inner_nodes(tiny_network(tmp_path / "f32.onnx").graph) == {"leaky", "middle", "add"}


def test_the_middle_becomes_int8_and_the_answer_stays(tmp_path: Path) -> None:
    source, out = tmp_path / "f32.onnx", tmp_path / "int8" / "model.onnx"
    tiny_network(source)
    rng = np.random.default_rng(1)
    inputs = [{"photo": rng.random((1, 3, 64, 64), np.float32)} for _ in range(4)]
    assert quantise(source, out, inputs) == {"int8_convolutions": 1, "f32_convolutions": 2}
    graph = onnx.load(str(out)).graph
    makers = {name: node.op_type for node in graph.node for name in node.output}
    weights_from = {node.name: makers.get(node.input[1]) for node in graph.node if node.op_type == "Conv"}
    assert weights_from == {"stem": None, "middle": "DequantizeLinear", "head": None}
    photo = torch.from_numpy(inputs[0]["photo"])
    difference = (onnx_runner(out)(photo)[0] - onnx_runner(source)(photo)[0]).abs().max()
    assert 0.0 < float(difference) < 0.02


@pytest.mark.parametrize(("seconds", "ap", "worth"), [(0.5, 0.696, True), (0.5, 0.694, False), (1.0, 0.7, False)])
def test_a_variant_must_be_faster_and_nearly_as_good(seconds: float, ap: float, worth: bool) -> None:
    f32 = {"seconds_per_megapixel": 1.0, "ap": 0.7}
    assert verdict("ap", f32, {"seconds_per_megapixel": seconds, "ap": ap})["worth_shipping"] is worth
