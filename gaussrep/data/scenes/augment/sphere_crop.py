"""Cutting a ball of points out."""

import numpy as np
import torch

from gaussrep.data.scenes.scene import Scene


def sphere_crop(scene: Scene, most: int | None, rng: np.random.Generator) -> Scene:
    """Keep the points nearest to a random one.

    Args:
        scene: The scene; where labels are scarce, each point that has one stays.
        most: How many points stay at most; None keeps all.
        rng: Chooses the middle.
    """
    cloud = scene.cloud
    if most is None or cloud.count <= most:
        return scene
    middle = cloud.points[int(rng.integers(cloud.count))]
    distance = (cloud.points - middle).square().sum(dim=-1)
    distance[scene.precious] = -1
    nearest = distance.topk(most, largest=False, sorted=False).indices
    return scene.replace(cloud=cloud[torch.sort(nearest).values])
