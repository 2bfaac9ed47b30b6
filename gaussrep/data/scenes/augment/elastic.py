"""Bending space smoothly."""

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import avg_pool3d, grid_sample

from gaussrep.data.scenes.augment.config import ElasticConfig
from gaussrep.data.scenes.scene import Scene
from gaussrep.errors import CapabilityError


def elastic(scene: Scene, settings: ElasticConfig, rng: np.random.Generator) -> Scene:
    """Move points by smooth noise.

    For each step, noise is drawn on a grid, smoothed twice by the mean of 3 x 3 x 3 cells, and
    interpolated trilinearly at the points. Normals stay.

    Args:
        scene: The scene, without views.
        settings: How often, the cells' sizes and the strengths.
        rng: Draws the noise.

    Raises:
        CapabilityError: If there are views.
    """
    if scene.views is not None:
        raise CapabilityError(
            f"scene {scene.name} has views, and pictures cannot be bent with the points; set "
            "augment.elastic.probability to 0."
        )
    if rng.random() >= settings.probability:
        return scene
    points = scene.cloud.points
    for cell, strength in settings.steps:
        points = points + strength * _smooth_noise(points, cell, rng)
    return scene.replace(cloud=scene.cloud.replace(points=points))


def _smooth_noise(
    points: Float[Tensor, "p 3"], cell: float, rng: np.random.Generator
) -> Float[Tensor, "p 3"]:
    low = points.amin(dim=0)
    cells = [int(extent) + 3 for extent in ((points.amax(dim=0) - low) / cell)]
    noise = torch.from_numpy(rng.standard_normal((1, 3, *cells), np.float32))
    for _ in range(2):
        noise = avg_pool3d(noise, 3, stride=1, padding=1)
    # the grid's first node lies one cell below the lowest point
    place = ((points - low) / cell + 1) / (torch.tensor(cells) - 1) * 2 - 1
    sampled = grid_sample(noise, place.flip(-1)[None, None, None], align_corners=True)
    return sampled[0, :, 0, 0].mT
