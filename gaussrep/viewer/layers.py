"""Layers: ranges of Gaussians sorted from front to back."""

from typing import Literal

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from gaussrep.cameras import Cameras
from gaussrep.gaussians import Gaussians

Order = Literal["camera", "x", "y", "z"]


def gaussian_depths(gaussians: Gaussians, order: Order, cameras: Cameras) -> Float[Tensor, " n"]:
    """Compute the depths of Gaussians.

    Args:
        gaussians: One scene.
        order: Direction of depth: the optical axis of the camera, or an axis of the scene.
        cameras: One view.

    Returns:
        Depths of the centers in scene units.
    """
    if order != "camera":
        return gaussians.means[:, "xyz".index(order)]
    viewmat = cameras.viewmats[0]
    return gaussians.means @ viewmat[2, :3] + viewmat[2, 3]


def layer_mask(depths: Float[Tensor, " n"], front: float, back: float) -> Bool[Tensor, " n"]:
    """Select Gaussians by their rank from front to back.

    Args:
        depths: Depths of the centers; equal depths are ranked by index.
        front: Rank of the first selected Gaussian, as a fraction of all in [0, 1].
        back: Rank of the first Gaussian behind the selected ones, as a fraction of all in [0, 1].

    Returns:
        Mask of the selected Gaussians. Adjacent layers share no Gaussian.
    """
    count = len(depths)
    kept = torch.zeros(count, dtype=torch.bool, device=depths.device)
    kept[depths.argsort(stable=True)[round(front * count) : round(back * count)]] = True
    return kept
