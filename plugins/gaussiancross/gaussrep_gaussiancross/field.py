"""Field: a batch of scenes, said in Gaussians."""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from gaussrep.cuboid import Cuboid
from gaussrep.gaussians import Gaussians


@dataclass(frozen=True, eq=False)
class Field:
    """One Gaussian per cell of each scene, before any is dropped.

    Attributes:
        gaussians: In the cuboid's units, [B, N].
        kept: Which pass the opacity threshold, [B, N].
        cuboid: The way back to the units of the points.
    """

    gaussians: Gaussians
    kept: Bool[Tensor, "b n"]
    cuboid: Cuboid

    @property
    def pruned(self) -> Gaussians:
        """The Gaussians that are rendered, in the cuboid's units, padded to the fullest scene."""
        return self.gaussians.prune(self.kept)


def passing(opacities: Float[Tensor, "b n"], threshold: float, least: int) -> Bool[Tensor, "b n"]:
    """Find the Gaussians that stay: those of opacity σ > τ, and at any rate the most opaque ones.

    Args:
        opacities: σ of all Gaussians.
        threshold: τ.
        least: How many of a scene stay at least, as far as it has so many.

    Returns:
        True where a Gaussian stays.
    """
    best = opacities.topk(min(least, opacities.shape[-1]), dim=-1).indices
    spare = torch.zeros_like(opacities, dtype=torch.bool).scatter(-1, best, value=True)
    return (opacities > threshold) | spare
