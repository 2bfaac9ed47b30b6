"""Conversion between the axes of file formats, by half turns and mirrors, without loss."""

from jaxtyping import Float
from torch import Tensor

from gaussrep import sh
from gaussrep.gaussians import Gaussians

Signs = tuple[int, int, int]

RIGHT_DOWN_FORWARD = (1, 1, 1)
"""Signs of x, y and z in gaussrep's axes, which are those of PLY files."""
RIGHT_UP_BACK = (1, -1, -1)
"""Signs of x, y and z in SPZ's axes, a half turn of right, down, forward about x."""
LEFT_UP_FORWARD = (-1, -1, 1)
"""Signs of x, y and z in glTF's axes, a half turn of right, down, forward about z."""
PROBE = (0.36, 0.48, 0.8)
"""A direction for which no SH basis function is zero."""


def convert_axes(gaussians: Gaussians, signs: Signs) -> Gaussians:
    """Convert Gaussians between right, down, forward and axes of other directions.

    A half turn H flips two axes. Covariances become H C H, so the same two axes of the quaternion
    are flipped. A mirror is a half turn and a reflection at the center, which changes no
    covariance. Every SH basis function is even or odd in each axis, so its coefficients keep or
    change their sign. No number changes its size: converting twice is exact.

    Args:
        gaussians: One scene.
        signs: Signs of x, y and z in the other axes, such as `RIGHT_UP_BACK`.

    Returns:
        The same scene in the other axes.
    """
    if signs == RIGHT_DOWN_FORWARD:
        return gaussians
    x, y, z = signs
    axes = gaussians.means.new_tensor(signs)
    harmonics = None if gaussians.sh is None else gaussians.sh * _parities(gaussians.sh, axes)
    return gaussians.replace(
        means=gaussians.means * axes,
        quats=gaussians.quats * axes.new_tensor([1, y * z, x * z, x * y]),
        sh=harmonics,
    )


def _parities(coefficients: Tensor, axes: Float[Tensor, "3"]) -> Float[Tensor, "bases 1"]:
    degree = sh.degree_of(coefficients.shape[-2])
    probe = axes.new_tensor(PROBE)
    return (sh.basis(degree, probe * axes) * sh.basis(degree, probe)).sign()[:, None]
