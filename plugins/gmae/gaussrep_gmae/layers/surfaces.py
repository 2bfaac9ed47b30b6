"""Gaussians grouped to surfaces by their color."""

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn.functional import one_hot

import gaussrep as gr
from gaussrep.gaussians import Gaussians
from gaussrep_gmae.camera import canonical_camera

ROUNDS = 20
"""Rounds of Lloyd's algorithm, after which groups hardly change (ours)."""


def visible_surfaces(
    gaussians: Gaussians, groups: int, size: int
) -> Float[Tensor, "b g size size"]:
    """Group the Gaussians of each image by color, and draw how much of each pixel each group is.

    Args:
        gaussians: Gaussians of a batch of images with plain colors, [B, K].
        groups: Number of groups.
        size: Side of the maps in pixels.

    Returns:
        Shares of the pixels in [0, 1]; their sum is the alpha.
    """
    assert gaussians.colors is not None
    members = one_hot(group_colors(gaussians.colors, groups), groups).to(gaussians.dtype)
    camera = canonical_camera(len(members), size, gaussians.device)
    shares = gr.render(gaussians.replace(features=members), camera).features
    assert shares is not None
    return shares[:, 0].movedim(-1, 1)


def group_colors(colors: Float[Tensor, "b n 3"], groups: int) -> Int[Tensor, "b n"]:
    """Lloyd's algorithm (k-means), started from equal shares along the colors' main axis.

    Args:
        colors: RGB, some for each image.
        groups: Number of groups.

    Returns:
        The group of each color, 0 to `groups` - 1.
    """
    centerd = colors - colors.mean(dim=1, keepdim=True)
    main = torch.linalg.eigh(centerd.mT @ centerd).eigenvectors[..., -1:]
    ranks = (centerd @ main).squeeze(-1).argsort(dim=1, stable=True).argsort(dim=1)
    group = ranks * groups // colors.shape[1]
    for _ in range(ROUNDS):
        members = one_hot(group, groups).to(colors.dtype)
        means = (members.mT @ colors) / members.sum(dim=1)[..., None].clamp_min(1)
        empty = (members.sum(dim=1) == 0)[:, None]
        group = torch.cdist(colors, means).masked_fill(empty, torch.inf).argmin(dim=-1)
    return group
