"""Half turns about an axis, which lead from one file format's frame to another's without loss."""

from jaxtyping import Float
from torch import Tensor

from gaussrep import sh
from gaussrep.gaussians import Gaussians

ABOUT_X = (1, -1, -1)
"""Signs of a half turn about x: x right, y down, z forward becomes right, up, back (SPZ)."""
ABOUT_Z = (-1, -1, 1)
"""Signs of a half turn about z: x right, y down, z forward becomes left, up, forward (glTF)."""
PROBE = (0.36, 0.48, 0.8)
"""A direction in which no SH basis function is zero."""


def half_turn(gaussians: Gaussians, signs: tuple[int, int, int]) -> Gaussians:
    """Turn Gaussians by half a turn; every number keeps its size, so that doing it twice is exact.

    A half turn H flips two axes. Covariances become H C H, which flipping the same two axes of the
    quaternion does; every SH basis function is even or odd in each axis, so that its coefficients
    keep or change their sign.

    Args:
        gaussians: One scene.
        signs: `ABOUT_X` or `ABOUT_Z`.

    Returns:
        The same scene in the other frame.
    """
    axes = gaussians.means.new_tensor(signs)
    turned = None if gaussians.sh is None else gaussians.sh * _parities(gaussians.sh, axes)
    return gaussians.replace(
        means=gaussians.means * axes,
        quats=gaussians.quats * axes.new_tensor([1, *signs]),
        sh=turned,
    )


def _parities(coefficients: Tensor, axes: Float[Tensor, "3"]) -> Float[Tensor, "bases 1"]:
    degree = sh.degree_of(coefficients.shape[-2])
    probe = axes.new_tensor(PROBE)
    return (sh.basis(degree, probe * axes) * sh.basis(degree, probe)).sign()[:, None]
