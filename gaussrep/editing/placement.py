"""Movement, rotation and scaling of scenes. `Gaussians.transform` applies any similarity.

Means, orientations, scales and spherical harmonics change; opacities, plain colors and features,
which have no direction, do not.
"""

from collections.abc import Sequence
from math import cos, isfinite, radians, sin

import torch
from torch import Tensor

from gaussrep import similarity
from gaussrep.errors import ValueRangeError
from gaussrep.gaussians import Gaussians


def translate(gaussians: Gaussians, offset: Sequence[float | int]) -> Gaussians:
    """Move scenes.

    Args:
        gaussians: Scenes, [*B, N].
        offset: Offset along x, y, z in scene units.

    Returns:
        New Gaussians.

    Raises:
        ValueRangeError: If the offset is not three finite numbers.
    """
    moved = _three("the offset", offset)
    return gaussians.replace(means=gaussians.means + gaussians.means.new_tensor(moved))


def rotate(gaussians: Gaussians, degrees: Sequence[float | int]) -> Gaussians:
    """Rotate scenes about the origin: about the axis x first, then y, then z.

    A positive angle turns y to z, z to x and x to y. Spherical harmonics of all degrees are
    rotated.

    Args:
        gaussians: Scenes, [*B, N].
        degrees: Angles about the fixed axes x, y, z in degrees.

    Returns:
        New Gaussians.

    Raises:
        ValueRangeError: If the angles are not three finite numbers.

    Examples:
        >>> g = Gaussians(torch.eye(3), torch.ones(3, 4), torch.ones(3, 3), torch.ones(3),
        ...               colors=torch.ones(3, 3))
        >>> rotate(g, (0, 0, 90)).means[0].round().abs().tolist()
        [0.0, 1.0, 0.0]
    """
    x, y, z = (radians(angle) for angle in _three("the rotation", degrees))
    matrix = _about(2, z) @ _about(1, y) @ _about(0, x)
    one, none = torch.ones((), dtype=matrix.dtype), matrix.new_zeros(3)
    return gaussians.transform(similarity.compose(one, matrix, none).to(gaussians.means))


def scale(gaussians: Gaussians, factor: float | int) -> Gaussians:
    """Scale scenes about the origin.

    Args:
        gaussians: Scenes, [*B, N].
        factor: Factor of all lengths, > 0.

    Returns:
        New Gaussians.

    Raises:
        ValueRangeError: If the factor is not positive and finite.
    """
    if not (isfinite(factor) and factor > 0):
        raise ValueRangeError(f"the factor is {factor}, expected a positive number.")
    return gaussians.replace(means=gaussians.means * factor, scales=gaussians.scales * factor)


def _three(what: str, values: Sequence[float | int]) -> Sequence[float | int]:
    if len(values) != 3 or not all(map(isfinite, values)):
        raise ValueRangeError(f"{what} is {tuple(values)}, expected three finite numbers.")
    return values


def _about(axis: int, angle: float) -> Tensor:
    """Compute the rotation about an axis, which turns the next axis to the one after it."""
    matrix = torch.eye(3, dtype=torch.float64)
    first, second = (axis + 1) % 3, (axis + 2) % 3
    matrix[first, first] = matrix[second, second] = cos(angle)
    matrix[second, first], matrix[first, second] = sin(angle), -sin(angle)
    return matrix
