"""Wide losses, coarse to fine."""

import torch

from training.wide import coarse_shares, with_coarse


def test_only_what_lies_deep_in_a_hole_takes_the_coarse_tone_and_detail_stays():
    photo, hole = torch.full((1, 3, 150, 170), 0.5), torch.zeros(1, 1, 150, 170)
    hole[..., 20:130, 20:150] = 1.0
    checks = 0.01 * (-1.0) ** torch.arange(170)
    fill = (0.2 + checks).expand(1, 3, 150, 170)
    seen = []

    def run(half, half_hole):
        seen.append((tuple(half.shape), float(half_hole.mean())))
        return torch.full_like(half, 0.6)

    filled = with_coarse(fill, photo, hole, run)
    assert seen[0][0] == (1, 3, 75, 85)
    assert abs(seen[0][1] - 55 * 65 / (75 * 85)) < 1e-6
    for y, tone in ((22, 0.2), (43, 0.2), (75, 0.6)):
        assert torch.allclose(filled[0, 0, y, 60:110], tone + checks[60:110], atol=1e-5), y
    assert torch.equal(filled[..., :20, :], fill[..., :20, :])


def test_a_hole_up_to_48_px_wide_is_run_once():
    hole = torch.zeros(1, 1, 100, 300)
    hole[..., 20:68, :] = 1.0
    assert float(coarse_shares(hole).max()) == 0.0
    fill = torch.rand(1, 3, 100, 300)
    assert with_coarse(fill, fill, hole, run=None) is fill
