import pytest
import torch

from gaussrep import sh
from gaussrep.editing import merge
from gaussrep.errors import ShapeError


def test_scenes_come_one_after_the_other(make):
    first, second = make(3), make(2, seed=1)
    merged = merge([first, second])
    assert torch.equal(merged.means, torch.cat([first.means, second.means]))
    assert torch.equal(merged.colors, torch.cat([first.colors, second.colors]))


def test_colors_of_different_degrees_stay_as_they_are(make):
    plain, low, high = make(3), make(2, degree=1), make(4, degree=3)
    merged = merge([plain, low, high])
    assert merged.sh_degree == 3
    direction = torch.tensor([0.3, -0.5, 0.8], dtype=torch.float64).expand(9, 3)
    expected = [plain.colors, sh.evaluate(low.sh, direction[:2])]
    shown = sh.evaluate(merged.sh, direction)
    torch.testing.assert_close(shown[:5], torch.cat(expected))
    assert torch.equal(merged.sh[5:], high.sh)


def test_other_features_are_refused(make):
    with pytest.raises(ShapeError, match="different fields"):
        merge([make(3), make(3, features=2)])
    with pytest.raises(ShapeError, match="empty list"):
        merge([])
