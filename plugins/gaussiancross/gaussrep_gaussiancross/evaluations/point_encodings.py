"""Features of points that a linear layer classifies: a method's, and those of the baselines."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from gaussrep.methods import Batch
from gaussrep_gaussiancross.point_method import PointMethod
from gaussrep_gaussiancross.scene_batch import INPUT_CHANNELS, SceneBatch

RANDOM_FEATURES = 64
"""Random features per point (design choice)."""


@dataclass(frozen=True, eq=False)
class PointEncoding:
    """A function from scenes to features of their points.

    Attributes:
        encode: Computes one vector per point of a batch of scenes, [P, D].
        width: Length of a vector, D.
        method: Method whose backbone computes them; None for functions of single points.
    """

    encode: Callable[[Batch], Float[Tensor, "p d"]]
    width: int
    method: PointMethod | None = None

    @classmethod
    def of(cls, method: PointMethod, *, multi_scale: bool = False) -> "PointEncoding":
        """Take the features of a method.

        Args:
            method: A method that encodes points.
            multi_scale: Whether to join the features of all resolutions of its backbone.

        Returns:
            Its encoding.
        """
        if multi_scale:
            width = method.backbone.multi_scale_width
            return cls(method.encode_points_multi_scale, width, method)
        return cls(method.encode_points, method.point_width, method)


def raw_inputs(*, height: bool) -> PointEncoding:
    """Take color and normal of each point as its features.

    Args:
        height: Whether to append the point's height.

    Returns:
        The encoding: 6 numbers per point, or 7, all in [-1, 1].
    """
    if not height:
        return PointEncoding(lambda batch: SceneBatch.of(batch).inputs, INPUT_CHANNELS)
    return PointEncoding(inputs_with_height, INPUT_CHANNELS + 1)


def random_features(device: torch.device) -> PointEncoding:
    """Take random functions of color, normal and height of each point as its features.

    Each of the `RANDOM_FEATURES` features is the positive part of a random linear function with
    weights and bias from a standard normal distribution. Nothing is learned, and a point's
    neighbors have no influence.

    Args:
        device: Device of the points.

    Returns:
        The encoding, drawn from torch's global generator.
    """
    weights = torch.randn(INPUT_CHANNELS + 1, RANDOM_FEATURES).to(device)
    biases = torch.randn(RANDOM_FEATURES).to(device)
    return PointEncoding(
        lambda batch: (inputs_with_height(batch) @ weights + biases).relu(), RANDOM_FEATURES
    )


def inputs_with_height(batch: Batch) -> Float[Tensor, "p 7"]:
    """Join color, normal and height of each point.

    Args:
        batch: Scenes.

    Returns:
        Color in [-1, 1], normal, and height between the lowest (-1) and the highest (1) point of
        the scene.
    """
    scenes = SceneBatch.of(batch)
    low, high = (corner[:, 2] for corner in scenes.bounds())
    range_of_heights = (high - low).clamp_min(1e-6)[scenes.scene]
    height = 2 * (scenes.points[:, 2] - low[scenes.scene]) / range_of_heights - 1
    return torch.cat([scenes.inputs, height[:, None]], dim=1)


@torch.no_grad()
def calibrate_batch_norms(method: PointMethod, batches: Iterable[Batch]) -> None:
    """Set the running statistics of a backbone's batch norms to their mean over batches.

    A fresh batch norm in evaluation mode does not normalize: the features of a backbone with fresh
    weights are then thousandths in size.

    Args:
        method: The method, changed in place and left in evaluation mode.
        batches: Scenes.
    """
    norms = [module for module in method.backbone.modules() if isinstance(module, _BatchNorm)]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None
    method.backbone.train()
    for batch in batches:
        method.encode_points(batch)
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
    method.eval()


@contextmanager
def preserve_module_state(module: nn.Module) -> Iterator[None]:
    """Restore the buffers and train/eval modes of a module on exit.

    Args:
        module: The module; its parameters are not restored.

    Yields:
        Nothing.
    """
    buffers = {name: buffer.clone() for name, buffer in module.named_buffers()}
    training = {name: one.training for name, one in module.named_modules()}
    try:
        yield
    finally:
        for name, buffer in module.named_buffers():
            buffer.copy_(buffers[name])
        for name, one in module.named_modules():
            one.training = training[name]
