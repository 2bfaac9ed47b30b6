"""The initial Gaussians of a fit, and the size of the scene estimated from its cameras."""

from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor

from gaussrep.cameras import Cameras
from gaussrep.cuboid import Cuboid
from gaussrep.errors import DataError
from gaussrep.fitting.capture import Capture
from gaussrep.fitting.config import InitConfig
from gaussrep.formats.by_suffix import load
from gaussrep.gaussians import Gaussians
from gaussrep.neighbors import spacing

POINT_SCALE, RANDOM_SCALE = 1.0, 0.3
"""Defaults of `init.scale`."""
MIN_SCALE = 1e-4
"""Smallest standard deviation as a fraction of the cloud's size, if points coincide; design
choice."""
EXTENT_MARGIN = 1.1
"""Ratio of the extent to the farthest camera's distance from the cameras' centroid (3DGS's
code)."""
CENTROID_WEIGHT = 0.05
"""Weight that pulls the point nearest to all optical axes towards the cameras' centroid, which
decides where the axes leave it open; design choice."""
BOUNDS_MARGIN = 1.1
"""Ratio of the side of the scene bounds to the width of a camera's view there; design choice."""

SURROUNDINGS = 6
"""Side of the cube around the cameras in scene extents; the default of gsplat's example."""


def init_gaussians(capture: Capture, config: InitConfig, generator: torch.Generator) -> Gaussians:
    """Make the first Gaussians of a capture.

    Args:
        capture: Cameras, and points if it has any.
        config: Number, place, size and opacity, or a file.
        generator: On the CPU.

    Returns:
        One scene, [N], on the CPU; with plain colors, except from a file.

    Raises:
        DataError: The settings require points and the capture has none.
        FormatError: The file is missing or damaged, or no format reads it.
    """
    if config.path is not None:
        return load_gaussians(config.path, config.min_opacity)
    if capture.points is None and config.type == "points":
        raise DataError("init.type is points, but this capture has no points; use random.")
    if capture.points is None or config.type == "random":
        return random_gaussians(scene_cubes(capture), config, generator)
    assert capture.colors is not None
    chosen = torch.randperm(len(capture.points), generator=generator)[: config.count]
    return gaussians_at(capture.points[chosen], capture.colors[chosen], config)


def load_gaussians(path: Path, min_opacity: float = 0.0) -> Gaussians:
    """Read the first Gaussians of a fit from a file.

    Args:
        path: File of any format that is read.
        min_opacity: Leave out Gaussians of lower opacity.

    Returns:
        One scene, [N], on the CPU.

    Raises:
        FormatError: The file is missing or damaged, or no format reads it.
        DataError: No Gaussian is left.
    """
    found = load(path)
    kept = found.prune(found.opacities >= min_opacity)
    if not kept.count:
        raise DataError(
            f"{path}: none of {found.count} Gaussians has an opacity of at least {min_opacity:g}; "
            "lower init.min_opacity."
        )
    return kept


def random_gaussians(cuboids: Cuboid, config: InitConfig, generator: torch.Generator) -> Gaussians:
    """Place Gaussians of random colors uniformly in boxes, equally many in each.

    Args:
        cuboids: The boxes, [B].
        config: Number, size and opacity.
        generator: On the CPU.

    Returns:
        One scene, [N], with plain colors.
    """
    places = torch.rand(config.count, 3, generator=generator) - 0.5
    colors = torch.rand(config.count, 3, generator=generator)
    box = torch.arange(config.count) % len(cuboids.center)
    points = cuboids.center[box] + places * cuboids.size[box]
    scale = RANDOM_SCALE if config.scale is None else config.scale
    return gaussians_at(points, colors, config.model_copy(update={"scale": scale}))


def gaussians_at(
    points: Float[Tensor, "n 3"], colors: Float[Tensor, "n 3"], config: InitConfig
) -> Gaussians:
    """Place an isotropic Gaussian at every point, sized by its neighbors (3DGS, section 5.1).

    Args:
        points: At least 4, in scene units.
        colors: RGB in [0, 1].
        config: Size and opacity; its count is ignored.

    Returns:
        One scene, [N], with plain colors.

    Raises:
        DataError: There are fewer points.
    """
    if len(points) < 4:
        raise DataError(f"a fit cannot start from {len(points)} points, expected at least 4.")
    size = (points.amax(0) - points.amin(0)).max()
    distance = spacing(points)
    scale = POINT_SCALE if config.scale is None else config.scale
    scales = scale * distance.clamp_min(MIN_SCALE * size.item())
    return Gaussians(
        means=points,
        quats=points.new_tensor([1.0, 0, 0, 0]).expand(len(points), 4),
        scales=scales[:, None].expand(-1, 3),
        opacities=points.new_full((len(points),), config.opacity),
        colors=colors,
    )


def scene_extent(cameras: Cameras) -> float:
    """Compute the length that learning rates and thresholds are multiples of.

    Args:
        cameras: Views [V] of one scene.

    Returns:
        1.1 times the largest distance of a camera from the cameras' centroid, in scene units
        (3DGS's code); 1 if all cameras are at one place.
    """
    positions = cameras.positions
    radius = (positions - positions.mean(0)).norm(dim=-1).max().item()
    return EXTENT_MARGIN * radius if radius > 1e-6 else 1.0


def scene_cubes(capture: Capture) -> Cuboid:
    """Estimate where a scene may be: where its cameras point, and around them.

    Poses alone do not tell a ring around an object from a room, whose walls are outside of the cube
    at which cameras point across its center. Images with transparency tell: they have no
    background.

    Args:
        capture: Pinhole views.

    Returns:
        The cube of `scene_bounds`; if the images are opaque, also one around the cameras' centroid
        whose side is `SURROUNDINGS` times `scene_extent`; [1] or [2].
    """
    cameras = capture.train.cameras
    bounds = scene_bounds(cameras)
    cubes = Cuboid(bounds.center[None], bounds.size[None])
    if capture.train.has_transparency:
        return cubes
    center = cameras.positions.mean(0, keepdim=True)
    size = torch.full_like(center, SURROUNDINGS * scene_extent(cameras))
    return Cuboid(torch.cat([cubes.center, center]), torch.cat([cubes.size, size]))


def scene_bounds(cameras: Cameras) -> Cuboid:
    """Estimate the cube at which the cameras point.

    Args:
        cameras: Pinhole views [V] of one scene.

    Returns:
        A cube around the point nearest to all optical axes, as wide as the view of the camera at
        the median distance is there; if the cameras do not point inward, no narrower than their
        distance from each other.
    """
    positions = cameras.positions
    centroid = positions.mean(0)
    center = _nearest_to_axes(positions, cameras.viewmats[:, 2, :3], centroid)
    distances = (positions - center).norm(dim=-1)
    pixels = cameras.Ks.new_tensor([cameras.width, cameras.height])
    slopes = (pixels / cameras.Ks[:, (0, 1), (0, 1)]).amax(-1)  # width of the view per distance
    side = BOUNDS_MARGIN * (distances * slopes).median()
    forward = ((center - positions) * cameras.viewmats[:, 2, :3]).sum(-1)
    if (forward > 0.5 * distances).float().mean() < 0.5:
        side = torch.maximum(side, 3 * (positions - centroid).norm(dim=-1).max())
    return Cuboid(center, side.clamp_min(1e-3).expand(3))


def _nearest_to_axes(
    positions: Float[Tensor, "v 3"], axes: Float[Tensor, "v 3"], centroid: Float[Tensor, " 3"]
) -> Float[Tensor, " 3"]:
    """Least squares over the distances to all axes, with a small weight on the centroid."""
    identity = torch.eye(3, dtype=axes.dtype, device=axes.device)
    across = identity - axes[:, :, None] * axes[:, None, :]
    prior = CENTROID_WEIGHT * identity
    right = (across @ positions[..., None]).mean(0)[:, 0] + prior @ centroid
    return torch.linalg.solve(across.mean(0) + prior, right)
