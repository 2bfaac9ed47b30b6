"""Growing or shrinking."""

import numpy as np
import torch

from gaussrep.data.scenes.augment.config import ScaleConfig
from gaussrep.data.scenes.augment.linear import mapped
from gaussrep.data.scenes.scene import Scene


def scale(scene: Scene, settings: ScaleConfig, rng: np.random.Generator) -> Scene:
    """Scale a scene, all axes alike.

    Args:
        scene: The scene; its cameras follow, and its depth is scaled too.
        settings: How often, and how much.
        rng: Decides the factor.
    """
    if rng.random() >= settings.probability:
        return scene
    return mapped(scene, torch.eye(3) * rng.uniform(*settings.range))
