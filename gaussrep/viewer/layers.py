"""Layers: the Gaussians between two places in the order from front to back."""

from typing import Literal

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from gaussrep.cameras import Cameras
from gaussrep.gaussians import Gaussians

Order = Literal["camera", "x", "y", "z"]


def depths_of(gaussians: Gaussians, order: Order, cameras: Cameras) -> Float[Tensor, " n"]:
    """Measure how far back Gaussians are.

    Args:
        gaussians: One scene.
        order: `camera` measures along the camera's optical axis, the others along the scene's axes.
        cameras: One view.

    Returns:
        Of the centers, in scene units.
    """
    if order != "camera":
        return gaussians.means[:, "xyz".index(order)]
    viewmat = cameras.viewmats[0]
    return gaussians.means @ viewmat[2, :3] + viewmat[2, 3]


def in_layers(depths: Float[Tensor, " n"], front: float, back: float) -> Bool[Tensor, " n"]:
    """Choose Gaussians by their rank from front to back.

    Args:
        depths: Larger is farther back; the order of equal ones is theirs in the scene.
        front: Share of the Gaussians that lie before those that are kept, in [0, 1].
        back: Share of the Gaussians that lie before the first one behind them, in [0, 1].

    Returns:
        Which are kept. Layers that share an end share no Gaussian; all layers together are all.
    """
    count = len(depths)
    kept = torch.zeros(count, dtype=torch.bool, device=depths.device)
    kept[depths.argsort(stable=True)[round(front * count) : round(back * count)]] = True
    return kept
