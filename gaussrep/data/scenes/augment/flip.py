"""Mirroring."""

import numpy as np
import torch

from gaussrep.data.scenes.augment.config import FlipConfig
from gaussrep.data.scenes.augment.linear import mapped
from gaussrep.data.scenes.scene import Scene


def flip(scene: Scene, settings: FlipConfig, rng: np.random.Generator) -> Scene:
    """Mirror the x axis, and then the y axis, each on its own.

    Args:
        scene: The scene; its cameras follow: their matrices then have determinant -1, and the
            pictures stay as they are.
        settings: How often.
        rng: Decides which.
    """
    for axis in (0, 1):
        if rng.random() < settings.probability:
            signs = torch.ones(3)
            signs[axis] = -1
            scene = mapped(scene, torch.diag(signs))
    return scene
