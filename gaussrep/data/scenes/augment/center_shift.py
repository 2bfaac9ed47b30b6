"""Moving the middle of the floor to the origin."""

import numpy as np
import torch

from gaussrep.data.scenes.augment.config import CenterShiftConfig
from gaussrep.data.scenes.scene import Scene


def center_shift(scene: Scene, settings: CenterShiftConfig, rng: np.random.Generator) -> Scene:
    """Move a scene so that its bounding box stands on z = 0 with its middle above the origin.

    Args:
        scene: The scene; its cameras follow.
        settings: How often.
        rng: Decides whether.
    """
    if rng.random() >= settings.probability:
        return scene
    low, high = scene.cloud.points.amin(dim=0), scene.cloud.points.amax(dim=0)
    matrix = torch.eye(4, dtype=low.dtype)
    matrix[:2, 3] = -(low + high)[:2] / 2
    matrix[2, 3] = -low[2]
    return scene.transform(matrix)
