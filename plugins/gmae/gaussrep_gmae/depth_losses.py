"""Losses that give the depth of GMAE's Gaussians a gradient (design choices).

With one orthographic camera, depth only orders the Gaussians, so the image loss gives it no
gradient.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from gaussrep_gmae.camera import DISTANCE
from gaussrep_gmae.layers.figure import assumed_figure

PRIOR_OFFSET = 0.5
"""Distance of the border prior's background and foreground from the center of the Gaussians' cube,
behind it and in front of it."""
DEPTH_SPREAD = 0.4
"""Standard deviation of the target of the supervised depth loss in the Gaussians' cube, whose half
side is 1."""


def border_prior_loss(
    depth: Float[Tensor, "b h w"], alpha: Float[Tensor, "b h w"], images: Float[Tensor, "b 3 h w"]
) -> Float[Tensor, " b"]:
    """Compare rendered depth with a label-free target.

    The target puts the pixels of `assumed_figure` in front of the center of the cube, and the rest
    behind it. It has two depths and no order of objects.

    Args:
        depth: Expected depth from the canonical camera.
        alpha: Weight of each pixel; it gets no gradient.
        images: Input images, RGB in [0, 1].

    Returns:
        Mean squared differences, in the cube's units, one per image.
    """
    target = DISTANCE + PRIOR_OFFSET * (1 - 2 * assumed_figure(images))
    return _mean_distance(depth, alpha, target)


def other_views_loss(
    rendered: Float[Tensor, "b views 3 h w"], images: Float[Tensor, "b views 3 h w"]
) -> Float[Tensor, " b"]:
    """Compare renders from other directions with the images of the scene from there.

    A Gaussian at the wrong depth is rendered at the wrong place (parallax).

    Args:
        rendered: The Gaussians predicted from one view, in the others; RGB.
        images: Those views, RGB in [0, 1].

    Returns:
        Mean squared differences, one per scene.
    """
    return (rendered - images).square().mean((1, 2, 3, 4))


def true_depth_loss(
    depth: Float[Tensor, "b h w"],
    alpha: Float[Tensor, "b h w"],
    true_depth: Float[Tensor, "b h w"],
) -> Float[Tensor, " b"]:
    """Compare rendered depth with the true one, standardized in each image.

    Args:
        depth: Expected depth from the canonical camera.
        alpha: Weight of each pixel; it gets no gradient.
        true_depth: True depth in any unit, larger is farther.

    Returns:
        Mean squared differences, in the cube's units, one per image.
    """
    deviation, mean = torch.std_mean(true_depth, dim=(1, 2), keepdim=True)
    target = DISTANCE + DEPTH_SPREAD * (true_depth - mean) / deviation.clamp_min(1e-6)
    return _mean_distance(depth, alpha, target)


def _mean_distance(
    depth: Float[Tensor, "b h w"], alpha: Float[Tensor, "b h w"], target: Float[Tensor, "b h w"]
) -> Float[Tensor, " b"]:
    """Compute the mean squared distance to a depth per pixel, weighted by alpha."""
    return (alpha.detach() * (depth - target).square()).mean((1, 2))
