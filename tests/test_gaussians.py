import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from gaussrep import sh, similarity
from gaussrep.errors import ShapeError, ValueRangeError
from gaussrep.gaussians import Gaussians


def make(*shape, degree=None, features=0, dtype=torch.float64, seed=0):
    torch.manual_seed(seed)
    draw = lambda *last: torch.randn(*shape, *last, dtype=dtype)  # noqa: E731
    return Gaussians(
        means=draw(3),
        quats=draw(4),
        scales=draw(3).exp(),
        opacities=draw().sigmoid(),
        colors=draw(3).sigmoid() if degree is None else None,
        sh=None if degree is None else draw((degree + 1) ** 2, 3),
        features=draw(features) if features else None,
    )


def random_similarity(seed, mirror=1):
    rng = np.random.default_rng(seed)
    return similarity.compose(
        torch.tensor(rng.uniform(0.2, 5)),
        mirror * torch.tensor(Rotation.random(rng=rng).as_matrix()),
        torch.tensor(rng.normal(size=3)),
    )


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("name", "shape"),
    [("quats", (5, 3)), ("scales", (4, 3)), ("opacities", (5, 1)), ("colors", (5, 4))],
)
def test_a_wrong_shape_names_the_tensor(name, shape):
    with pytest.raises(ShapeError, match=f"{name} has shape"):
        make(5).replace(**{name: torch.ones(shape, dtype=torch.float64)})


def test_mixed_dtypes_are_named():
    with pytest.raises(ShapeError, match=r"scales is torch.float32 .* means is torch.float64"):
        make(5).replace(scales=torch.ones(5, 3))


def test_exactly_one_kind_of_color():
    with pytest.raises(ShapeError, match="got both"):
        make(5).replace(sh=torch.zeros(5, 1, 3, dtype=torch.float64))
    with pytest.raises(ShapeError, match="got neither"):
        make(5).replace(colors=None)


def test_index_acts_on_batch_and_gaussians():
    g = make(2, 3, 5, degree=1, features=4)
    assert g[0].batch_shape == (3,)
    assert g[..., :2].count == 2
    assert g[:, 1].batch_shape == (2,)
    torch.testing.assert_close(g[1, 2].means, g.means[1, 2])
    torch.testing.assert_close(g[1, 2][torch.tensor([4, 0])].sh, g.sh[1, 2, [4, 0]])
    with pytest.raises(ShapeError, match="leaves no Gaussian axis"):
        g[0, 0, 0]


def test_prune_keeps_what_was_asked_in_order():
    g = make(2, 6)
    keep = torch.tensor([[1, 0, 1, 1, 0, 0], [0, 0, 0, 0, 1, 0]], dtype=torch.bool)
    pruned = g.prune(keep)
    assert pruned.count == 3
    torch.testing.assert_close(pruned[0].means, g.means[0][keep[0]])
    torch.testing.assert_close(pruned[1, :1].means, g.means[1][keep[1]])
    assert (pruned.opacities[1, 1:] == 0).all()
    assert g[0].prune(keep[0]).count == 3


def test_stack_pads_to_the_largest():
    small, large = make(2), make(5, seed=1)
    both = Gaussians.stack([small, large])
    assert both.opacities.shape == (2, 5)
    assert (both.opacities[0, 2:] == 0).all()
    torch.testing.assert_close(both[1].means, large.means)


def test_cat_joins_gaussians_and_refuses_different_fields():
    joined = Gaussians.cat([make(3, 2), make(3, 4)])
    assert joined.opacities.shape == (3, 6)
    with pytest.raises(ShapeError, match=r"part 0 has .*colors, part 1 has .*sh"):
        Gaussians.cat([make(2), make(2, degree=0)])
    with pytest.raises(ShapeError, match="cannot pad 5 Gaussians to 3"):
        make(5).pad(3)


@given(st.integers(0, 10_000), st.sampled_from([1, -1]))
def test_transform_moves_covariances_as_matrices_do(seed, mirror):
    g, matrix = make(4, seed=seed), random_similarity(seed, mirror)
    moved, linear = g.transform(matrix), matrix[:3, :3]
    torch.testing.assert_close(moved.means, g.means @ linear.mT + matrix[:3, 3])
    torch.testing.assert_close(moved.covariances(), linear @ g.covariances() @ linear.mT)


def test_transform_turns_view_dependent_color():
    g, matrix = make(3, degree=4), random_similarity(1)
    seen = torch.randn(3, 3, dtype=torch.float64)
    moved = g.transform(matrix)
    before = sh.evaluate(g.sh, seen)
    torch.testing.assert_close(sh.evaluate(moved.sh, seen @ matrix[:3, :3].mT), before)


def test_transform_takes_one_matrix_per_scene():
    g = make(2, 3, degree=1)
    matrices = torch.stack([random_similarity(1), random_similarity(2)])
    both = g.transform(matrices)
    for scene in range(2):
        alone = g[scene].transform(matrices[scene])
        torch.testing.assert_close(both[scene].means, alone.means)
        torch.testing.assert_close(both[scene].sh, alone.sh)


def test_shear_is_refused():
    matrix = torch.eye(4, dtype=torch.float64)
    matrix[0, 1] = 0.5
    with pytest.raises(ValueRangeError, match="not a similarity"):
        make(2).transform(matrix)


def test_print_shows_shapes_and_ranges():
    lines = repr(make(2, 3, features=5)).splitlines()
    assert lines[0] == "Gaussians([2, 3], torch.float64, cpu)"
    assert [line.split()[0] for line in lines[1:]] == [
        "means", "quats", "scales", "opacities", "colors", "features",
    ]  # fmt: skip
    assert "[2, 3, 5]" in lines[-1]


def test_to_and_detach_touch_every_tensor():
    g = make(3, degree=0, features=2).to(torch.float32)
    assert {tensor.dtype for _, tensor in g.tensors()} == {torch.float32}
    tracked = g.replace(means=g.means.requires_grad_())
    assert not tracked.detach().means.requires_grad


def test_operations_keep_the_mark_of_antialiasing():
    g = make(4).replace(antialiased=True)
    assert "antialiased" in repr(g)
    assert "antialiased" not in dict(g.tensors())
    kept = [g[:2], g.pad(6), g.prune(g.opacities > 0.5), g.detach(), g.to(torch.float32)]
    kept += [g.transform(torch.eye(4, dtype=torch.float64)), Gaussians.cat([g, g])]
    kept += [Gaussians.stack([g, g[:1]])]
    assert all(each.antialiased for each in kept)
    assert not g.replace(antialiased=False).antialiased
    with pytest.raises(ShapeError, match="cannot join Gaussians of antialiased=True with others"):
        Gaussians.cat([g, make(4)])


def test_the_color_space_is_a_mark_of_the_scene():
    g = make(4).replace(color_space="linear")
    assert "linear colors" in repr(g)
    assert g[:2].color_space == g.pad(6).color_space == g.to(torch.float64).color_space == "linear"
    with pytest.raises(ShapeError, match="of color_space='linear' with others"):
        Gaussians.cat([g, make(4)])


def test_colors_that_do_not_depend_on_the_view():
    plain, harmonic = make(2, 5), make(2, 5, degree=1)
    harmonic.sh[..., :1, :] = sh.from_rgb(plain.colors)
    torch.testing.assert_close(harmonic.view_independent_colors(), plain.colors)
    assert torch.equal(plain.view_independent_colors(), plain.colors)
