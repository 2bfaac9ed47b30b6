import torch

from gaussrep.embedding.principal_colors import PrincipalColors


def test_colors_tell_directions_apart_and_lengths_not():
    generator = torch.Generator().manual_seed(0)
    directions = torch.eye(6)[:4].repeat(50, 1)
    rows = directions + 0.02 * torch.randn(200, 6, generator=generator)
    colors = PrincipalColors.of(rows)
    painted = colors.paint(rows)
    groups = painted.view(50, 4, 3)
    assert groups.std(0).max() < 0.05
    assert torch.cdist(groups.mean(0), groups.mean(0)).fill_diagonal_(9).min() > 0.4
    torch.testing.assert_close(colors.paint(7 * rows), painted)
    assert painted.min() >= 0
    assert painted.max() <= 1


def test_the_first_component_is_red():
    angles = torch.linspace(0, 1, 101)
    rows = torch.stack([angles.cos(), angles.sin(), torch.zeros(101)], 1)
    red, green, _ = PrincipalColors.of(rows).paint(rows).unbind(1)
    assert (red.diff().sign().mean().abs() > 0.95).item()
    assert (green.diff().sign().mean().abs() < 0.1).item()


def test_vectors_of_two_numbers_have_colors_too():
    rows = torch.tensor([[1.0, 0], [0, 1], [1, 1]])
    assert PrincipalColors.of(rows).paint(rows).shape == (3, 3)
