"""The two networks: stage 1 finds damage, stage 2 fills it."""

from training.models.restore import Restore, RestoreConfig
from training.models.scratch_context import ScratchContext, ScratchContextConfig

__all__ = ["Restore", "RestoreConfig", "ScratchContext", "ScratchContextConfig", "build_model"]


def build_model(stage: str) -> ScratchContext | Restore:
    """The network of a stage, `detect` or `fill`, with fresh weights."""
    if stage == "detect":
        return ScratchContext(ScratchContextConfig())
    if stage == "fill":
        return Restore(RestoreConfig())
    raise ValueError(f"stage must be 'detect' or 'fill', not {stage!r}")
