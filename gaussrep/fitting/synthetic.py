"""A synthetic scene with known Gaussians: balls, a ring and a rod on a checkered disc."""

from math import pi, sqrt

import torch
from jaxtyping import Float
from torch import Tensor

from gaussrep import quaternions
from gaussrep.cameras import Cameras
from gaussrep.fitting.capture import Capture
from gaussrep.fitting.capture_config import CaptureConfig, require_synthetic
from gaussrep.fitting.posed_images import PosedImages
from gaussrep.gaussians import Gaussians
from gaussrep.rendering.dispatch import render

VIEWS, SIZE, DISTANCE, FOV = 60, 128, 4.0, 40.0
GOLDEN = pi * (3 - sqrt(5))
THIN = 0.01
"""Standard deviation across a surface in scene units."""


def read_synthetic(config: CaptureConfig, path: str) -> Capture:
    """Render the images of a synthetic scene.

    Args:
        config: Size of the images, at most 128 pixels, and which views to hold out.
        path: `synthetic:` and the name of a scene.

    Returns:
        Images with alpha and depth, without points.

    Raises:
        DataError: There is no such scene.
    """
    require_synthetic(path)
    return synthetic_capture(config.hold_out_every, size=min(config.image_size or SIZE, SIZE))


def known_scene() -> Gaussians:
    """Build the scene, about two units wide and one high, z up.

    Returns:
        Some four hundred Gaussians with plain colors: flat ones on surfaces, long ones along the
        rod and the ring, and a translucent ball.
    """
    return Gaussians.cat(
        [
            _disc(150, 1.0),
            _ball(80, [0.35, 0.3, 0.3], 0.3, [0.9, 0.25, 0.2]),
            _ball(60, [-0.45, 0.25, 0.22], 0.22, [0.2, 0.45, 0.9]),
            _ball(50, [0.05, -0.5, 0.18], 0.18, [0.95, 0.8, 0.2]),
            _ball(30, [-0.3, -0.35, 0.5], 0.14, [0.6, 0.9, 0.6], opacity=0.5),
            _ring(40, [-0.45, 0.25, 0.55], 0.16, [0.85, 0.4, 0.85]),
            _rod(12, [0.55, -0.45, 0.0], [0.55, -0.25, 0.9], [0.3, 0.8, 0.75]),
        ]
    )


def synthetic_capture(hold_out_every: int = 10, views: int = VIEWS, size: int = SIZE) -> Capture:
    """Render the synthetic scene `balls` from views on a hemisphere, over black.

    Args:
        hold_out_every: Hold out every n-th view.
        views: Number of views, on a golden spiral from 8 to 75 degrees above the disc.
        size: Width and height in pixels.

    Returns:
        Float32 images with alpha and depth, without points.
    """
    step = torch.arange(views) + 0.5
    height = torch.lerp(torch.tensor(0.14), torch.tensor(0.966), step / views)
    across, angle = (1 - height.square()).sqrt(), GOLDEN * step
    eyes = DISTANCE * torch.stack([across * angle.cos(), across * angle.sin(), height], dim=-1)
    target, up = torch.tensor([0.0, 0, 0.25]), torch.tensor([0.0, 0, 1])
    cameras = Cameras.look_at(eyes, target, up, size, size, FOV)
    with torch.no_grad():
        rendered = render(known_scene(), cameras)
    images = PosedImages(rendered.color, cameras, rendered.alpha, rendered.depth)
    return Capture.split(images, hold_out_every)


def _spiral(count: int) -> tuple[Tensor, Tensor]:
    """Fractions from 0 to 1 and the golden spiral's angles."""
    step = torch.arange(count) + 0.5
    return step / count, GOLDEN * step


def _disc(count: int, radius: float) -> Gaussians:
    fraction, angle = _spiral(count)
    reach = radius * fraction.sqrt()
    points = torch.stack([reach * angle.cos(), reach * angle.sin(), torch.zeros(count)], -1)
    dark = ((points[:, 0] * 4).floor() + (points[:, 1] * 4).floor()) % 2 == 0
    colors = torch.where(dark[:, None], torch.tensor([0.25, 0.25, 0.3]), torch.tensor(0.85))
    return _surface(points, torch.tensor([0.0, 0, 1]).expand(count, 3), 0.065, colors, 0.95)


def _ball(
    count: int, center: list[float], radius: float, color: list[float], opacity: float = 0.95
) -> Gaussians:
    """Flat Gaussians on a sphere, banded from dark to light."""
    fraction, angle = _spiral(count)
    z = 1 - 2 * fraction
    across = (1 - z * z).sqrt()
    normals = torch.stack([across * angle.cos(), across * angle.sin(), z], -1)
    light = 0.7 + 0.3 * (3 * pi * z).cos()
    points = torch.tensor(center) + radius * normals
    width = 1.3 * radius * sqrt(4 / count)
    return _surface(points, normals, width, light[:, None] * torch.tensor(color), opacity)


def _ring(count: int, center: list[float], radius: float, color: list[float]) -> Gaussians:
    angle = 2 * pi * torch.arange(count) / count
    circle = torch.stack([angle.cos(), angle.sin(), torch.zeros(count)], -1)
    along = torch.stack([-angle.sin(), angle.cos(), torch.zeros(count)], -1)
    light = 0.75 + 0.25 * (4 * angle).sin()
    points = torch.tensor(center) + radius * circle
    colors = light[:, None] * torch.tensor(color)
    return _long(points, along, pi * radius / count, 0.03, colors)


def _rod(count: int, foot: list[float], head: list[float], color: list[float]) -> Gaussians:
    ends = torch.tensor([foot, head])
    fraction = torch.linspace(0, 1, count)[:, None]
    axis = ends[1] - ends[0]
    colors = torch.lerp(torch.tensor(color), torch.tensor([0.9, 0.5, 0.1]), fraction)
    length = 0.7 * axis.norm().item() / count
    return _long(ends[0] + fraction * axis, axis.expand(count, 3), length, 0.025, colors)


def _surface(
    points: Tensor, normals: Tensor, width: float, colors: Tensor, opacity: float
) -> Gaussians:
    return _placed(points, normals, [width, width, THIN], colors, opacity)


def _long(points: Tensor, axes: Tensor, length: float, width: float, colors: Tensor) -> Gaussians:
    return _placed(points, axes, [width, width, length], colors, 0.95)


def _placed(
    points: Float[Tensor, "n 3"],
    axes: Float[Tensor, "n 3"],
    scales: list[float],
    colors: Float[Tensor, "n 3"],
    opacity: float,
) -> Gaussians:
    """Gaussians whose third axis is aligned with `axes`."""
    count = len(points)
    third = torch.nn.functional.normalize(axes, dim=-1)
    other = torch.where(third[:, :1].abs() < 0.9, torch.eye(3)[0], torch.eye(3)[1])
    first = torch.nn.functional.normalize(torch.linalg.cross(other, third), dim=-1)
    frame = torch.stack([first, torch.linalg.cross(third, first), third], dim=-1)
    return Gaussians(
        means=points,
        quats=quaternions.from_matrix(frame),
        scales=torch.tensor(scales).expand(count, 3),
        opacities=torch.full((count,), opacity),
        colors=colors.clamp(0, 1),
    )
