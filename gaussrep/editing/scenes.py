"""Check that Gaussians are one scene."""

from gaussrep.errors import ShapeError
from gaussrep.gaussians import Gaussians


def check_one_scene(gaussians: Gaussians) -> None:
    """Check that Gaussians have no batch axes.

    Args:
        gaussians: One scene, [N].

    Raises:
        ShapeError: If there are batch axes.
    """
    if gaussians.batch_shape:
        raise ShapeError(
            f"gaussians have batch axes {list(gaussians.batch_shape)}, expected one scene; select "
            "one by an index, gaussians[0]."
        )
