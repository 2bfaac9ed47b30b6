"""The colors of Gaussians in the one way that most files hold them: as SH coefficients."""

from jaxtyping import Float
from torch import Tensor

from gaussrep import sh
from gaussrep.gaussians import Gaussians


def coefficients(gaussians: Gaussians) -> Float[Tensor, "n bases 3"]:
    """SH coefficients; plain colors become those of degree 0.

    Args:
        gaussians: One scene with `sh` or `colors`.
    """
    if gaussians.sh is not None:
        return gaussians.sh
    assert gaussians.colors is not None
    return sh.from_rgb(gaussians.colors)
