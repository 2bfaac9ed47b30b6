"""Pairs of pixels and Gaussians that features are multiplied for."""

import pytest

from feature_rate import count_pairs
from gaussrep.kernels.simd import WIDTH
from gaussrep.rendering.cpu.layout import CELL_HEIGHT, CELL_WIDTH
from harness.scenes import make_scene
from harness.timing import one_call
from harness.workloads import Workload


@pytest.mark.parametrize("size", [16, 17])
def test_a_large_gaussian_is_composited_to_every_cell(size):
    columns, rows = -(-size // CELL_WIDTH), -(-size // CELL_HEIGHT)
    scene = make_scene(Workload("one", 1, 1, 1, size, size, sigma=500.0))
    assert count_pairs(one_call(scene, "cpu", backward=False)) == columns * rows * WIDTH
