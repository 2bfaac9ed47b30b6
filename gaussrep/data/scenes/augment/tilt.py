"""Turning a little about the horizontal axes."""

import numpy as np

from gaussrep.data.scenes.augment.config import TiltConfig
from gaussrep.data.scenes.augment.linear import turned
from gaussrep.data.scenes.scene import Scene


def tilt(scene: Scene, settings: TiltConfig, rng: np.random.Generator) -> Scene:
    """Turn a scene about x, and then about y, each on its own.

    Args:
        scene: The scene; its cameras follow.
        settings: How often, and how far.
        rng: Decides the angles.
    """
    for axis in (0, 1):
        if rng.random() < settings.probability:
            scene = turned(scene, axis, rng.uniform(-settings.angle, settings.angle))
    return scene
