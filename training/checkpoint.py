"""Saves and loads everything a run needs to go on: one safetensors file, written whole or not at all."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from training.models import Restore, build_model
from training.models.restore import settings_of_weights, with_free_blend

TREE_KEY = "tree"
TENSOR_MARK = "__tensor__"


def _flatten(value: Any, path: str, tensors: dict[str, Tensor]) -> Any:
    """Replaces each tensor of a nested structure by a mark and collects it under its path."""
    if isinstance(value, Tensor):
        tensors[path] = value.detach().cpu().contiguous().clone()
        return {TENSOR_MARK: path}
    if isinstance(value, dict):
        if not all(isinstance(key, str) for key in value):
            return {"__pairs__": [[k, _flatten(v, f"{path}.{k}", tensors)] for k, v in value.items()]}
        return {key: _flatten(item, f"{path}.{key}", tensors) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_flatten(item, f"{path}.{index}", tensors) for index, item in enumerate(value)]
    return value


def _restore(value: Any, tensors: dict[str, Tensor]) -> Any:
    if isinstance(value, dict):
        if TENSOR_MARK in value:
            return tensors[value[TENSOR_MARK]]
        if "__pairs__" in value:
            return {key: _restore(item, tensors) for key, item in value["__pairs__"]}
        return {key: _restore(item, tensors) for key, item in value.items()}
    if isinstance(value, list):
        return [_restore(item, tensors) for item in value]
    return value


def save_checkpoint(path: Path, state: dict[str, Any]) -> None:
    """Writes nested dictionaries, lists, numbers, strings and tensors; the old file stays until the new is whole."""
    tensors: dict[str, Tensor] = {}
    tree = _flatten(state, "state", tensors)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(path.suffix + ".part")
    save_file(tensors, str(part), metadata={TREE_KEY: json.dumps(tree)})
    part.chmod(0o644)
    os.replace(part, path)


def load_checkpoint(path: Path) -> dict[str, Any]:
    """Reads what `save_checkpoint` wrote. Tensors come back on the CPU."""
    with safe_open(str(path), framework="pt", device="cpu") as file:
        metadata = file.metadata() or {}
        if TREE_KEY not in metadata:
            raise ValueError(f"not a training checkpoint: {path}")
        tensors = {key: file.get_tensor(key) for key in file.keys()}
    return _restore(json.loads(metadata[TREE_KEY]), tensors)


def network_of(state: dict[str, Any]) -> dict[str, Any]:
    """The settings of the network whose weights a checkpoint holds, for `training.models.build_model`.

    Files written before they were stored have the settings of that time; only stage 2's head tells of another one.
    """
    if "network" in state:
        return {name: tuple(value) if isinstance(value, list) else value for name, value in state["network"].items()}
    return settings_of_weights(state["averaged"]) if state.get("stage") == "fill" else {}


def load_network(stage: str, path: Path) -> tuple[torch.nn.Module, dict[str, Any]]:
    """The network of a run's checkpoint or weights file with its averaged weights, and what `load_weights` returns."""
    model = build_model(stage, network_of({"stage": stage} | load_checkpoint(path)))
    return model, load_weights(model, path)


def load_weights(model: torch.nn.Module, path: Path, *, grow: bool = False) -> dict[str, Any]:
    """Loads the averaged weights of a run's checkpoint, or a plain weights file, into `model`.

    With `grow`, what the file does not know begins such that the network answers the same: mixes of the channels
    (`ChannelMix`) as the identity, a free blend as `recovered`. Anything else that is missing is an error. Returns what the
    file says about itself (stage, step, …).
    """
    state = load_checkpoint(path)
    weights = state["averaged"]
    if grow and isinstance(model, Restore) and model.config.free_blend and not settings_of_weights(weights)["free_blend"]:
        weights = with_free_blend(weights)
    missing, unknown = model.load_state_dict(weights, strict=not grow)
    if unknown or any(not name.startswith("mix_") for name in missing):
        raise ValueError(f"these weights are of another network ({[*missing, *unknown][:3]} …): {path}")
    return {key: value for key, value in state.items() if not key.endswith(("averaged", "model", "optimiser"))}
