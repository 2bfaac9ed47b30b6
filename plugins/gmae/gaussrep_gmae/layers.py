"""Layers that GMAE finds without being asked: Gaussians in order of depth."""

from jaxtyping import Float
from torch import Tensor

import gaussrep as gr
from gaussrep.gaussians import Gaussians
from gaussrep.rendering import Rendering
from gaussrep_gmae.camera import canonical_camera


def order_by_depth(gaussians: Gaussians) -> Gaussians:
    """Sort the Gaussians of each image, nearest first; equal depths keep their order.

    Args:
        gaussians: Gaussians of a batch of images, [B, K].

    Returns:
        The same Gaussians, sorted.
    """
    order = gaussians.means[..., 2].argsort(dim=-1, stable=True)

    def sort(tensor: Tensor) -> Tensor:
        index = order.view(*order.shape, *[1] * (tensor.ndim - order.ndim))
        return tensor.take_along_dim(index, dim=order.ndim - 1)

    return gaussians.replace(**{name: sort(tensor) for name, tensor in gaussians.tensors()})


def draw_nearest(
    gaussians: Gaussians, count: int, size: int, background: Float[Tensor, " 3"]
) -> Rendering:
    """Render only the nearest Gaussians of each image (paper: the layering figures).

    Args:
        gaussians: Gaussians of a batch of images, [B, K].
        count: How many to draw, nearest first.
        size: Side of the picture in pixels.
        background: RGB behind them.

    Returns:
        One view per image.
    """
    nearest = order_by_depth(gaussians)[:, :count]
    camera = canonical_camera(len(nearest.means), size, nearest.device)
    return gr.render(nearest, camera, background=background)
