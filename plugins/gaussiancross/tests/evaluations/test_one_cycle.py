import pytest
import torch

from gaussrep_gaussiancross.evaluations.one_cycle import one_cycle


@pytest.mark.parametrize("steps", [100, 1000])
def test_as_torch_has_it(steps):
    """Torch's peak comes one step before the end of the warm-up; ours at its end."""
    parameter = torch.nn.Parameter(torch.zeros(()))
    optimizer = torch.optim.AdamW([parameter], lr=1.0)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, 1.0, steps, pct_start=0.05, div_factor=10, final_div_factor=1000
    )
    theirs = []
    for _ in range(steps):
        theirs.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    ours = [one_cycle(step, steps) for step in range(steps)]
    assert ours[0] == pytest.approx(theirs[0]) == 0.1
    assert ours[-1] == pytest.approx(theirs[-1]) == 1e-4
    tolerance = 40 / steps
    assert max(abs(a - b) for a, b in zip(ours, theirs, strict=True)) < tolerance


@pytest.mark.parametrize("steps", [1, 2, 19, 20, 40])
def test_short_ones(steps):
    rates = [one_cycle(step, steps) for step in range(steps)]
    assert all(0 < rate <= 1 for rate in rates)
    assert max(rates) == 1.0
