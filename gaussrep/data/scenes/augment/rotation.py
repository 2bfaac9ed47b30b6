"""Turning about the vertical axis."""

import numpy as np

from gaussrep.data.scenes.augment.config import RotationConfig
from gaussrep.data.scenes.augment.linear import turned
from gaussrep.data.scenes.scene import Scene


def rotation(scene: Scene, settings: RotationConfig, rng: np.random.Generator) -> Scene:
    """Turn a scene about z.

    Args:
        scene: The scene; its cameras follow.
        settings: How often, and how far.
        rng: Decides the angle.
    """
    if rng.random() >= settings.probability:
        return scene
    return turned(scene, 2, rng.uniform(-settings.angle, settings.angle))
