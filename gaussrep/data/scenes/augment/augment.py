"""All random changes of a training scene, one after another."""

import numpy as np

from gaussrep.data.scenes.augment.center_shift import center_shift
from gaussrep.data.scenes.augment.color_jitter import color_jitter
from gaussrep.data.scenes.augment.color_shift import color_shift
from gaussrep.data.scenes.augment.config import AugmentConfig
from gaussrep.data.scenes.augment.contrast import contrast
from gaussrep.data.scenes.augment.dropout import dropout
from gaussrep.data.scenes.augment.elastic import elastic
from gaussrep.data.scenes.augment.flip import flip
from gaussrep.data.scenes.augment.jitter import jitter
from gaussrep.data.scenes.augment.rotation import rotation
from gaussrep.data.scenes.augment.scale import scale
from gaussrep.data.scenes.augment.tilt import tilt
from gaussrep.data.scenes.scene import Scene


def augment(scene: Scene, settings: AugmentConfig, rng: np.random.Generator) -> Scene:
    """Change a scene at random.

    Args:
        scene: The scene.
        settings: What is done, and how often.
        rng: Decides everything.

    Returns:
        The changed scene; its pictures show what its points have become, up to `jitter`.
    """
    scene = center_shift(scene, settings.center_shift, rng)
    scene = dropout(scene, settings.dropout, rng)
    scene = rotation(scene, settings.rotation, rng)
    scene = tilt(scene, settings.tilt, rng)
    scene = scale(scene, settings.scale, rng)
    scene = flip(scene, settings.flip, rng)
    scene = jitter(scene, settings.jitter, rng)
    if settings.elastic.probability:
        scene = elastic(scene, settings.elastic, rng)
    scene = contrast(scene, settings.contrast, rng)
    scene = color_shift(scene, settings.color_shift, rng)
    return color_jitter(scene, settings.color_jitter, rng)
