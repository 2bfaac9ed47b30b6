"""Zero-shot panels of the Gaussians of a whole image (paper: zero-shot tasks)."""

from dataclasses import dataclass

import torch
from einops import rearrange, repeat
from jaxtyping import Float
from torch import Tensor

from gaussrep import Gaussians
from gaussrep.report import Panel, near_to_far
from gaussrep_gmae.layers import depth_map, edges, figure_mask, layer_map, render_nearest
from gaussrep_gmae.method import GMAE
from gaussrep_gmae.report.ellipses import draw_ellipses

LAYERS = 8
"""Groups of the layer map (design choice); fewer if an image has fewer Gaussians."""

CHANGE = 0.1
"""Change of a color channel above which a group counts in the layer map (design choice)."""

EDGE_LAYERS = 16
"""Groups of the edges (one of the paper's numbers)."""

DIVISORS = (64, 32, 16, 8, 4, 2)
"""Layers show the nearest 1/64 to 1/2 of the Gaussians."""


@dataclass(frozen=True)
class ZeroShotPanels:
    """Panels of one image, all computed from its Gaussians.

    Args:
        whole: Rendering of the Gaussians predicted from all patches.
        ellipses: The Gaussians as ellipses.
        layers: Layer map.
        depth: Expected depth.
        edges: Edge strength; strong edges are dark.
        mask: Figure mask; the figure is bright.
        figure: The input under the mask, on white.
        ground: The input under the inverse mask, on white.
        nearest: Renderings of more and more of the nearest Gaussians.
    """

    whole: Panel
    ellipses: Panel
    layers: Panel
    depth: Panel
    edges: Panel
    mask: Panel
    figure: Panel
    ground: Panel
    nearest: list[Panel]


def depth_range(gaussians: Gaussians, size: int = Panel.SIDE) -> tuple[float, float]:
    """Return the smallest and the largest depth in images, for one scale of all depth panels.

    Args:
        gaussians: Gaussians of whole images, [B, K].
        size: Side of the maps in pixels.

    Returns:
        Depths from 0, the near face of the cube, to 1, the far face.
    """
    low, high = depth_map(gaussians, size).aminmax()
    return float(low), float(high)


def zero_shot_panels(
    method: GMAE,
    image: Float[Tensor, "3 h w"],
    gaussians: Gaussians,
    depths: tuple[float, float],
    size: int = Panel.SIDE,
) -> ZeroShotPanels:
    """Compute the panels of one image.

    Args:
        method: Model that predicted the Gaussians.
        image: Input image in [0, 1].
        gaussians: Gaussians of the whole image, [1, K].
        depths: Depths of the brightest and the darkest color.
        size: Side of the maps in pixels.

    Returns:
        The panels.
    """
    original, side = rearrange(image, "c h w -> h w c"), image.shape[-1]
    mask = figure_mask(gaussians, "clusters", side)[0, ..., None]
    strength = edges(gaussians, min(EDGE_LAYERS, gaussians.count), size)
    return ZeroShotPanels(
        whole=Panel.from_pixels("from all patches", method.render(gaussians).color[0, 0]),
        ellipses=Panel(f"{gaussians.count} Gaussians", draw_ellipses(gaussians[0], Panel.SIDE)),
        layers=Panel.from_pixels("layers", _layers(gaussians, size, method.background)),
        depth=_depth(depth_map(gaussians, size)[0], *depths),
        edges=Panel.from_pixels("edges", _ink(strength[0])),
        mask=Panel.from_pixels("figure mask", repeat(mask, "h w 1 -> h w 3")),
        figure=Panel.from_pixels("figure", torch.lerp(torch.ones_like(original), original, mask)),
        ground=Panel.from_pixels("ground", torch.lerp(original, torch.ones_like(original), mask)),
        nearest=_nearest(gaussians, side, method.background),
    )


def _layers(
    gaussians: Gaussians, size: int, background: Float[Tensor, " 3"]
) -> Float[Tensor, "size size 3"]:
    layers = min(LAYERS, gaussians.count)
    colors = torch.cat([torch.ones(1, 3), layer_colors(layers)])
    return colors[layer_map(gaussians, layers, CHANGE, size, background)[0].cpu()]


def layer_colors(layers: int) -> Float[Tensor, "layers 3"]:
    """Return the colors of numbered layers.

    Args:
        layers: Number of layers.

    Returns:
        RGB in [0, 1], nearest first.
    """
    return near_to_far(torch.linspace(0, 1, layers))


def _nearest(gaussians: Gaussians, size: int, background: Float[Tensor, " 3"]) -> list[Panel]:
    counts = [max(1, gaussians.count // divisor) for divisor in DIVISORS]
    images = [render_nearest(gaussians, count, size, background).color[0, 0] for count in counts]
    return [
        Panel.from_pixels(f"nearest {count}", image)
        for count, image in zip(counts, images, strict=True)
    ]


def _depth(depth: Float[Tensor, "h w"], low: float, high: float) -> Panel:
    colors = near_to_far((depth - low) / max(high - low, 1e-6))
    return Panel.from_pixels(f"depth {low:.2f} to {high:.2f}", colors)


def _ink(strength: Float[Tensor, "h w"]) -> Float[Tensor, "h w 3"]:
    """Draw strength in black on white, the strongest as black."""
    return repeat(1 - strength / strength.max().clamp_min(1e-6), "h w -> h w 3")
