"""Sorting and binning against the plain way to do it, and memory that begins with a cache line."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gaussrep.kernels.jit import kernel
from gaussrep.rendering.conventions import MIN_ALPHA
from gaussrep.rendering.cpu.bin import sort_by_depth, split_bands
from gaussrep.rendering.cpu.buffers import CACHE_LINE, allocate
from gaussrep.rendering.cpu.layout import TILE, Scenes, joint_harmonics
from gaussrep.rendering.cpu.stages import project_and_bin
from gaussrep.rendering.projection import project
from gaussrep.testing.scenes import random_scene


@kernel
def order(keys):
    return sort_by_depth(keys, np.arange(len(keys)).astype(np.int32))


@given(st.lists(st.floats(2**-7, 2**100, width=32), max_size=60), st.integers(0, 3))
@settings(max_examples=50)
def test_sort_is_stable(depths, repeats):
    keys = np.array(depths * (repeats + 1), np.float32)
    expected = np.argsort(keys, kind="stable")
    np.testing.assert_array_equal(order(keys.view(np.uint32).copy()), expected)


def raster_state_of(scene):
    g, cameras = scene.gaussians, scene.cameras
    tensors = (g.means, g.quats, g.scales, g.opacities, g.colors[None])
    arrays = [t[None].float().contiguous().numpy() for t in tensors]
    arrays.append(np.empty((1, g.count, 0), np.float32))
    arrays += [joint_harmonics(np.empty((1, g.count, 0, 3), np.float32))]
    arrays += [np.empty((1, 1, 0), np.float32)]
    arrays += [t[None].float().contiguous().numpy() for t in (cameras.viewmats, cameras.Ks)]
    size = cameras.width, cameras.height
    return project_and_bin(Scenes(*arrays), *size, ortho=False, antialiased=g.antialiased)


def strongest(scene):
    """Largest alpha of each Gaussian over the pixel centers of each tile, [rows, columns, n]."""
    seen = project(scene.gaussians, scene.cameras)
    width, height = scene.cameras.width, scene.cameras.height
    x, y = torch.arange(width) + 0.5, torch.arange(height) + 0.5
    dx = x[None, :, None] - seen.means2d[0, :, 0]
    dy = y[:, None, None] - seen.means2d[0, :, 1]
    xx, xy, yy = seen.conics[0].unbind(-1)
    alpha = scene.gaussians.opacities * (-0.5 * (xx * dx**2 + yy * dy**2) - xy * dx * dy).exp()
    alpha = torch.where(seen.visible[0], alpha, 0)
    rows, columns = -(-height // TILE), -(-width // TILE)
    tiles = [
        [
            alpha[r * TILE : (r + 1) * TILE, c * TILE : (c + 1) * TILE].amax((0, 1))
            for c in range(columns)
        ]
        for r in range(rows)
    ]
    return torch.stack([torch.stack(row) for row in tiles]), seen.depths[0]


def test_tiles_list_all_visible_gaussians_in_order_and_few_others():
    held, needed = 0, 0
    for seed in range(5):
        scene = random_scene(seed, count=30, size=(75, 60))
        alpha, depths = strongest(scene)
        bins = raster_state_of(scene).bins
        for tile, best in enumerate(alpha.flatten(0, 1)):
            members = bins.members[bins.starts[tile] : bins.ends[tile]].tolist()
            wanted = set((best >= MIN_ALPHA).nonzero().flatten().tolist())
            assert wanted <= set(members)
            assert members == sorted(members, key=lambda n: float(depths[n]))
            held, needed = held + len(members), needed + len(wanted)
    assert needed > 200
    assert held < 1.15 * needed


@given(st.lists(st.integers(0, 9), min_size=1, max_size=12), st.integers(1, 12))
def test_bands_have_similar_numbers_of_entries(sizes, bands):
    (cuts,) = split_bands(np.array([sizes]), min(bands, len(sizes)))
    assert [cuts[0], cuts[-1]] == [0, len(sizes)]
    assert (np.diff(cuts) >= 0).all()
    assert (cuts[:-1] < len(sizes)).all()
    for number, end in enumerate(cuts[1:-1], start=1):
        goal = sum(sizes) * number // (len(cuts) - 1)
        assert sum(sizes[:end]) <= goal
        assert end == len(sizes) - 1 or sum(sizes[: end + 1]) > goal


@pytest.mark.parametrize("shape", [(0, 3), (5,), (2, 3, 7), (1 << 21,)])
@pytest.mark.parametrize("dtype", [np.float32, np.int32])
def test_arrays_are_aligned(shape, dtype):
    array = allocate(*shape, dtype=dtype)
    assert array.shape == shape
    assert array.dtype == dtype
    assert array.flags.c_contiguous
    assert array.flags.writeable
    assert array.size == 0 or array.ctypes.data % CACHE_LINE == 0
