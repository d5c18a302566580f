"""A pretend accelerator: real values, a device of its own, so that mixing it with the CPU is found without a GPU.

Tensors on it say that they are on `meta`, hold their values in ordinary memory and refuse what CUDA refuses: an operation on
tensors of two devices, `.numpy()` without `.cpu()`, and a random generator of the other device.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from concurrent.futures import Future
from typing import Any

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map

OTHER = torch.device("meta")
# Operations that may bring tensors of two devices together, as they may on CUDA.
COPIES = {"_to_copy", "copy_"}
# Positions on the CPU may choose among values on CUDA.
INDEXED = {"index", "index_put", "index_put_", "_index_put_impl_", "_unsafe_index"}


class DeviceMix(RuntimeError):
    """Tensors of two devices met."""


class Elsewhere(torch.Tensor):
    """A tensor on the pretend device; `values` are on the CPU."""

    values: torch.Tensor

    @staticmethod
    def __new__(cls, values: torch.Tensor) -> Elsewhere:
        made = torch.Tensor._make_wrapper_subclass(  # noqa: SLF001 - the documented way to wrap tensors
            cls, values.shape, strides=values.stride(), storage_offset=values.storage_offset(), dtype=values.dtype, device=OTHER
        )
        made.values = values
        return made

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: tuple = (), kwargs: dict | None = None) -> Any:
        return run_elsewhere(func, args, kwargs or {})


class ElsewhereGenerator(torch.Generator):
    """A random generator of either device; the pretend device's is known by a bit of its seed, which its state keeps."""

    MARK = 1 << 62

    def __new__(cls, device: Any = "cpu") -> ElsewhereGenerator:
        made = super().__new__(cls, "cpu")
        made.mark = cls.MARK if torch.device(device).type == OTHER.type else 0
        return made.manual_seed(0)

    def manual_seed(self, seed: int) -> ElsewhereGenerator:
        super().manual_seed(seed % self.MARK | self.mark)
        return self


def run_elsewhere(func: Any, args: tuple, kwargs: dict) -> Any:
    """Runs an operation on the values, checks the devices, and wraps what belongs to the pretend device."""
    name = func._schema.name.removeprefix("aten::")
    given = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, torch.Tensor)]
    goes = any(isinstance(leaf, Elsewhere) for leaf in given)
    asked = kwargs.get("device")
    if asked is not None:
        goes = torch.device(asked).type == OTHER.type
        kwargs = kwargs | {"device": torch.device("cpu")}
    if name not in COPIES:
        check_devices(name, args, given)
    generator = kwargs.get("generator")
    if generator is not None and bool(generator.initial_seed() & ElsewhereGenerator.MARK) != goes:
        raise DeviceMix(f"{name}: the random generator is of another device")
    values = tree_map(lambda leaf: leaf.values if isinstance(leaf, Elsewhere) else leaf, (args, kwargs))
    result = func(*values[0], **values[1])
    if name == "copy_" or (name.endswith("_") and not name.startswith("_") and given):
        return args[0]
    return tree_map(lambda leaf: Elsewhere(leaf) if goes and isinstance(leaf, torch.Tensor) else leaf, result)


def check_devices(name: str, args: tuple, given: list[torch.Tensor]) -> None:
    """Raises where CUDA would: single numbers may come from the CPU, and so may positions."""
    if name in INDEXED:
        given = [leaf for index, arg in enumerate(args) if index != 1 for leaf in tree_leaves(arg) if isinstance(leaf, torch.Tensor)]
        positions = [leaf for leaf in tree_leaves(args[1]) if isinstance(leaf, torch.Tensor)]
        if any(isinstance(leaf, Elsewhere) for leaf in positions) and not isinstance(args[0], Elsewhere):
            raise DeviceMix(f"{name}: positions on the other device, values on the CPU")
    whole = {isinstance(leaf, Elsewhere) for leaf in given if leaf.dim() > 0}
    if len(whole) > 1:
        raise DeviceMix(f"{name}: tensors of two devices")


class PretendDevice(TorchDispatchMode):
    """While it is on, tensors asked for on `meta` are made on the pretend device."""

    def __torch_dispatch__(self, func: Any, types: Any, args: tuple = (), kwargs: dict | None = None) -> Any:
        return run_elsewhere(func, args, kwargs or {})


class AtOnce:
    """A ThreadPoolExecutor that works in the caller's thread: a dispatch mode holds for one thread only."""

    def __init__(self, **_: Any) -> None:
        pass

    def submit(self, work: Any, *args: Any, **kwargs: Any) -> Future:
        done: Future = Future()
        done.set_result(work(*args, **kwargs))
        return done

    def shutdown(self, **_: Any) -> None:
        pass


@contextlib.contextmanager
def other_device(patch: pytest.MonkeyPatch) -> Iterator[torch.device]:
    """The pretend device, for code that is given a device and runs on it."""
    patch.setattr(torch, "Generator", ElsewhereGenerator)
    # `torch.tensor` makes its tensor where no dispatch mode sees it.
    tensor = torch.tensor
    patch.setattr(torch, "tensor", lambda data, *, device="cpu", **more: tensor(data, **more).to(device))
    patch.setattr("training.pool.ThreadPoolExecutor", AtOnce)
    # Autocast knows no pretend device; the numbers' format is not what is looked at.
    patch.setattr(torch, "autocast", lambda *_, **__: contextlib.nullcontext())
    with PretendDevice():
        yield OTHER
