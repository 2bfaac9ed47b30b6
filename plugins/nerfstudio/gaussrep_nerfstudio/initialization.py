"""The first Gaussians of a model."""

from typing import TYPE_CHECKING

import torch

from gaussrep import Cameras, Gaussians
from gaussrep.errors import ConfigError, DataError
from gaussrep.fitting import (
    BaseFitConfig,
    Capture,
    PosedImages,
    RngStream,
    generator,
    init_gaussians,
    predict_gaussians,
)
from gaussrep_nerfstudio.cloud import CLOUD, KnownCloud

if TYPE_CHECKING:
    from gaussrep_nerfstudio.model_config import GaussrepModelConfig

FEATURE_SCALE = 0.1
"""Initial standard deviation of features; design choice."""

SeedPoints = tuple[torch.Tensor, torch.Tensor]
"""Positions [P, 3] and colors in 0 … 255 [P, 3], as nerfstudio's pipeline passes them."""


def make_init_gaussians(
    model: "GaussrepModelConfig",
    fit: BaseFitConfig,
    cameras: Cameras,
    seed_points: SeedPoints | None,
    known: KnownCloud | None,
    seed: int,
) -> Gaussians:
    """Make the first Gaussians, in the units of the model.

    Args:
        model: Kind of initialization, and whether there are features.
        fit: Number, size and opacity.
        cameras: Training cameras.
        seed_points: Points of the data, if it has any.
        known: The same with their normals, in meters, with the data parser `gaussrep-rgbd`.
        seed: Seed of random places and features.

    Returns:
        One scene, [N], on the CPU.

    Raises:
        ConfigError: `init` is `run` and no run is named.
        DataError: The settings require points and there are none.
    """
    rng = generator(seed, RngStream.INIT)
    if model.init == "run":
        gaussians = _predicted(model, known)
    else:
        gaussians = init_gaussians(_capture(cameras, seed_points), fit.init, rng)
    if model.encoder is None:
        return gaussians
    shape = gaussians.count, model.feature_channels
    features = FEATURE_SCALE * torch.randn(shape, generator=rng)
    return gaussians.replace(features=features)


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
