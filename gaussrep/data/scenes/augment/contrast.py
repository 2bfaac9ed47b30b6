"""Stretching colors to their full range."""

import numpy as np
from torch import Tensor

from gaussrep.data.scenes.augment.config import ContrastConfig
from gaussrep.data.scenes.augment.recolored import recolored
from gaussrep.data.scenes.scene import Scene


def contrast(scene: Scene, settings: ContrastConfig, rng: np.random.Generator) -> Scene:
    """Stretch each channel of the points towards [0, 1], by a random share.

    Args:
        scene: The scene; pictures change by the same numbers as the points.
        settings: How often.
        rng: Decides the share.
    """
    if rng.random() >= settings.probability:
        return scene
    low, high = scene.cloud.colors.amin(dim=0), scene.cloud.colors.amax(dim=0)
    width = (high - low).where(high > low, 1)
    share = rng.random()

    def stretch(colors: Tensor) -> Tensor:
        return (1 - share) * colors + share * (colors - low) / width

    return recolored(scene, stretch)
