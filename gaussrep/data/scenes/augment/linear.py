"""Linear maps of a scene about the origin."""

import math

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from gaussrep.data.scenes.scene import Scene


def turned(scene: Scene, axis: int, angle: float) -> Scene:
    """Turn a scene about an axis through the origin.

    Args:
        scene: The scene.
        axis: 0, 1 or 2 for x, y or z.
        angle: Radians, counter-clockwise where the axis points at the viewer.
    """
    first, second = (axis + 1) % 3, (axis + 2) % 3
    matrix = np.eye(3)
    matrix[first, first] = matrix[second, second] = math.cos(angle)
    matrix[second, first] = math.sin(angle)
    matrix[first, second] = -math.sin(angle)
    return mapped(scene, torch.from_numpy(matrix))


def mapped(scene: Scene, matrix: Float[Tensor, "3 3"]) -> Scene:
    """Map a scene about the origin; its cameras follow.

    Args:
        scene: The scene.
        matrix: A rotation or reflection, times a scale.
    """
    whole = torch.eye(4, dtype=scene.cloud.points.dtype)
    whole[:3, :3] = matrix
    return scene.transform(whole)
