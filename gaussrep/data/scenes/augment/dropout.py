"""Leaving points out at random."""

import numpy as np
import torch

from gaussrep.data.scenes.augment.config import DropoutConfig
from gaussrep.data.scenes.scene import Scene


def dropout(scene: Scene, settings: DropoutConfig, rng: np.random.Generator) -> Scene:
    """Leave a share of the points out.

    Args:
        scene: The scene; at least one of its points stays, and where labels are scarce, so does
            each point that has one.
        settings: How often, and which share.
        rng: Decides which.
    """
    if rng.random() >= settings.probability:
        return scene
    count = scene.cloud.count
    stays = np.zeros(count, bool)
    stays[rng.permutation(count)[: max(1, round(count * (1 - settings.share)))]] = True
    kept = torch.from_numpy(stays) | scene.precious
    return scene.replace(cloud=scene.cloud[kept])
