"""Figure and ground of pictures, with no Gaussians."""

from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import one_hot

from gaussrep_gmae.layers.ground import SURFACES, all_but_ground
from gaussrep_gmae.layers.surfaces import group_colors


def pixel_figure(images: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b h w"]:
    """Apply the rule `surfaces` of `figure_mask` to pixels.

    Args:
        images: RGB in [0, 1].

    Returns:
        1 on the figure, 0 on the ground.
    """
    groups = group_colors(images.flatten(2).mT, SURFACES)
    shares = one_hot(groups, SURFACES).to(images.dtype).mT
    return all_but_ground(shares.unflatten(2, images.shape[2:]))
