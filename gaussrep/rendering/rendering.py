"""What a renderer returns."""

from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor


@dataclass(frozen=True, eq=False)
class Rendering:
    """Pictures of a batch of scenes from a batch of views.

    Args:
        color: RGB over the background, [*B, V, H, W, 3].
        alpha: Share of the ray that the Gaussians stop, in [0, 1], [*B, V, H, W].
        depth: Expected depth of what stops the ray, in scene units along the camera's z axis; 0
            where alpha is 0, [*B, V, H, W].
        features: Further channels, without background, [*B, V, H, W, C]; None where the Gaussians
            carry none.
    """

    color: Float[Tensor, "*batch v h w 3"]
    alpha: Float[Tensor, "*batch v h w"]
    depth: Float[Tensor, "*batch v h w"]
    features: Float[Tensor, "*batch v h w channels"] | None = None
