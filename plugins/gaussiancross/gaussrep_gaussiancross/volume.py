"""From features of voxels to a dense volume."""

from einops import rearrange
from jaxtyping import Float
from torch import Tensor

from gaussrep_gaussiancross.placement import Placement
from gaussrep_gaussiancross.scene_batch import SceneBatch


def scatter_mean(
    features: Float[Tensor, "p d"], batch: SceneBatch, placement: Placement
) -> Float[Tensor, "b d x y z"]:
    """Average features in the cells that their points lie in; empty cells hold zeros.

    Args:
        features: One vector per point of the batch.
        batch: The points.
        placement: Where their cells are.

    Returns:
        The volume F_v.
    """
    cells, inside = placement.cells_of(batch.points, batch.scene)
    cells, features = cells[inside], features[inside]
    x, y, z = placement.shape
    count = batch.scenes * x * y * z
    sums = features.new_zeros(count, features.shape[1]).index_add(0, cells, features)
    means = sums / cells.bincount(minlength=count).clamp_min(1)[:, None]
    return rearrange(means, "(b x y z) d -> b d x y z", b=batch.scenes, x=x, y=y, z=z)
