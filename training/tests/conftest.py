"""What several tests share: tiny photographs made here, and a cache of drawn damage of their own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest


@pytest.fixture(scope="session")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two dozen smooth procedural photographs and no textures."""
    folder = tmp_path_factory.mktemp("data")
    (folder / "clean").mkdir()
    rng = np.random.default_rng(0)
    for index in range(24):
        scene = cv2.resize(rng.uniform(0.2, 0.8, (5, 6, 3)).astype(np.float32), (180, 150), interpolation=cv2.INTER_CUBIC)
        cv2.imwrite(str(folder / "clean" / f"scene{index}.png"), (scene.clip(0, 1) * 255).astype(np.uint8))
    return folder


@pytest.fixture(autouse=True, scope="session")
def private_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keeps the banks of the tests out of the user's cache."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("UNSCRATCH_TRAINING_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield
