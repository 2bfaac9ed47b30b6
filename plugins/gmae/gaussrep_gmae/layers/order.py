"""The order of depth, from which all layers follow."""

from jaxtyping import Int
from torch import Tensor

from gaussrep.gaussians import Gaussians


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


def depth_ranks(gaussians: Gaussians) -> Int[Tensor, "b k"]:
    """Place of each Gaussian in the depth order of its image.

    Args:
        gaussians: Gaussians of a batch of images, [B, K].

    Returns:
        From 0, the nearest, to K - 1; equal depths keep their order.
    """
    order = gaussians.means[..., 2].argsort(dim=-1, stable=True)
    return order.argsort(dim=-1)
