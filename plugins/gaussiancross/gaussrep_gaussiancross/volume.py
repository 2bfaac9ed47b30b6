"""From features of voxels to a dense volume."""

from dataclasses import dataclass

from einops import rearrange
from jaxtyping import Bool, Float
from torch import Tensor

from gaussrep_gaussiancross.placement import Placement
from gaussrep_gaussiancross.scene_batch import SceneBatch


@dataclass(frozen=True, eq=False)
class Volume:
    """Features of voxels, averaged in cells.

    Attributes:
        features: F_v, zeros in empty cells, [B, D, X, Y, Z].
        occupied: Which cells hold points; z changes fastest, [B, N].
    """

    features: Float[Tensor, "b d x y z"]
    occupied: Bool[Tensor, "b n"]


def scatter_mean(features: Float[Tensor, "p d"], batch: SceneBatch, placement: Placement) -> Volume:
    """Average features in the cells that their points lie in.

    Args:
        features: One vector per point of the batch.
        batch: The points.
        placement: Where their cells are.
    """
    cells, inside = placement.cells_of(batch.points, batch.scene)
    cells, features = cells[inside], features[inside]
    x, y, z = placement.shape
    counts = cells.bincount(minlength=batch.scenes * x * y * z)
    sums = features.new_zeros(len(counts), features.shape[1]).index_add(0, cells, features)
    means = sums / counts.clamp_min(1)[:, None]
    return Volume(
        rearrange(means, "(b x y z) d -> b d x y z", b=batch.scenes, x=x, y=y, z=z),
        (counts > 0).view(batch.scenes, -1),
    )
