"""Moving points one by one."""

import numpy as np
import torch

from gaussrep.data.scenes.augment.config import JitterConfig
from gaussrep.data.scenes.scene import Scene


def jitter(scene: Scene, settings: JitterConfig, rng: np.random.Generator) -> Scene:
    """Move each point by noise of its own.

    Args:
        scene: The scene; its cameras stay.
        settings: How often, and how far.
        rng: Draws the noise.
    """
    if rng.random() >= settings.probability:
        return scene
    points = scene.cloud.points
    noise = rng.standard_normal(tuple(points.shape), np.float32) * settings.sigma
    moved = points + torch.from_numpy(noise.clip(-settings.clip, settings.clip)).to(points.dtype)
    return scene.replace(cloud=scene.cloud.replace(points=moved))
