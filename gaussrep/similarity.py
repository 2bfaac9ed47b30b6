"""Similarities: maps that scale, rotate or reflect, and translate, as 4x4 matrices."""

import torch
from jaxtyping import Float
from torch import Tensor

from gaussrep.checks import check_shape
from gaussrep.errors import ValueRangeError

__all__ = ["compose", "decompose"]


def decompose(
    matrix: Float[Tensor, "*batch 4 4"],
) -> tuple[Float[Tensor, "*batch"], Float[Tensor, "*batch 3 3"], Float[Tensor, "*batch 3"]]:
    """Split a similarity into scale, orthogonal part and translation.

    Args:
        matrix: Homogeneous matrices acting on column vectors.

    Returns:
        Scale > 0, orthogonal matrices (determinant 1, or -1 for a reflection), and translations.

    Raises:
        ShapeError: If the last two axes are not 4x4.
        ValueRangeError: If a matrix shears or scales its axes differently.
    """
    check_shape("matrix", matrix, [*matrix.shape[:-2], 4, 4])
    linear = matrix[..., :3, :3]
    scale = linear.det().abs() ** (1 / 3)
    rotation = linear / scale[..., None, None]
    eye = torch.eye(3, dtype=matrix.dtype, device=matrix.device)
    error = (rotation @ rotation.mT - eye).abs().amax()
    if not error < 1e3 * torch.finfo(matrix.dtype).eps:
        raise ValueRangeError(
            "matrix is not a similarity: it shears, flattens or scales its axes differently; "
            "for different scales per axis use Cuboid(mode='per-axis')."
        )
    return scale, rotation, matrix[..., :3, 3]


def compose(
    scale: Float[Tensor, "*batch"],
    rotation: Float[Tensor, "*batch 3 3"],
    translation: Float[Tensor, "*batch 3"],
) -> Float[Tensor, "*batch 4 4"]:
    """Compute the homogeneous matrix of x -> scale * rotation @ x + translation.

    Args:
        scale: Scale, > 0.
        rotation: Orthogonal matrices.
        translation: Translations.

    Returns:
        Matrices acting on column vectors.
    """
    linear = scale[..., None, None] * rotation
    top = torch.cat([linear, translation[..., None]], dim=-1)
    bottom = top.new_tensor([0, 0, 0, 1]).expand(*top.shape[:-2], 1, 4)
    return torch.cat([top, bottom], dim=-2)
