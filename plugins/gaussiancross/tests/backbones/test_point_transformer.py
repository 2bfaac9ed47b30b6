import pytest
import torch

import gaussrep as gr
from gaussrep.config import resolve
from gaussrep_gaussiancross.backbones.point_transformer import PointTransformer, Windows
from gaussrep_gaussiancross.sparse.kernel_map import sort_voxels


def build(**settings):
    torch.manual_seed(0)
    config = resolve(
        "encoders", {"type": "point-transformer", "size": "tiny", "window": 32, **settings}
    )
    return gr.build("encoders", config, channels=6).eval()


@pytest.mark.parametrize(("size", "width"), [("tiny", 32), ("small", 32), ("base", 64)])
def test_sizes_have_their_width(make_cloud, size, width):
    net = build(size=size)
    assert isinstance(net, PointTransformer)
    assert net.width == width
    if size == "tiny":
        cloud = make_cloud(0)
        assert net(cloud).shape == (cloud.count, width)


@torch.no_grad()
def test_scenes_know_nothing_of_each_other(make_cloud):
    net = build()
    together = net(make_cloud(0, 1))
    apart = torch.cat([net(make_cloud(0)), net(make_cloud(1))])
    torch.testing.assert_close(together, apart, rtol=1e-4, atol=1e-4)


@torch.no_grad()
def test_it_gives_the_same_bits_every_time(make_cloud):
    net, cloud = build(), make_cloud(0, 1)
    assert torch.equal(net(cloud), net(cloud))


@torch.no_grad()
def test_the_order_of_voxels_does_not_matter(make_cloud, scramble):
    net, cloud = build(), make_cloud(0)
    moved, order = scramble(cloud)
    torch.testing.assert_close(net(moved), net(cloud)[order], rtol=1e-4, atol=1e-4)


@torch.no_grad()
def test_attention_reaches_beyond_kernels(make_cloud):
    near, far = (build(channels=[32], layers=[1], window=window) for window in (1, 4096))
    far.load_state_dict(near.state_dict())
    cloud = make_cloud(0)
    features = [net(cloud) for net in (near, far)]
    cloud.features[-1] += 10
    near_moved, far_moved = (
        (net(cloud) - before).abs().amax(1) > 1e-6
        for net, before in zip((near, far), features, strict=True)
    )
    assert near_moved.sum() < cloud.count / 4
    assert far_moved.sum() > cloud.count * 0.9


def test_training_moves_all_parameters(make_cloud):
    net = build().train()
    net(make_cloud(0, 1)).square().mean().backward()
    still = [
        name
        for name, parameter in net.named_parameters()
        if parameter.grad is None or not bool((parameter.grad != 0).any())
    ]
    assert still == []


@pytest.fixture
def grid(make_cloud):
    cloud = make_cloud(0, 1, side=8, share=0.2)
    return sort_voxels(cloud.coords, cloud.scene)[0]


@pytest.mark.parametrize("reverse_axes", [False, True])
def test_every_voxel_has_one_place_in_a_window_of_its_scene(grid, reverse_axes):
    windows = Windows(grid, 16, reverse_axes=reverse_axes)
    seen = windows.rows[windows.filled]
    assert sorted(seen.tolist()) == list(range(grid.count))
    assert torch.equal(windows.rows.flatten()[windows.positions], torch.arange(grid.count))
    assert bool(windows.filled.any(1).all())
    for rows, filled in zip(windows.rows, windows.filled, strict=True):
        assert len(grid.scene[rows[filled]].unique()) == 1


def test_windows_of_a_full_grid_are_cubes():
    places = torch.cartesian_prod(*[torch.arange(4)] * 3)
    grid, _ = sort_voxels(places, torch.zeros(64, dtype=torch.int64))
    for row in Windows(grid, 8, reverse_axes=False).rows:
        corner = grid.coords[row].amin(0)
        assert bool((corner % 2 == 0).all())
        assert bool((grid.coords[row] - corner <= 1).all())


def test_the_turned_curve_is_another():
    places = torch.cartesian_prod(*[torch.arange(4)] * 3)
    grid, _ = sort_voxels(places, torch.zeros(64, dtype=torch.int64))
    rows, reversed_rows = (Windows(grid, 4, reverse_axes=axes).rows for axes in (False, True))
    assert not torch.equal(rows, reversed_rows)
    assert len(grid.coords[rows[0]][:, 2].unique()) == 1
    assert len(grid.coords[reversed_rows[0]][:, 0].unique()) == 1
