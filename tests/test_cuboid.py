import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from gaussrep.cameras import Cameras
from gaussrep.cuboid import Cuboid
from gaussrep.errors import CapabilityError, ValueRangeError
from gaussrep.gaussians import Gaussians

CORNERS = torch.tensor([[0.0, 0, 0], [4, 2, 1]], dtype=torch.float64)


def cloud(seed, *shape):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, 3, generator=generator, dtype=torch.float64) * torch.tensor(
        [1.0, 3, 0.2]
    )


def gaussians(seed, *shape):
    points = cloud(seed, *shape)
    one = torch.ones_like(points[..., 0])
    return Gaussians(
        points, torch.randn(*shape, 4).double(), points.abs() + 0.1, one, colors=points
    )


def test_isotropic_divides_by_the_longest_side():
    box = Cuboid.fit(CORNERS)
    torch.testing.assert_close(
        box.normalize(CORNERS),
        torch.tensor([[-0.5, -0.25, -0.125], [0.5, 0.25, 0.125]], dtype=torch.float64),
    )


def test_per_axis_divides_by_every_side():
    unit = Cuboid.fit(CORNERS, mode="per-axis").normalize(CORNERS)
    torch.testing.assert_close(unit, torch.tensor([[-0.5], [0.5]]).double().expand(2, 3))


def test_padding_leaves_a_margin():
    unit = Cuboid.fit(CORNERS, padding=0.5).normalize(CORNERS)
    assert unit.abs().max() == pytest.approx(0.25)


def test_quantile_ignores_outliers():
    points = torch.linspace(0, 1, 101, dtype=torch.float64)[:, None].expand(101, 3).clone()
    points[-1] = 1000
    box = Cuboid.fit(points, quantile=0.02)
    torch.testing.assert_close(box.size, torch.full((3,), 0.96, dtype=torch.float64))


@given(st.integers(0, 1000), st.sampled_from(["isotropic", "per-axis"]))
def test_there_and_back(seed, mode):
    g = gaussians(seed, 2, 7)
    box = Cuboid.fit(g, mode=mode, padding=0.1)
    unit = box.normalize(g)
    assert unit.means.abs().max() <= 0.5
    back = box.denormalize(unit)
    torch.testing.assert_close(back.means, g.means)
    torch.testing.assert_close(back.covariances(), g.covariances())


def test_per_axis_covariances_are_exact():
    g = gaussians(3, 9)
    box = Cuboid.fit(g, mode="per-axis")
    stretch = torch.diag(1 / box.size)
    torch.testing.assert_close(
        box.normalize(g).covariances(), stretch @ g.covariances() @ stretch, atol=1e-9, rtol=1e-6
    )


def test_cameras_keep_a_rotation_and_measure_depth_in_cube_units():
    g = gaussians(4, 3, 8)
    eyes = torch.tensor([9.0, 8, 7]).double() + cloud(1, 3, 2)
    cameras = Cameras.look_at(
        eyes, torch.zeros(3, 3).double(), torch.tensor([0.0, 0, 1]).double(), 8, 8
    )
    box = Cuboid.fit(g)
    unit = box.normalize(cameras)
    rotation = unit.viewmats[..., :3, :3]
    torch.testing.assert_close(rotation @ rotation.mT, torch.eye(3).double().expand(3, 2, 3, 3))

    def depths(points, viewmats):
        return (points[:, None] @ viewmats[..., :3, :3].mT + viewmats[..., None, :3, 3])[..., 2]

    metric = depths(g.means, cameras.viewmats)
    cubed = depths(box.normalize(g).means, unit.viewmats)
    torch.testing.assert_close(cubed[..., None], box.normalize_depth(metric[..., None]))
    torch.testing.assert_close(box.denormalize_depth(cubed[..., None]), metric[..., None])
    torch.testing.assert_close(box.denormalize(unit).viewmats, cameras.viewmats)


def test_per_axis_refuses_cameras_depth_and_view_dependent_color():
    box = Cuboid.fit(CORNERS, mode="per-axis")
    cameras = Cameras(torch.eye(4).double()[None], torch.eye(3).double()[None], 4, 4)
    with pytest.raises(CapabilityError, match="would shear cameras"):
        box.normalize(cameras)
    with pytest.raises(CapabilityError, match="cannot scale depth"):
        box.normalize_depth(torch.ones(1, 4, 4).double())
    g = gaussians(0, 2)
    g = g.replace(colors=None, sh=torch.zeros(2, 4, 3).double())
    with pytest.raises(CapabilityError, match="view-dependent color"):
        box.normalize(g)


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("points", "mode", "message"),
    [
        (torch.zeros(0, 3), "isotropic", "without points"),
        (torch.ones(1, 3), "isotropic", "all coincide"),
        (torch.ones(5, 3), "isotropic", "all coincide"),
        (torch.tensor([[0.0, 0, 1], [1, 1, 1]]), "per-axis", "flat along z"),
        (torch.tensor([[0.0, 0, torch.nan], [1, 1, 1]]), "isotropic", "1 points that are NaN"),
        (torch.tensor([[0.0, 0, 0], [1, 1, 1]]), "round", "mode is 'round'"),
    ],
)
def test_degenerate_clouds_are_refused_by_name(points, mode, message):
    with pytest.raises(ValueRangeError, match=message):
        Cuboid.fit(points, mode=mode)


def test_a_flat_cloud_is_fine_for_isotropic():
    flat = torch.tensor([[0.0, 0, 1], [2, 1, 1]])
    assert Cuboid.fit(flat).normalize(flat)[:, 2].tolist() == [0, 0]


def test_padding_gaussians_do_not_count():
    g = gaussians(5, 4)
    far = g.pad(6)
    far = far.replace(means=far.means + torch.arange(6)[:, None].double() * 0)
    torch.testing.assert_close(Cuboid.fit(far).size, Cuboid.fit(g).size)


def test_mask_chooses_the_points():
    mask = torch.tensor([True, True, False])
    points = torch.cat([CORNERS, torch.full((1, 3), torch.nan).double()])
    torch.testing.assert_close(Cuboid.fit(points, mask=mask).size, Cuboid.fit(CORNERS).size)
