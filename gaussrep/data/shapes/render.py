"""Rendering of the scenes of `shapes`, from the front and from other directions."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float32, Float64, Int64

from gaussrep.data.shapes.polygons import Outline, rasterize_polygons
from gaussrep.data.shapes.scene import FAR, NEAR, Layer
from gaussrep.data.shapes.textures import PixelCenters, Points

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
    visible = _visible_layers([layer.outline for layer in layers], size)
    middle = SAMPLES // 2
    order = visible[middle::SAMPLES, middle::SAMPLES].astype(np.int64)
    offsets = _offsets(layers, size)
    return RenderedShapes(
        image=_blended(layers, _coverage(visible, len(layers)), offsets),
        order=order,
        depth=_depth(layers, order, offsets),
        edges=edges_of(order),
    )


def render_view(
    layers: list[Layer], size: int, parallax: Float64[np.ndarray, "2"]
) -> Float32[np.ndarray, "3 size size"]:
    """Render a scene from another direction, by an oblique orthographic projection.

    A point at the middle of the range of depths stays where it is, the nearest moves by half of
    `parallax`, the farthest by as much the other way, and the rest in proportion to its depth.

    Args:
        layers: From the farthest, the backdrop, to the nearest; at least two.
        size: Side of the image in pixels.
        parallax: Displacement (x, y) of the nearest points relative to the farthest, in image
            sides.

    Returns:
        Colors averaged over each pixel's area, in [0, 1].
    """
    motions = [_Motion.of(layer, parallax) for layer in layers]
    moved = [motion.forward(layer.outline) for layer, motion in zip(layers, motions, strict=True)]
    visible = _visible_layers(moved, size)
    image = np.zeros((3, size, size), dtype=np.float32)
    for layer, motion, covered in zip(
        layers, motions, _coverage(visible, len(layers)), strict=True
    ):
        rows, columns = np.nonzero(covered)
        points = motion.sources((columns + 0.5) / size, (rows + 0.5) / size)
        colors = np.stack([layer.color, layer.accent]).astype(np.float32)
        mixed = colors[0, :, None] + np.outer(colors[1] - colors[0], layer.texture.weights(points))
        image[:, rows, columns] += covered[rows, columns] * _brightness_at(layer, points) * mixed
    return np.clip(image, 0, 1)


@dataclass(frozen=True, slots=True)
class _Motion:
    """Affine map of a plane's image from the front view to another view."""

    matrix: Float64[np.ndarray, "2 2"]
    shift: Float64[np.ndarray, "2"]

    @classmethod
    def of(cls, layer: Layer, parallax: np.ndarray) -> "_Motion":
        per_depth = -parallax / (FAR - NEAR)
        slope = layer.slant / layer.reach
        middle = layer.depth - (NEAR + FAR) / 2 - slope @ layer.center
        return cls(np.eye(2) + np.outer(per_depth, slope), per_depth * middle)

    def forward(self, places: np.ndarray) -> np.ndarray:
        return places @ self.matrix.T + self.shift

    def sources(self, x: np.ndarray, y: np.ndarray) -> Points:
        """Map positions in the other view to positions in the front view."""
        back = np.linalg.inv(self.matrix)
        from_x, from_y = back @ np.stack([x - self.shift[0], y - self.shift[1]])
        return Points(from_x.astype(np.float32), from_y.astype(np.float32))


def _brightness_at(layer: Layer, points: Points) -> Float32[np.ndarray, " points"]:
    x, y = (
        (each - middle) / layer.reach
        for each, middle in zip((points.x, points.y), layer.center, strict=True)
    )
    lit = 1 + layer.light[0] * x + layer.light[1] * y - layer.falloff * (x**2 + y**2)
    return lit.astype(np.float32)


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


def _visible_layers(outlines: list[Outline], size: int) -> np.ndarray:
    """Index of the nearest layer at the samples of all pixels; the first layer is everywhere."""
    masks = rasterize_polygons(outlines[1:], size * SAMPLES)
    return (masks * _numbers(len(outlines))[1:]).max(axis=0)


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
    second = np.stack([layer.texture.weights(PixelCenters(size)) for layer in layers]).reshape(
        count, -1
    )
    lit = (coverage * _brightness(layers, offsets)).reshape(count, -1)
    colors = np.array([layer.color for layer in layers], dtype=np.float32)
    accents = np.array([layer.accent for layer in layers], dtype=np.float32)
    image = colors.T @ lit + (accents - colors).T @ (lit * second)
    return np.clip(image, 0, 1).reshape(3, size, size)


def _brightness(layers: list[Layer], offsets: np.ndarray) -> Float32[np.ndarray, "count size size"]:
    light = np.array([layer.light for layer in layers], dtype=np.float32)[..., None]
    falloff = np.array([layer.falloff for layer in layers], dtype=np.float32)[:, None, None]
    along_x, along_y = np.moveaxis(light * offsets - falloff * offsets**2, 1, 0)
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
