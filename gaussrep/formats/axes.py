"""Conversion between the axes of file formats, by half turns and mirrors, without loss."""

from collections.abc import Mapping
from functools import cache

import torch
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
    are flipped. A mirror is a half turn and a point reflection, which changes no covariance. Every
    SH basis function is even or odd in each axis, so its coefficients keep or change their sign.
    Only signs change: converting twice is exact.

    Args:
        gaussians: One scene.
        signs: Signs of x, y and z in the other axes, such as `RIGHT_UP_BACK`.

    Returns:
        The same scene in the other axes.
    """
    if signs == RIGHT_DOWN_FORWARD:
        return gaussians
    fields = dict(gaussians.tensors())
    factors = _factors(fields, signs)
    return gaussians.replace(**{name: fields[name] * factors[name] for name in factors})


def turn_axes(fields: dict[str, Tensor], signs: Signs) -> None:
    """Convert Gaussians between axes as `convert_axes` does, in place.

    Args:
        fields: The fields of `Gaussians`, overwritten.
        signs: Signs of x, y and z in the other axes.
    """
    if signs == RIGHT_DOWN_FORWARD:
        return
    for name, factors in _factors(fields, signs).items():
        fields[name] *= factors


def _factors(fields: Mapping[str, Tensor], signs: Signs) -> dict[str, Tensor]:
    """Compute the factor of each field that depends on the axes."""
    means = fields["means"]
    factors = {
        "means": means.new_tensor(signs),
        "quats": means.new_tensor(quat_parities(signs)),
    }
    if "sh" in fields:
        parities = sh_parities(sh.degree_of(fields["sh"].shape[-2]), signs)
        factors["sh"] = means.new_tensor(parities)[:, None]
    return factors


def quat_parities(signs: Signs) -> tuple[int, int, int, int]:
    """Compute the signs by which the components of quaternions change.

    Args:
        signs: Signs of x, y and z in the other axes.

    Returns:
        Signs of w, x, y and z.
    """
    x, y, z = signs
    return 1, y * z, x * z, x * y


@cache
def sh_parities(degree: int, signs: Signs) -> tuple[float, ...]:
    """Compute the signs by which SH coefficients change.

    Args:
        degree: Degree of the SH.
        signs: Signs of x, y and z in the other axes.

    Returns:
        One sign per basis function.
    """
    probe, axes = torch.tensor(PROBE), torch.tensor(signs)
    return tuple((sh.basis(degree, probe * axes) * sh.basis(degree, probe)).sign().tolist())
