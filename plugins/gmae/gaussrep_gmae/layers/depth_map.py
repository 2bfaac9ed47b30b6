"""Depth as the Gaussians have it."""

import torch
from jaxtyping import Float
from torch import Tensor

import gaussrep as gr
from gaussrep.gaussians import Gaussians
from gaussrep_gmae.camera import DISTANCE, canonical_camera


def depth_map(gaussians: Gaussians, size: int) -> Float[Tensor, "b size size"]:
    """Depth that each pixel is expected to show.

    The successor's code draws a logarithm of depth in place of the colors, for a picture; here it
    is depth itself (ours). What no Gaussian stops counts as the far end.

    Args:
        gaussians: Gaussians of a batch of images in [-1, 1]³, [B, K].
        size: Side of the map in pixels.

    Returns:
        Values in [0, 1]: 0 at the near face of the Gaussians' cube, 1 at its far face.
    """
    camera = canonical_camera(len(gaussians.means), size, gaussians.device)
    drawn = gr.render(gaussians, camera)
    depth = (drawn.depth[:, 0] - (DISTANCE - 1)) / 2
    return torch.lerp(torch.ones_like(depth), depth, drawn.alpha[:, 0]).clamp(0, 1)
