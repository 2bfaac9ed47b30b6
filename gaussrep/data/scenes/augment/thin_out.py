"""Leaving out points of scenes that have too many, everywhere alike."""

import numpy as np
import torch

from gaussrep.data.scenes.scene import Scene


def thin_out(scene: Scene, most: int | None, rng: np.random.Generator) -> Scene:
    """Keep so many points, drawn at random; the scene stays as large as its views show it.

    Args:
        scene: The scene; where labels are scarce, each point that has one stays in any case.
        most: Most points, at least 1; None keeps all.
        rng: Draws them.
    """
    if most is None or scene.cloud.count <= most:
        return scene
    order = rng.permutation(scene.cloud.count)
    first = np.argsort(~scene.precious.numpy()[order], kind="stable")
    return scene.replace(cloud=scene.cloud[torch.from_numpy(np.sort(order[first[:most]]))])
