"""The data set `shapes`."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from jaxtyping import Bool, Float32, Int64
from torch import Tensor
from torch.utils.data import Dataset

from gaussrep.data.sample import SampleKey
from gaussrep.data.shapes.config import ShapesConfig
from gaussrep.data.shapes.polygons import rasterize_polygons
from gaussrep.data.shapes.scene import Layer, draw_scene

SAMPLES = 3
"""Points along the side of a pixel whose colors are averaged; odd, so that one is its center."""


@dataclass(frozen=True, slots=True)
class RenderedShapes:
    """A rendered scene. All maps but the image hold at pixel centers.

    Args:
        image: Colors averaged over each pixel's area, in [0, 1].
        order: Index of the visible layer: 0 for the backdrop, larger is nearer.
        depth: Depth of the visible layer, larger is farther.
        edges: Pixels whose layer is nearer than that of a neighbor (left, right, above or
            below): contours belong to the nearer layer.
    """

    image: Float32[np.ndarray, "3 size size"]
    order: Int64[np.ndarray, "size size"]
    depth: Float32[np.ndarray, "size size"]
    edges: Bool[np.ndarray, "size size"]


def render_layers(layers: list[Layer], size: int) -> RenderedShapes:
    """Render a scene.

    Args:
        layers: From the farthest, the backdrop, to the nearest; at least two.
        size: Side of the image in pixels.

    Returns:
        The image and its ground truth.
    """
    masks = rasterize_polygons([layer.outline for layer in layers[1:]], size * SAMPLES)
    visible = (masks * _numbers(len(layers))[1:]).max(axis=0)
    middle = SAMPLES // 2
    order = visible[middle::SAMPLES, middle::SAMPLES].astype(np.int64)
    offsets = _offsets(layers, size)
    return RenderedShapes(
        image=_blended(layers, _coverage(visible, len(layers)), offsets),
        order=order,
        depth=_depth(layers, order, offsets),
        edges=edges_of(order),
    )


def edges_of(order: Int64[np.ndarray, "height width"]) -> Bool[np.ndarray, "height width"]:
    """Find the pixels whose layer is nearer than that of one of their four neighbors.

    Args:
        order: Index of the visible layer, larger is nearer.

    Returns:
        True on contours.

    Examples:
        >>> edges_of(np.array([[0, 0, 1, 1, 1]])).astype(int).tolist()
        [[0, 0, 1, 0, 0]]
    """
    edges = np.zeros(order.shape, dtype=bool)
    edges[1:] |= order[1:] > order[:-1]
    edges[:-1] |= order[:-1] > order[1:]
    edges[:, 1:] |= order[:, 1:] > order[:, :-1]
    edges[:, :-1] |= order[:, :-1] > order[:, 1:]
    return edges


def _coverage(visible: np.ndarray, count: int) -> Float32[np.ndarray, "count size size"]:
    """Compute the fraction of each pixel in which each layer is visible."""
    seen = (visible == _numbers(count)).view(np.uint8)
    rows = seen[:, 0::SAMPLES] + seen[:, 1::SAMPLES] + seen[:, 2::SAMPLES]
    hits = rows[..., 0::SAMPLES] + rows[..., 1::SAMPLES] + rows[..., 2::SAMPLES]
    return hits / np.float32(SAMPLES**2)


def _numbers(count: int) -> np.ndarray:
    return np.arange(count, dtype=np.uint8)[:, None, None]


def _blended(
    layers: list[Layer], coverage: np.ndarray, offsets: np.ndarray
) -> Float32[np.ndarray, "3 size size"]:
    count, size, _ = coverage.shape
    second = np.stack([layer.texture.weights(size) for layer in layers]).reshape(count, -1)
    lit = (coverage * _brightness(layers, offsets)).reshape(count, -1)
    colors = np.array([layer.color for layer in layers], dtype=np.float32)
    accents = np.array([layer.accent for layer in layers], dtype=np.float32)
    image = colors.T @ lit + (accents - colors).T @ (lit * second)
    return np.clip(image, 0, 1).reshape(3, size, size)


def _brightness(layers: list[Layer], offsets: np.ndarray) -> Float32[np.ndarray, "count size size"]:
    light = np.array([layer.light for layer in layers], dtype=np.float32)[..., None]
    dome = np.array([layer.dome for layer in layers], dtype=np.float32)[:, None, None]
    along_x, along_y = np.moveaxis(light * offsets - dome * offsets**2, 1, 0)
    return 1 + along_x[:, None, :] + along_y[:, :, None]


def _depth(
    layers: list[Layer], order: np.ndarray, offsets: np.ndarray
) -> Float32[np.ndarray, "size size"]:
    depth = np.array([layer.depth for layer in layers], dtype=np.float32)
    slant = np.array([layer.slant for layer in layers], dtype=np.float32)[..., None]
    along_x, along_y = np.moveaxis(slant * offsets, 1, 0)
    cells = np.arange(len(order))
    return depth[order] + along_x[order, cells] + along_y[order, cells[:, None]]


def _offsets(layers: list[Layer], size: int) -> Float32[np.ndarray, "count 2 size"]:
    """Where columns and rows lie, seen from each layer's center, in units of its reach."""
    cells = (np.arange(size) + 0.5) / size
    centers = np.array([layer.center for layer in layers])[..., None]
    reaches = np.array([layer.reach for layer in layers])[:, None, None]
    return ((cells - centers) / reaches).astype(np.float32)


class Shapes(Dataset[dict[str, Tensor]]):
    """Textured objects in front of each other and of a backdrop, with exact ground truth.

    A scene is a pure function of the settings, the split and the index. It depends neither on
    the epoch nor on the run's seed; for more variety raise `samples`.

    Args:
        config: Size, number and content of the images.
        split: `train` and `val` are different scenes.
    """

    def __init__(self, config: ShapesConfig, split: Literal["train", "val"] = "train") -> None:
        self.config = config
        self.split = split

    def __len__(self) -> int:
        return self.config.samples if self.split == "train" else self.config.val_samples

    def __getitem__(self, key: SampleKey | int) -> dict[str, Tensor]:
        """Draw one scene.

        Args:
            key: Index of the scene; the epoch and the seed have no influence.

        Returns:
            With `S` the size: `image`, float32 [3, S, S] in [0, 1]; `index`, int64; `order`, int64
            [S, S], 0 on the backdrop and larger on nearer objects; `depth`, float32 [S, S],
            larger is farther; `edges`, bool [S, S], the contours of what is visible, one pixel
            wide on the nearer side; `figure`, bool [S, S], True on any object.
        """
        index = key.index if isinstance(key, SampleKey) else key
        rendered = render_layers(self.scene(index), self.config.image_size)
        return {
            "image": torch.from_numpy(rendered.image),
            "index": torch.tensor(index),
            "order": torch.from_numpy(rendered.order),
            "depth": torch.from_numpy(rendered.depth),
            "edges": torch.from_numpy(rendered.edges),
            "figure": torch.from_numpy(rendered.order > 0),
        }

    def scene(self, index: int) -> list[Layer]:
        """Return the layers of one scene, from the backdrop to the nearest object.

        Args:
            index: Index of the scene.

        Returns:
            At least two layers.

        Raises:
            IndexError: If there is no such scene.
        """
        if not 0 <= index < len(self):
            raise IndexError(f"index {index} is outside 0 to {len(self) - 1}")
        stream = ("train", "val").index(self.split)
        seeds = np.random.SeedSequence(self.config.seed, spawn_key=(stream, index))
        return draw_scene(self.config.objects, np.random.default_rng(seeds))
