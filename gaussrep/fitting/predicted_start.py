"""First Gaussians that a trained method predicts from a scene's points."""

from os import PathLike

import torch

from gaussrep.data.scenes.scene import PointCloud
from gaussrep.errors import DataError
from gaussrep.gaussians import Gaussians
from gaussrep.training.load_run import load_run


@torch.no_grad()
def predicted_gaussians(folder: str | PathLike[str], cloud: PointCloud) -> Gaussians:
    """Let the method of a run say a scene in Gaussians, feed-forward.

    Args:
        folder: A run whose method takes point clouds, such as one of `gaussiancross`.
        cloud: The scene, in the units that the run was trained with: meters, z up.

    Returns:
        One scene in the units of the cloud, on the CPU, without features and without what is fully
        transparent.

    Raises:
        RunError: The folder holds no run that can be loaded.
        DataError: Its method predicts nothing of points.
    """
    method = load_run(folder)
    batch = {
        "points": cloud.points,
        "colors": cloud.colors,
        "normals": cloud.normals,
        "scene": torch.zeros(cloud.count, dtype=torch.int64),
        "index": torch.zeros(1, dtype=torch.int64),
    }
    try:
        predicted = method.gaussians(batch)[0]
    except KeyError as error:
        raise DataError(
            f"{folder}: {type(method).__name__} wants {error}, which a point cloud lacks; give a "
            "run of a method that takes points, such as gaussiancross."
        ) from error
    return predicted.replace(features=None).prune(predicted.opacities > 0)
