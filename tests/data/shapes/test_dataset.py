import hashlib
import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.utils.data import DataLoader

from gaussrep.building import build
from gaussrep.data.sample import SampleKey
from gaussrep.data.shapes.config import ShapesConfig
from gaussrep.data.shapes.dataset import Shapes
from gaussrep.data.shapes.polygons import rasterize_polygons
from gaussrep.data.shapes.render import edges_of, render_layers
from gaussrep.data.shapes.scene import FAR, FRAME, NEAR, draw_scene

SCENES = st.tuples(st.integers(1, 8), st.integers(0, 8), st.integers(0, 2**32))
SIZES = st.integers(8, 40)


def scene(drawn):
    fewest, more, seed = drawn
    return draw_scene((fewest, fewest + more), np.random.default_rng(seed))


def plane(layer, size):
    """Depth of a layer's plane at all pixels' centers, in float64."""
    cells = (np.arange(size) + 0.5) / size
    x, y = np.meshgrid(cells - layer.center[0], cells - layer.center[1])
    return layer.depth + (layer.slant[0] * x + layer.slant[1] * y) / layer.reach


@settings(max_examples=60)
@given(SCENES, SIZES)
def test_the_visible_layer_is_the_nearest_that_covers_the_pixel(drawn, size):
    layers = scene(drawn)
    rendered = render_layers(layers, size)
    covered = rasterize_polygons([layer.outline for layer in layers], size)
    depths = np.where(covered, np.stack([plane(layer, size) for layer in layers]), np.inf)
    assert np.array_equal(rendered.order, depths.argmin(axis=0))
    np.testing.assert_allclose(rendered.depth, depths.min(axis=0), rtol=1e-6)
    assert NEAR <= rendered.depth.min() <= rendered.depth.max() <= FAR


@settings(max_examples=60)
@given(SCENES, SIZES)
def test_edges_lie_on_the_nearer_side_of_every_change(drawn, size):
    layers = scene(drawn)
    rendered = render_layers(layers, size)
    order = np.pad(rendered.order, 1, mode="edge")
    for (row, column), edge in np.ndenumerate(rendered.edges):
        here = order[row + 1, column + 1]
        around = (
            order[row, column + 1], order[row + 2, column + 1],
            order[row + 1, column], order[row + 1, column + 2],
        )  # fmt: skip
        assert edge == (min(around) < here)


@settings(max_examples=30)
@given(SCENES, SIZES)
def test_a_finer_drawing_shows_the_same(drawn, size):
    layers = scene(drawn)
    coarse, fine = render_layers(layers, size), render_layers(layers, 3 * size)
    assert np.array_equal(fine.order[1::3, 1::3], coarse.order)
    np.testing.assert_allclose(fine.depth[1::3, 1::3], coarse.depth, atol=1e-5)


@settings(max_examples=60)
@given(SCENES)
def test_layers_never_meet_in_depth(drawn):
    layers = scene(drawn)
    slopes = [np.linalg.norm(layer.slant) for layer in layers]
    for far, near, a, b in zip(layers[:-1], layers[1:], slopes[:-1], slopes[1:], strict=True):
        assert far.depth - a > near.depth + b
    assert np.array_equal(layers[0].outline, FRAME)


def plain(layer, outline, gray):
    """A layer without texture and shading, at one depth."""
    color = np.full(3, gray)
    return replace(
        layer,
        outline=outline,
        slant=np.zeros(2),
        light=np.zeros(2),
        falloff=0.0,
        color=color,
        accent=color,
    )


def test_a_vertical_contour_by_hand():
    first, second = draw_scene((1, 1), np.random.default_rng(0))
    reaches_into = 2 + 2 / 3  # two thirds of the third column
    outline = np.array([[0.0, 0.0], [reaches_into / 8, 0.0], [reaches_into / 8, 1.0], [0.0, 1.0]])
    rendered = render_layers([plain(first, FRAME, 0.0), plain(second, outline, 0.9)], 8)
    for row in range(8):
        np.testing.assert_allclose(rendered.image[:, row], [[0.9, 0.9, 0.6, 0, 0, 0, 0, 0]] * 3)
        assert rendered.order[row].tolist() == [1, 1, 1, 0, 0, 0, 0, 0]
        assert rendered.edges[row].tolist() == [False, False, True] + [False] * 5
        assert rendered.depth[row] == pytest.approx([second.depth] * 3 + [first.depth] * 5)


def test_brightness_rises_towards_the_light_and_falls_off_the_center():
    first, second = draw_scene((1, 1), np.random.default_rng(0))
    flat, outside = plain(first, FRAME, 0.5), plain(second, FRAME + 2, 0.9)
    reach = np.sqrt(0.5)
    lit = render_layers([replace(flat, light=np.array([0.2, 0.0])), outside], 10).image[0, 3]
    x = (np.arange(10) + 0.5) / 10 - 0.5
    np.testing.assert_allclose(lit, 0.5 * (1 + 0.2 * x / reach), rtol=1e-5)
    domed = render_layers([replace(flat, falloff=0.2), outside], 10).image[0, 3]
    np.testing.assert_allclose(domed, 0.5 * (1 - 0.2 * (x**2 + 0.15**2) / 0.5), rtol=1e-5)


def test_diagonal_contours_are_one_pixel_wide():
    order = (np.add.outer(np.arange(9), np.arange(9)) > 8).astype(np.int64)
    edges = edges_of(order)
    assert np.array_equal(edges, np.add.outer(np.arange(9), np.arange(9)) == 9)


CONFIG = ShapesConfig(image_size=24, samples=12, val_samples=5)

DIGEST = """
import hashlib
from gaussrep.data.shapes.config import ShapesConfig
from gaussrep.data.shapes.dataset import Shapes
digest = hashlib.sha256()
for split in ("train", "val"):
    dataset = Shapes(ShapesConfig(image_size=24, samples=12, val_samples=5), split)
    for index in reversed(range(len(dataset))):
        for name, value in sorted(dataset[index].items()):
            digest.update(name.encode() + value.numpy().tobytes())
print(digest.hexdigest())
"""


def same(first, second):
    return first.keys() == second.keys() and all(torch.equal(first[k], second[k]) for k in first)


@settings(max_examples=40)
@given(st.integers(8, 48), st.integers(1, 10), st.integers(0, 6), st.integers(0, 2**40), st.data())
def test_samples_have_the_agreed_form(size, fewest, more, seed, data):
    config = ShapesConfig(image_size=size, objects=(fewest, fewest + more), seed=seed)
    dataset = Shapes(config, data.draw(st.sampled_from(["train", "val"])))
    index = data.draw(st.integers(0, len(dataset) - 1))
    sample = dataset[index]
    forms = {name: (value.dtype, tuple(value.shape)) for name, value in sample.items()}
    assert forms == {
        "image": (torch.float32, (3, size, size)),
        "index": (torch.int64, ()),
        "order": (torch.int64, (size, size)),
        "depth": (torch.float32, (size, size)),
        "edges": (torch.bool, (size, size)),
        "figure": (torch.bool, (size, size)),
    }
    assert 0 <= sample["image"].min() < sample["image"].max() <= 1
    assert sample["index"].item() == index
    assert torch.equal(sample["figure"], sample["order"] > 0)
    assert 0 <= sample["order"].min() <= sample["order"].max() <= fewest + more
    assert fewest <= len(dataset.scene(index)) - 1 <= fewest + more


def test_a_sample_depends_on_its_index_alone():
    first, second = Shapes(CONFIG), Shapes(CONFIG)
    expected = first[3]
    torch.manual_seed(5)
    second[7]
    assert same(second[SampleKey(3, epoch=4, seed=9)], expected)
    others = (first[4], Shapes(CONFIG, "val")[3], Shapes(CONFIG.model_copy(update={"seed": 1}))[3])
    for other in others:
        assert not torch.equal(other["image"], expected["image"])


def test_more_samples_leave_the_first_as_they_are():
    more = CONFIG.model_copy(update={"samples": 10**9})
    assert same(Shapes(more)[11], Shapes(CONFIG)[11])
    assert Shapes(more)[10**9 - 1]["index"] == 10**9 - 1


def test_other_processes_draw_the_same():
    digest = hashlib.sha256()
    for split in ("train", "val"):
        dataset = Shapes(CONFIG, split)
        samples = [dataset[index] for index in range(len(dataset))]
        for sample in reversed(samples):
            for name, value in sorted(sample.items()):
                digest.update(name.encode() + value.numpy().tobytes())
    there = subprocess.run(
        [sys.executable, "-c", DIGEST],
        env=os.environ | {"PYTHONHASHSEED": "1", "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert there.stdout.strip() == digest.hexdigest()


def test_workers_and_the_main_process_give_the_same():
    here, there = (list(DataLoader(Shapes(CONFIG), 4, num_workers=workers)) for workers in (0, 1))
    assert len(here) == 3
    assert all(same(a, b) for a, b in zip(here, there, strict=True))


def test_indices_outside_are_refused():
    for index in (-1, 12):
        with pytest.raises(IndexError, match=f"index {index} is outside 0 to 11"):
            Shapes(CONFIG)[index]


def test_the_plugin_system_builds_it():
    dataset = build("datasets", {"type": "shapes", "val_samples": 7}, split="val")
    assert len(dataset) == 7
    assert dataset[0]["image"].shape == (3, 64, 64)


@pytest.fixture(scope="module")
def scenes():
    dataset = Shapes(ShapesConfig(image_size=32))
    return [(len(dataset.scene(i)) - 1, dataset[i]) for i in range(300)]


class TestManyScenes:
    """What images should be like on average; each bound is far from what 300 scenes give."""

    def test_all_numbers_of_objects_occur_equally_often(self, scenes):
        counts = np.bincount([count for count, _ in scenes])
        assert counts[:2].tolist() == [0, 0]
        assert counts[2:].tolist() == pytest.approx([60] * 5, abs=25)

    def test_hardly_any_object_is_hidden(self, scenes):
        visible = sum(len(sample["order"].unique()) - 1 for _, sample in scenes)
        assert visible > 0.98 * sum(count for count, _ in scenes)

    def test_figure_and_ground_share_the_image(self, scenes):
        shares = torch.stack([sample["figure"].float().mean() for _, sample in scenes])
        assert 0.4 < shares.mean() < 0.6
        assert 0.1 < shares.min() < shares.max() < 0.98

    def test_contours_show_in_the_image(self, scenes):
        """Colors change across a contour several times as much as elsewhere."""
        across, elsewhere = [], []
        for _, sample in scenes:
            change = sample["image"].diff(dim=2).abs().sum(dim=0)
            contour = sample["order"].diff(dim=1) != 0
            across.append(change[contour].mean())
            elsewhere.append(change[~contour].mean())
        assert torch.stack(across).mean() > 3 * torch.stack(elsewhere).mean()
