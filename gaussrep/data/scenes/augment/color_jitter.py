"""Adding noise to colors."""

import numpy as np
import torch
from torch import Tensor

from gaussrep.data.scenes.augment.config import ColorJitterConfig
from gaussrep.data.scenes.augment.recolored import recolored
from gaussrep.data.scenes.scene import Scene


def color_jitter(scene: Scene, settings: ColorJitterConfig, rng: np.random.Generator) -> Scene:
    """Add noise to each point and each pixel.

    Args:
        scene: The scene; points and pictures are changed together or not at all.
        settings: How often, and how much.
        rng: Draws the noise.
    """
    if rng.random() >= settings.probability:
        return scene

    def noisy(colors: Tensor) -> Tensor:
        noise = rng.standard_normal(tuple(colors.shape), np.float32)
        return colors + settings.std * torch.from_numpy(noise)

    return recolored(scene, noisy)
