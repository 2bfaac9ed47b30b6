"""Adding one color to everything."""

import numpy as np
import torch

from gaussrep.data.scenes.augment.config import ColorShiftConfig
from gaussrep.data.scenes.augment.recolored import recolored
from gaussrep.data.scenes.scene import Scene


def color_shift(scene: Scene, settings: ColorShiftConfig, rng: np.random.Generator) -> Scene:
    """Add one random color.

    Args:
        scene: The scene; its points and pictures get the same one.
        settings: How often, and how much.
        rng: Draws the color.
    """
    if rng.random() >= settings.probability:
        return scene
    shift = torch.from_numpy(rng.uniform(-settings.ratio, settings.ratio, 3).astype(np.float32))
    return recolored(scene, lambda colors: colors + shift)
