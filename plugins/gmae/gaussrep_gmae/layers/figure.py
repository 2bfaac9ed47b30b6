"""Figure and ground, by color clusters or by the depth order."""

from typing import Literal, get_args

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d, interpolate, one_hot

import gaussrep as gr
from gaussrep import Gaussians
from gaussrep.errors import ValueRangeError
from gaussrep_gmae.camera import canonical_camera
from gaussrep_gmae.layers.depth import depth_map

FigureRule = Literal["clusters", "border", "near", "far"]
"""Rule by which the figure is chosen."""

NUM_CLUSTERS = 4
"""Color clusters; 3 and 4 do best of 2 to 8 on training scenes of `shapes` (design choice)."""
ASSUMPTION_SIZE = 32
"""Side in pixels of the small images whose figure is assumed."""
ITERATIONS = 20
"""Iterations of k-means, after which clusters hardly change (design choice)."""


def figure_mask(gaussians: Gaussians, rule: FigureRule, size: int) -> Float[Tensor, "b size size"]:
    """Segment the figure without training for it.

    The paper takes the alpha of the front of the depth order as the mask. If it cuts the order
    and which side it takes is not published. All rules are design choices:

    - `near`: cut the rendered depths of each image by Otsu's method; the figure is the alpha of the
      Gaussians before the cut.
    - `far`: one minus `near`.
    - `border`: of `near` and `far` the one that covers less of the image border.
    - `clusters`: group the Gaussians by color into `NUM_CLUSTERS` clusters, at any depth. The
      cluster that covers most of the border is the ground, together with uncovered pixels; the
      other clusters are the figure.

    Args:
        gaussians: Gaussians of a batch of images with plain colors, [B, K].
        rule: Name of the rule.
        size: Side of the masks in pixels.

    Returns:
        Soft masks in [0, 1].

    Raises:
        ValueRangeError: There is no such rule.
    """
    if rule not in get_args(FigureRule):
        raise ValueRangeError(
            f"rule is {rule!r}, expected one of {', '.join(get_args(FigureRule))}."
        )
    if rule == "clusters":
        return foreground_mask(color_clusters(gaussians, NUM_CLUSTERS, size))
    near = _near_alpha(gaussians, size)
    if rule == "border":
        return torch.where(border_fraction(near)[:, None, None] <= 0.5, near, 1 - near)
    return near if rule == "near" else 1 - near


def pixel_figure(images: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b h w"]:
    """Apply the rule `clusters` of `figure_mask` to pixels instead of Gaussians.

    Args:
        images: RGB in [0, 1].

    Returns:
        1 on the figure, 0 on the ground.
    """
    clusters = cluster_colors(images.flatten(2).mT, NUM_CLUSTERS)
    weights = one_hot(clusters, NUM_CLUSTERS).to(images.dtype).mT
    return foreground_mask(weights.unflatten(2, images.shape[2:]))


def assumed_figure(images: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b h w"]:
    """Assume that pixels whose color differs from the image border show objects.

    Objects seldom fill the border of an image (Wei et al., "Geodesic saliency using background
    priors", 2012), so `pixel_figure` of a small copy of each image is taken.

    Args:
        images: RGB in [0, 1].

    Returns:
        Between 0, background, and 1, objects.
    """
    small = adaptive_avg_pool2d(images, min(ASSUMPTION_SIZE, images.shape[-1]))
    return interpolate(pixel_figure(small)[:, None], size=images.shape[2:], mode="bilinear")[:, 0]


def foreground_mask(weights: Float[Tensor, "b g h w"]) -> Float[Tensor, "b h w"]:
    """Sum all clusters but the one that covers most of the border.

    Args:
        weights: Weight of each cluster at each pixel.

    Returns:
        Soft masks in [0, 1].
    """
    ground = border_fraction(weights).argmax(dim=1)
    of_ground = weights[torch.arange(len(weights), device=weights.device), ground]
    return (weights.sum(dim=1) - of_ground).clamp(0, 1)


def border_fraction(masks: Float[Tensor, "*b h w"]) -> Float[Tensor, " *b"]:
    """Average soft masks over the outermost pixels of the image.

    Args:
        masks: Values in [0, 1].

    Returns:
        Fractions of the border in [0, 1].
    """
    height, width = masks.shape[-2:]
    ring = torch.ones(height, width, dtype=torch.bool, device=masks.device)
    ring[1:-1, 1:-1] = False
    return masks[..., ring].mean(dim=-1)


def color_clusters(
    gaussians: Gaussians, clusters: int, size: int
) -> Float[Tensor, "b g size size"]:
    """Cluster the Gaussians of each image by color and render the weight of each cluster.

    Args:
        gaussians: Gaussians of a batch of images with plain colors, [B, K].
        clusters: Number of clusters.
        size: Side of the maps in pixels.

    Returns:
        Weights of the clusters in [0, 1]; their sum is the alpha.
    """
    assert gaussians.colors is not None
    members = one_hot(cluster_colors(gaussians.colors, clusters), clusters).to(gaussians.dtype)
    camera = canonical_camera(len(members), size, gaussians.device)
    weights = gr.render(gaussians.replace(features=members), camera).features
    assert weights is not None
    return weights[:, 0].movedim(-1, 1)


def cluster_colors(colors: Float[Tensor, "b n 3"], clusters: int) -> Int[Tensor, "b n"]:
    """Cluster colors by k-means, initialized with equal parts along their principal axis.

    Args:
        colors: RGB, N colors per image.
        clusters: Number of clusters.

    Returns:
        The cluster of each color, 0 to `clusters` - 1.
    """
    centered = colors - colors.mean(dim=1, keepdim=True)
    main = torch.linalg.eigh(centered.mT @ centered).eigenvectors[..., -1:]
    ranks = (centered @ main).squeeze(-1).argsort(dim=1, stable=True).argsort(dim=1)
    cluster = ranks * clusters // colors.shape[1]
    for _ in range(ITERATIONS):
        members = one_hot(cluster, clusters).to(colors.dtype)
        means = (members.mT @ colors) / members.sum(dim=1)[..., None].clamp_min(1)
        empty = (members.sum(dim=1) == 0)[:, None]
        cluster = torch.cdist(colors, means).masked_fill(empty, torch.inf).argmin(dim=-1)
    return cluster


def otsu_threshold(values: Float[Tensor, "b n"]) -> Float[Tensor, " b"]:
    """Compute Otsu's threshold (1979): the largest value of the lower of two classes.

    Args:
        values: At least two per row.

    Returns:
        One threshold per row; the common value if all values are equal.
    """
    ordered = values.double().sort(dim=1).values
    count = torch.arange(1, values.shape[1], device=values.device)
    sums = ordered.cumsum(dim=1)
    low, rest = sums[:, :-1], sums[:, -1:] - sums[:, :-1]
    others = values.shape[1] - count
    between = count * others * (low / count - rest / others).square()
    return ordered.gather(1, between.argmax(dim=1, keepdim=True)).squeeze(1).to(values.dtype)


def _near_alpha(gaussians: Gaussians, size: int) -> Float[Tensor, "b size size"]:
    cuts = 2 * otsu_threshold(depth_map(gaussians, size).flatten(1)) - 1
    near = gaussians.means[..., 2] <= cuts[:, None]
    camera = canonical_camera(len(near), size, gaussians.device)
    front = gaussians.replace(opacities=gaussians.opacities * near)
    return gr.render(front, camera).alpha[:, 0]
