from itertools import product

import pytest

from gaussrep_gaussiancross.sparse.submanifold import submanifold_pairs


def expected(grid, size):
    """The table by looking every neighbor up, in the order of the kernel."""
    voxels = [
        (scene, *place)
        for scene, place in zip(grid.scene.tolist(), grid.coords.tolist(), strict=True)
    ]
    rows = {voxel: row for row, voxel in enumerate(voxels)}
    reach = size // 2
    lists = []
    for dx, dy, dz in product(range(-reach, reach + 1), repeat=3):
        moved = [(s, x + dx, y + dy, z + dz) for s, x, y, z in voxels]
        lists.append([(rows[to], row) for row, to in enumerate(moved) if to in rows])
    return lists


@pytest.mark.parametrize("plain", [True, False])
@pytest.mark.parametrize("size", [1, 3, 5])
def test_table_lists_the_neighbors_of_the_same_scene(make_grid, size, plain):
    grid = make_grid()
    pairs = submanifold_pairs(grid, size, plain=plain)
    wanted = expected(grid, size)
    assert pairs.offsets == size**3
    for offset, rows in enumerate(wanted):
        part = slice(pairs.starts[offset], pairs.starts[offset + 1])
        found = zip(pairs.inputs[part].tolist(), pairs.outputs[part].tolist(), strict=True)
        assert list(found) == rows


@pytest.mark.parametrize("plain", [True, False])
def test_a_full_grid_has_every_neighbor(make_grid, plain):
    pairs = submanifold_pairs(make_grid(side=4, share=1.1, scenes=1), 3, plain=plain)
    assert pairs.starts[-1] == (2 * 3 + 4) ** 3


@pytest.mark.parametrize("size", [2, 7])
def test_other_sizes_are_refused(make_grid, size):
    with pytest.raises(ValueError, match=f"size is {size}, wanted 1, 3 or 5"):
        submanifold_pairs(make_grid(), size)
