"""The first Gaussians of a model."""

from os import PathLike
from typing import TYPE_CHECKING

import torch

from gaussrep import Cameras, Capture, Gaussians, load_run
from gaussrep.data import PointCloud
from gaussrep.errors import ConfigError, DataError
from gaussrep.fitting import PosedImages, SceneFitter
from gaussrep_nerfstudio.cloud import CLOUD, KnownCloud

if TYPE_CHECKING:
    from gaussrep_nerfstudio.model_config import GaussrepModelConfig

SeedPoints = tuple[torch.Tensor, torch.Tensor]
"""Positions [P, 3] and colors in 0 … 255 [P, 3], as nerfstudio's pipeline passes them."""


def place_gaussians(
    fitter: SceneFitter,
    model: "GaussrepModelConfig",
    cameras: Cameras,
    seed_points: SeedPoints | None,
    known: KnownCloud | None,
) -> None:
    """Place the first Gaussians, in the units of the model.

    Args:
        fitter: Gets the Gaussians, on the CPU.
        model: Kind of initialization.
        cameras: Training cameras.
        seed_points: Points of the data, if it has any.
        known: The same with their normals, in meters, with the data parser `gaussrep-rgbd`.

    Raises:
        ConfigError: `init` is `run` and no run is named.
        DataError: The settings require points and there are none.
    """
    if model.init == "run":
        fitter.set_gaussians(_predicted(model, known))
    else:
        fitter.init(_capture(cameras, seed_points))


@torch.no_grad()
def predict_gaussians(folder: str | PathLike[str], cloud: PointCloud) -> Gaussians:
    """Predict the Gaussians of a scene from its points with a trained method, feed-forward.

    Args:
        folder: A run whose method takes point clouds, such as one of `gaussiancross`.
        cloud: The scene, in the units that the run was trained with: meters, z up.

    Returns:
        One scene in the units of the cloud, on the CPU, without features and without fully
        transparent Gaussians.

    Raises:
        RunError: The folder holds no run that can be loaded.
        DataError: Its method predicts nothing from points.
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
            f"{folder}: {type(method).__name__} needs {error}, which a point cloud lacks; choose a "
            "run of a method that takes points, such as gaussiancross."
        ) from error
    return predicted.replace(features=None).prune(predicted.opacities > 0)


def _predicted(model: "GaussrepModelConfig", known: KnownCloud | None) -> Gaussians:
    if model.init_run is None:
        raise ConfigError(
            "init is run, but no run is named; give --pipeline.model.init-run RUN, the folder of "
            "a run of gaussiancross."
        )
    if known is None:
        raise DataError(
            "init is run, which needs points with normals in meters; give the data with the data "
            f"parser gaussrep-rgbd, which has them ({CLOUD}), or another init."
        )
    return predict_gaussians(model.init_run, known.cloud).transform(known.to_model)


def _capture(cameras: Cameras, seed_points: SeedPoints | None) -> Capture:
    """Cameras and points as a capture with black images, which initialization ignores."""
    colors = torch.zeros(()).expand(cameras.views, cameras.height, cameras.width, 3)
    images = PosedImages(colors, cameras)
    if seed_points is None or not len(seed_points[0]):
        return Capture(images)
    points, levels = seed_points
    return Capture(images, None, points.float(), levels.float() / 255)
