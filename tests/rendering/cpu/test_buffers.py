"""Memory that later calls use again."""

import numpy as np
import pytest
import torch

from gaussrep.rendering import get_renderer
from gaussrep.rendering.cpu import buffers
from gaussrep.rendering.cpu.buffers import CACHE_LINE, FEWEST_BYTES, allocate
from gaussrep.testing.gradients import gradients
from gaussrep.testing.scenes import random_scene

COUNT = FEWEST_BYTES // 4


@pytest.fixture(autouse=True)
def _nothing_waits(monkeypatch):
    monkeypatch.setattr(buffers, "_waiting", {})


def address(array):
    return array.ctypes.data


def waiting_arrays():
    return list(buffers._waiting.values())


def test_memory_waits_until_the_last_view_is_gone():
    first = allocate(2, COUNT)
    place, view = address(first), torch.from_numpy(first)[1]
    del first
    other = allocate(2, COUNT)
    assert address(other) != place
    del view
    assert address(allocate(COUNT + 5)) == place


def test_memory_twice_as_large_as_needed_is_left():
    place = address(allocate(3 * COUNT))
    assert address(allocate(COUNT)) != place


def test_the_smallest_that_fits_is_taken():
    large, small = allocate(3 * COUNT), allocate(2 * COUNT)
    places = address(large), address(small)
    del large, small
    again = allocate(2 * COUNT), allocate(2 * COUNT)
    assert (address(again[1]), address(again[0])) == places


def test_what_has_waited_longest_is_freed(monkeypatch):
    monkeypatch.setattr(buffers, "MOST_BYTES", 5 * FEWEST_BYTES)
    arrays = [allocate(2 * COUNT) for _ in range(3)]
    places = [address(array) for array in arrays]
    while arrays:
        del arrays[0]
    waiting = [address(array) + -address(array) % CACHE_LINE for array in waiting_arrays()]
    assert waiting == places[1:]


def test_images_and_gradients_do_not_depend_on_what_memory_held(monkeypatch):
    monkeypatch.setattr(buffers, "FEWEST_BYTES", 1)
    scene = random_scene(3, size=(53, 37), count=40, features=5).to("cpu", torch.float32)
    renderer, found = get_renderer("cpu"), []
    for _ in range(2):
        image = renderer.render(scene.gaussians, scene.cameras, scene.background).color
        found.append((image.clone(), gradients(renderer, scene, cameras=True)))
        del image
        assert buffers._waiting
        for memory in waiting_arrays():
            memory[: len(memory) // 4 * 4].view(np.float32)[:] = np.nan
    assert torch.equal(found[0][0], found[1][0])
    assert all(torch.equal(found[0][1][name], g) for name, g in found[1][1].items())
