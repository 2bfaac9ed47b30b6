"""How well a fitted scene shows views that it was not fitted to."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from gaussrep.metrics import psnr, ssim_map


@dataclass(frozen=True, slots=True)
class Fidelity:
    """Means over views.

    Attributes:
        psnr: Peak signal-to-noise ratio in decibels.
        ssim: Structural similarity, at most 1.
    """

    psnr: float
    ssim: float


@torch.no_grad()
def measure_fidelity(drawn: Float[Tensor, "v h w 3"], truth: Float[Tensor, "v h w 3"]) -> Fidelity:
    """Compare views.

    Args:
        drawn: Pictures; what lies outside [0, 1] is cut off.
        truth: What they should be.
    """
    said, wanted = (pictures.permute(0, 3, 1, 2) for pictures in (drawn.clamp(0, 1), truth))
    everywhere = torch.ones_like(said[:, 0], dtype=torch.bool)
    decibels = psnr(said, wanted, everywhere, channel_dim=-3).mean().item()
    return Fidelity(decibels, ssim_map(said, wanted).mean().item())
