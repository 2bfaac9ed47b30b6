"""The Gaussians that a fit starts from."""

import torch
from jaxtyping import Float
from torch import Tensor

from gaussrep.cuboid import Cuboid
from gaussrep.errors import DataError
from gaussrep.fitting.capture import Capture
from gaussrep.fitting.config import StartConfig
from gaussrep.fitting.extent import looked_at
from gaussrep.gaussians import Gaussians
from gaussrep.neighbors import spacing

POINT_SCALE, RANDOM_SCALE = 1.0, 0.3
"""What `start.scale` is where it is not given."""
SMALLEST = 1e-4
"""Standard deviations start no smaller than this share of the cloud's size, where points coincide;
ours."""


def first_gaussians(capture: Capture, config: StartConfig, generator: torch.Generator) -> Gaussians:
    """Make the Gaussians that a capture is fitted from.

    Args:
        capture: Gives cameras, and points where it has any.
        config: How many, and from where.
        generator: On the CPU.

    Returns:
        One scene with plain colors, on the CPU.

    Raises:
        DataError: If points are wanted and the capture has none.
    """
    if capture.points is None and config.type == "points":
        raise DataError("start.type is points, but this capture has no points; use random.")
    if capture.points is None or config.type == "random":
        cube = looked_at(capture.train.cameras)
        return random_gaussians(cube, config, generator)
    assert capture.colors is not None
    chosen = torch.randperm(len(capture.points), generator=generator)[: config.count]
    return gaussians_at(capture.points[chosen], capture.colors[chosen], config)


def random_gaussians(cuboid: Cuboid, config: StartConfig, generator: torch.Generator) -> Gaussians:
    """Spread Gaussians of random colors evenly over a box.

    Args:
        cuboid: The box, without batch axes.
        config: How many, how large and how opaque.
        generator: On the CPU.

    Returns:
        One scene with plain colors.
    """
    places = torch.rand(config.count, 3, generator=generator) - 0.5
    colors = torch.rand(config.count, 3, generator=generator)
    points = cuboid.center + places * cuboid.size
    scale = RANDOM_SCALE if config.scale is None else config.scale
    return gaussians_at(points, colors, config.model_copy(update={"scale": scale}))


def gaussians_at(
    points: Float[Tensor, "n 3"], colors: Float[Tensor, "n 3"], config: StartConfig
) -> Gaussians:
    """Put a round Gaussian at every point, as large as its neighbors are far (3DGS, section 5.1).

    Args:
        points: At least 4.
        colors: RGB in [0, 1].
        config: How large and how opaque; its count is not looked at.

    Returns:
        One scene with plain colors.

    Raises:
        DataError: If there are fewer points.
    """
    if len(points) < 4:
        raise DataError(f"a fit cannot start from {len(points)} points, wanted at least 4.")
    size = (points.amax(0) - points.amin(0)).max()
    distance = spacing(points)
    scale = POINT_SCALE if config.scale is None else config.scale
    scales = scale * distance.clamp_min(SMALLEST * size.item())
    return Gaussians(
        means=points,
        quats=points.new_tensor([1.0, 0, 0, 0]).expand(len(points), 4),
        scales=scales[:, None].expand(-1, 3),
        opacities=points.new_full((len(points),), config.opacity),
        colors=colors,
    )
