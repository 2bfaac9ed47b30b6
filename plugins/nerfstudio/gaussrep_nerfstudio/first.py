"""The Gaussians that a model begins with."""

import torch

from gaussrep.cameras import Cameras
from gaussrep.errors import ConfigError, DataError
from gaussrep.fitting.capture import Capture, PosedImages
from gaussrep.fitting.config import SceneConfig
from gaussrep.fitting.initialization import init_gaussians, predict_gaussians
from gaussrep.fitting.rng import RngStream, generator
from gaussrep.gaussians import Gaussians
from gaussrep_nerfstudio.cloud import CLOUD, KnownCloud
from gaussrep_nerfstudio.model_config import GaussrepModelConfig

FEATURE_SCALE = 0.1
"""Standard deviation of features at first; ours."""

SeedPoints = tuple[torch.Tensor, torch.Tensor]
"""Positions [P, 3] and colors from 0 to 255 [P, 3], as nerfstudio's pipeline hands them over."""


def begin(
    model: GaussrepModelConfig,
    fit: SceneConfig,
    cameras: Cameras,
    seed_points: SeedPoints | None,
    known: KnownCloud | None,
    seed: int,
) -> Gaussians:
    """Make the first Gaussians, in the units of the model.

    Args:
        model: Which, and whether they have features.
        fit: How many, how large and how opaque.
        cameras: Those that are trained on.
        seed_points: The data's points, if it has any.
        known: The same with their normals, in meters, if the data parser is `gaussrep-rgbd`.
        seed: Seed of random places and features.

    Returns:
        One scene on the CPU.

    Raises:
        ConfigError: If no run is named to start from.
        DataError: If points are wanted and there are none.
    """
    rng = generator(seed, RngStream.INIT)
    if model.init == "run":
        gaussians = _predicted(model, known)
    else:
        gaussians = init_gaussians(_seen(cameras, seed_points), fit.init, rng)
    if model.encoder is None:
        return gaussians
    shape = gaussians.count, model.feature_channels
    features = FEATURE_SCALE * torch.randn(shape, generator=rng)
    return gaussians.replace(features=features)


def _predicted(model: GaussrepModelConfig, known: KnownCloud | None) -> Gaussians:
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


def _seen(cameras: Cameras, seed_points: SeedPoints | None) -> Capture:
    """What there is to start from; its pictures are not looked at."""
    colors = torch.zeros(()).expand(cameras.views, cameras.height, cameras.width, 3)
    pictures = PosedImages(colors, cameras)
    if seed_points is None or not len(seed_points[0]):
        return Capture(pictures)
    points, levels = seed_points
    return Capture(pictures, None, points.float(), levels.float() / 255)


def nothing(model: GaussrepModelConfig) -> Gaussians:
    """One transparent Gaussian, in the place of those that a checkpoint holds.

    Args:
        model: Says whether there are features.
    """
    features = None if model.encoder is None else torch.zeros(1, model.feature_channels)
    return Gaussians(
        means=torch.zeros(1, 3),
        quats=torch.eye(4)[:1],
        scales=torch.ones(1, 3),
        opacities=torch.zeros(1),
        colors=torch.zeros(1, 3),
        features=features,
    )
