"""Calibration: an error of lens and mounting that all cameras of a capture share."""

from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from gaussrep.cameras import Cameras

ROWS, COLUMNS = [2, 0, 1], [1, 2, 0]
"""Places of the entries of a cross product's matrix that hold the vector."""
SMALL = 1e-4
"""Squared angle below which a series is as exact as float64."""


class Calibration(nn.Module):
    """A correction of lens and mounting that all views share, learned with the scene.

    RGB-D recordings often come with the intrinsics of the depth camera alone, while the color
    camera is mounted beside it. As all views share the correction, it also holds for held-out
    views. Design choice.

    Attributes:
        zoom: Logarithms of factors on the focal lengths, x and y.
        shift: Offset of the principal point, in widths and heights of the image.
        turn: Rotation in camera axes after the pose of the capture, an axis-angle vector in
            radians.
        offset: Translation in camera axes after it, in extents.
        extent: Size of the scene in scene units, float64.

    Args:
        extent: Size of the scene in scene units.
    """

    extent: Tensor

    def __init__(self, extent: float) -> None:
        super().__init__()
        self.register_buffer("extent", torch.tensor(extent, dtype=torch.float64))
        self.zoom, self.shift = (nn.Parameter(torch.zeros(2)) for _ in range(2))
        self.turn, self.offset = (nn.Parameter(torch.zeros(3)) for _ in range(2))

    def forward(self, cameras: Cameras) -> Cameras:
        """Correct cameras, with gradients to the correction.

        Args:
            cameras: Cameras of the capture, [V].

        Returns:
            The corrected cameras.
        """
        size = cameras.width, cameras.height
        parameters = self.zoom, self.shift, self.turn, self.offset
        viewmats, Ks = _Corrected.apply(
            cameras.viewmats, cameras.Ks, size, self.extent, *parameters
        )  # pyright: ignore[reportGeneralTypeIssues]
        return cameras.replace(viewmats=viewmats, Ks=Ks)

    def intrinsics(self) -> list[nn.Parameter]:
        """Return the parameters of the lens, `zoom` and `shift`.

        Returns:
            Two parameters.
        """
        return [self.zoom, self.shift]

    def facts(self) -> dict[str, list[float]]:
        """Collect the correction for a JSON file.

        Returns:
            `zoom` as factors, `shift` in widths and heights, `turn` in radians, `offset` in scene
            units.
        """
        facts = {name: tensor.tolist() for name, tensor in self.named_parameters()}
        facts["zoom"] = self.zoom.exp().tolist()
        facts["offset"] = (self.extent * self.offset).tolist()
        return facts


class _Corrected(torch.autograd.Function):
    """A calibration as one autograd node: on a few numbers, autograd's overhead dominates.

    They are NumPy's, in float64, on all devices: torch's take longer on so few.
    """

    @staticmethod
    def forward(
        ctx: Any,
        viewmats: Tensor,
        Ks: Tensor,
        size: tuple[int, int],
        extent: Tensor,
        zoom: Tensor,
        shift: Tensor,
        turn: Tensor,
        offset: Tensor,
    ) -> tuple[Tensor, Tensor]:
        poses, lenses, length, *given = map(
            _numpy, (viewmats, Ks, extent, zoom, shift, turn, offset)
        )
        factors, motion = np.exp(given[0]), _matrix(given[2], length * given[3])
        corrected = lenses.copy()
        _focal(corrected)[...] *= factors
        corrected[..., :2, 2] += given[1] * size
        ctx.saved = poses, lenses, size, length, factors, given[2], motion
        ctx.like = zoom
        return torch.as_tensor(motion @ poses).to(viewmats), torch.as_tensor(corrected).to(Ks)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:  # pyright: ignore[reportIncompatibleMethodOverride] - the decorator's signature
        poses, lenses, size, length, factors, turn, motion = ctx.saved
        to_poses, to_lenses = map(_numpy, gradients)
        to_motion = (to_poses @ poses.swapaxes(-1, -2)).reshape(-1, 4, 4).sum(0)
        to_focal = _focal(lenses) * factors * _focal(to_lenses)
        found = (
            to_focal.reshape(-1, 2).sum(0),
            to_lenses[..., :2, 2].reshape(-1, 2).sum(0) * size,
            _turn_gradient(turn, motion, to_motion),
            length * to_motion[:3, 3],
        )
        back: list[Tensor | None] = [None, None]
        if ctx.needs_input_grad[0]:
            back[0] = torch.as_tensor(motion.swapaxes(-1, -2) @ to_poses).to(gradients[0])
        if ctx.needs_input_grad[1]:
            _focal(to_lenses)[...] *= factors
            back[1] = torch.as_tensor(to_lenses).to(gradients[1])
        return *back, None, None, *(torch.as_tensor(each).to(ctx.like) for each in found)


class _RigidMotion(torch.autograd.Function):
    """Matrices of rotations and translations, by Rodrigues' formula and its derivative."""

    @staticmethod
    def forward(ctx: Any, turn: Tensor, offset: Tensor) -> Tensor:
        ctx.turn = _numpy(turn)
        ctx.motion = _matrix(ctx.turn, _numpy(offset))
        return torch.as_tensor(ctx.motion).to(turn)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor]:  # pyright: ignore[reportIncompatibleMethodOverride] - the decorator's signature
        to_turn = _turn_gradient(ctx.turn, ctx.motion, _numpy(gradient))
        return torch.as_tensor(to_turn).to(gradient), gradient[..., :3, 3]


def rigid_motion(
    turn: Float[Tensor, "*batch 3"], offset: Float[Tensor, "*batch 3"]
) -> Float[Tensor, "*batch 4 4"]:
    """Compute the matrix of a rotation and a translation after it, with gradients to both.

    Args:
        turn: Axis-angle vectors in radians.
        offset: Translations.

    Returns:
        Matrices that act on columns.
    """
    return _RigidMotion.apply(turn, offset)  # pyright: ignore[reportReturnType]


def _numpy(tensor: Tensor) -> np.ndarray:
    """Copy numbers to float64; synchronizes with their device."""
    return tensor.detach().cpu().numpy().astype(np.float64)


def _focal(matrices: np.ndarray) -> np.ndarray:
    """View the focal lengths."""
    return np.einsum("...ii->...i", matrices)[..., :2]


def _matrix(turn: np.ndarray, offset: np.ndarray) -> np.ndarray:
    """I + a K + b K², K being the cross product with the axis-angle vector; see `_factors`."""
    a, b, _ = _factors(turn)
    K = _cross(turn)
    motion = np.empty((*turn.shape[:-1], 4, 4))
    motion[...] = np.eye(4)
    motion[..., :3, :3] += a * K + b * (K @ K)
    motion[..., :3, 3] = offset
    return motion


def _turn_gradient(turn: np.ndarray, motion: np.ndarray, gradient: np.ndarray) -> np.ndarray:
    """Gradient to the axis-angle vectors.

    A small rotation δ after R changes it by δ× R, and a change d of the vector makes the rotation
    J d, with the left Jacobian J = I + b K + c K².
    """
    _, b, c = _factors(turn)
    product = gradient[..., :3, :3] @ motion[..., :3, :3].swapaxes(-1, -2)
    after = product[..., ROWS, COLUMNS] - product[..., COLUMNS, ROWS]
    K = _cross(turn)
    return after + (after[..., None, :] @ (b * K + c * (K @ K)))[..., 0, :]


def _factors(turn: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Compute sin θ / θ, (1 - cos θ) / θ² and (θ - sin θ) / θ³ of the angle θ."""
    square = (turn * turn).sum(-1)[..., None, None]
    is_small = square < SMALL
    safe = np.where(is_small, 1.0, square)
    angle = np.sqrt(safe)
    a, half = np.sin(angle) / angle, np.sin(angle / 2)
    return (
        np.where(is_small, 1 - square / 6 + square * square / 120, a),
        np.where(is_small, 0.5 - square / 24 + square * square / 720, 2 * half * half / safe),
        np.where(is_small, 1 / 6 - square / 120 + square * square / 5040, (1 - a) / safe),
    )


def _cross(vector: np.ndarray) -> np.ndarray:
    """Matrices of the cross product with vectors."""
    matrix = np.zeros((*vector.shape, 3))
    matrix[..., ROWS, COLUMNS] = vector
    matrix[..., COLUMNS, ROWS] = -vector
    return matrix
