"""Flat Gaussians, and the cameras that render their frame."""

import torch
from jaxtyping import Float
from torch import Tensor

from gaussrep import Cameras, Gaussians

THICKNESS = 1e-3
"""Standard deviation across the image plane; renderings do not depend on it."""


def flat_gaussians(
    centers: Float[Tensor, "*batch n 2"],
    sigmas: Float[Tensor, "*batch n 2"],
    angles: Float[Tensor, "*batch n"],
    colors: Float[Tensor, "*batch n 3"],
) -> Gaussians:
    """Build Gaussians in the plane z = 0, Σ = (R S)(R S)ᵀ as in the paper.

    Args:
        centers: Centers in the frame, whose longer side is [-1, 1].
        sigmas: Standard deviations along the Gaussian's axes, > 0.
        angles: Angles from the x axis to the first of them, in radians, towards y.
        colors: Values that a Gaussian adds at its center; may be negative. Opacities are 1.

    Returns:
        Gaussians with the same leading axes.
    """
    zero = torch.zeros_like(angles)
    thickness = torch.full_like(zero, THICKNESS)
    return Gaussians(
        means=torch.cat([centers, zero[..., None]], -1),
        quats=torch.stack([(angles / 2).cos(), zero, zero, (angles / 2).sin()], -1),
        scales=torch.cat([sigmas, thickness[..., None]], -1),
        opacities=torch.ones_like(angles),
        colors=colors,
    )


def image_cameras(images: int, height: int, width: int, device: torch.device) -> Cameras:
    """Return orthographic cameras that view the frame from one unit away.

    Args:
        images: Batch size; each image gets one view.
        height: Height of the images in pixels.
        width: Width of the images in pixels.
        device: Device of the matrices.

    Returns:
        Cameras with batch axis [images] and one view.
    """
    viewmat = torch.eye(4, device=device)
    viewmat[2, 3] = 1
    half = max(height, width) / 2
    K = torch.tensor([[half, 0, width / 2], [0, half, height / 2], [0, 0, 1]], device=device)
    lead = (images, 1)
    return Cameras(viewmat.expand(*lead, 4, 4), K.expand(*lead, 3, 3), width, height, model="ortho")
