"""The application's alpha in Python: growth by local width, as `src/restore/alpha.rs` tests it."""

from __future__ import annotations

import pytest
import torch

from training.pipeline import alpha_of


@pytest.mark.parametrize(("width", "growth"), [(1, 1), (4, 1), (5, 2), (14, 2), (15, 3), (24, 3), (25, 4), (60, 4)])
def test_growth_follows_the_local_width(width: int, growth: int) -> None:
    mask = torch.zeros(1, 1, 90, 140)
    mask[..., 40 : 40 + width] = 1.0
    alpha = alpha_of(mask)[0, 0, 45]
    assert alpha[40 + width + growth - 1] == 1.0 and alpha[40 - growth] == 1.0
    assert 0.0 < alpha[40 + width + growth] < 1.0
    assert alpha[40 + width + growth + 1] == 0.0 and alpha[40 - growth - 2] == 0.0


def test_nothing_marked_is_nothing_blended_and_everything_marked_is_all() -> None:
    assert float(alpha_of(torch.zeros(1, 1, 20, 30)).sum()) == 0.0
    assert float(alpha_of(torch.ones(1, 1, 20, 30)).min()) == 1.0
