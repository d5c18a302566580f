"""The two networks: stage 1 finds damage, stage 2 fills it."""

from collections.abc import Mapping
from typing import Any

from training.models.restore import Restore, RestoreConfig
from training.models.scratch_context import ScratchContext, ScratchContextConfig

__all__ = ["FRESH", "Restore", "RestoreConfig", "ScratchContext", "ScratchContextConfig", "build_model"]

# What fresh networks have beyond the defaults of their settings.
FRESH: dict[str, dict[str, Any]] = {"detect": {}, "fill": {}}
SETTINGS = {"detect": ScratchContextConfig, "fill": RestoreConfig}
NETWORKS = {"detect": ScratchContext, "fill": Restore}


def build_model(stage: str, settings: Mapping[str, Any] | None = None) -> ScratchContext | Restore:
    """The network of a stage, `detect` or `fill`, with fresh weights.

    `settings` are fields of ScratchContextConfig or RestoreConfig, those a checkpoint states (`checkpoint.network_of`) for
    its weights to fit; without them it is the network as it is trained now.
    """
    if stage not in SETTINGS:
        raise ValueError(f"stage must be 'detect' or 'fill', not {stage!r}")
    return NETWORKS[stage](SETTINGS[stage](**(FRESH[stage] if settings is None else settings)))
