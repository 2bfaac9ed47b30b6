"""Random augmentations and crops of training scenes."""

import math
from collections.abc import Callable

import numpy as np
import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import avg_pool3d, grid_sample

from gaussrep.data.scenes.augment_config import (
    AugmentConfig,
    CenterShiftConfig,
    ColorJitterConfig,
    ColorShiftConfig,
    ContrastConfig,
    DropoutConfig,
    ElasticConfig,
    FlipConfig,
    JitterConfig,
    RotationConfig,
    ScaleConfig,
    TiltConfig,
)
from gaussrep.data.scenes.scene import Scene
from gaussrep.errors import CapabilityError


def rotate(scene: Scene, axis: int, angle: float) -> Scene:
    """Turn a scene about an axis through the origin.

    Args:
        scene: The scene.
        axis: 0, 1 or 2 for x, y or z.
        angle: Radians, counter-clockwise where the axis points at the viewer.
    """
    first, second = (axis + 1) % 3, (axis + 2) % 3
    matrix = np.eye(3)
    matrix[first, first] = matrix[second, second] = math.cos(angle)
    matrix[second, first] = math.sin(angle)
    matrix[first, second] = -math.sin(angle)
    return apply_linear(scene, torch.from_numpy(matrix))


def apply_linear(scene: Scene, matrix: Float[Tensor, "3 3"]) -> Scene:
    """Map a scene about the origin; its cameras follow.

    Args:
        scene: The scene.
        matrix: A rotation or reflection, times a scale.
    """
    whole = torch.eye(4, dtype=scene.cloud.points.dtype)
    whole[:3, :3] = matrix
    return scene.transform(whole)


def apply_color(scene: Scene, change: Callable[[Tensor], Tensor]) -> Scene:
    """Change the colors of points and pictures, and bring them back to [0, 1].

    Args:
        scene: The scene.
        change: Takes and gives colors [..., 3]; it is called for the points first.
    """
    colors = change(scene.cloud.colors).clamp(0, 1)
    views = scene.views
    if views is not None:
        images = change(rearrange(views.images, "v c h w -> v h w c")).clamp(0, 1)
        views = views.replace(images=rearrange(images, "v h w c -> v c h w"))
    return scene.replace(cloud=scene.cloud.replace(colors=colors), views=views)


def center_shift(scene: Scene, settings: CenterShiftConfig, rng: np.random.Generator) -> Scene:
    """Move a scene so that its bounding box stands on z = 0 with its middle above the origin.

    Args:
        scene: The scene; its cameras follow.
        settings: How often.
        rng: Decides whether.
    """
    if rng.random() >= settings.probability:
        return scene
    low, high = scene.cloud.points.amin(dim=0), scene.cloud.points.amax(dim=0)
    matrix = torch.eye(4, dtype=low.dtype)
    matrix[:2, 3] = -(low + high)[:2] / 2
    matrix[2, 3] = -low[2]
    return scene.transform(matrix)


def dropout(scene: Scene, settings: DropoutConfig, rng: np.random.Generator) -> Scene:
    """Leave a share of the points out.

    Args:
        scene: The scene; at least one of its points stays, and where labels are scarce, so does
            each point that has one.
        settings: How often, and which share.
        rng: Decides which.
    """
    if rng.random() >= settings.probability:
        return scene
    count = scene.cloud.count
    stays = np.zeros(count, bool)
    stays[rng.permutation(count)[: max(1, round(count * (1 - settings.fraction)))]] = True
    kept = torch.from_numpy(stays) | scene.protected_mask
    return scene.replace(cloud=scene.cloud[kept])


def rotation(scene: Scene, settings: RotationConfig, rng: np.random.Generator) -> Scene:
    """Turn a scene about z.

    Args:
        scene: The scene; its cameras follow.
        settings: How often, and how far.
        rng: Decides the angle.
    """
    if rng.random() >= settings.probability:
        return scene
    return rotate(scene, 2, rng.uniform(-settings.angle, settings.angle))


def tilt(scene: Scene, settings: TiltConfig, rng: np.random.Generator) -> Scene:
    """Turn a scene about x, and then about y, each on its own.

    Args:
        scene: The scene; its cameras follow.
        settings: How often, and how far.
        rng: Decides the angles.
    """
    for axis in (0, 1):
        if rng.random() < settings.probability:
            scene = rotate(scene, axis, rng.uniform(-settings.angle, settings.angle))
    return scene


def scale(scene: Scene, settings: ScaleConfig, rng: np.random.Generator) -> Scene:
    """Scale a scene, all axes alike.

    Args:
        scene: The scene; its cameras follow, and its depth is scaled too.
        settings: How often, and how much.
        rng: Decides the factor.
    """
    if rng.random() >= settings.probability:
        return scene
    return apply_linear(scene, torch.eye(3) * rng.uniform(*settings.range))


def flip(scene: Scene, settings: FlipConfig, rng: np.random.Generator) -> Scene:
    """Mirror the x axis, and then the y axis, each on its own.

    Args:
        scene: The scene; its cameras follow: their matrices then have determinant -1, and the
            pictures stay as they are.
        settings: How often.
        rng: Decides which.
    """
    for axis in (0, 1):
        if rng.random() < settings.probability:
            signs = torch.ones(3)
            signs[axis] = -1
            scene = apply_linear(scene, torch.diag(signs))
    return scene


def jitter(scene: Scene, settings: JitterConfig, rng: np.random.Generator) -> Scene:
    """Move each point by noise of its own.

    Args:
        scene: The scene; its cameras stay.
        settings: How often, and how far.
        rng: Draws the noise.
    """
    if rng.random() >= settings.probability:
        return scene
    points = scene.cloud.points
    noise = rng.standard_normal(tuple(points.shape), np.float32) * settings.sigma
    moved = points + torch.from_numpy(noise.clip(-settings.clip, settings.clip)).to(points.dtype)
    return scene.replace(cloud=scene.cloud.replace(points=moved))


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


def contrast(scene: Scene, settings: ContrastConfig, rng: np.random.Generator) -> Scene:
    """Stretch each channel of the points towards [0, 1], by a random share.

    Args:
        scene: The scene; pictures change by the same numbers as the points.
        settings: How often.
        rng: Decides the share.
    """
    if rng.random() >= settings.probability:
        return scene
    low, high = scene.cloud.colors.amin(dim=0), scene.cloud.colors.amax(dim=0)
    width = (high - low).where(high > low, 1)
    share = rng.random()

    def stretch(colors: Tensor) -> Tensor:
        return (1 - share) * colors + share * (colors - low) / width

    return apply_color(scene, stretch)


def color_shift(scene: Scene, settings: ColorShiftConfig, rng: np.random.Generator) -> Scene:
    """Add one random color.

    Args:
        scene: The scene; its points and pictures get the same one.
        settings: How often, and how much.
        rng: Draws the color.
    """
    if rng.random() >= settings.probability:
        return scene
    shift = torch.from_numpy(rng.uniform(-settings.ratio, settings.ratio, 3).astype(np.float32))
    return apply_color(scene, lambda colors: colors + shift)


def color_jitter(scene: Scene, settings: ColorJitterConfig, rng: np.random.Generator) -> Scene:
    """Add noise to each point and each pixel.

    Args:
        scene: The scene; points and pictures are changed together or not at all.
        settings: How often, and how much.
        rng: Draws the noise.
    """
    if rng.random() >= settings.probability:
        return scene

    def noisy(colors: Tensor) -> Tensor:
        noise = rng.standard_normal(tuple(colors.shape), np.float32)
        return colors + settings.std * torch.from_numpy(noise)

    return apply_color(scene, noisy)


def augment(scene: Scene, settings: AugmentConfig, rng: np.random.Generator) -> Scene:
    """Change a scene at random.

    Args:
        scene: The scene.
        settings: What is done, and how often.
        rng: Decides everything.

    Returns:
        The changed scene; its pictures show what its points have become, up to `jitter`.
    """
    scene = center_shift(scene, settings.center_shift, rng)
    scene = dropout(scene, settings.dropout, rng)
    scene = rotation(scene, settings.rotation, rng)
    scene = tilt(scene, settings.tilt, rng)
    scene = scale(scene, settings.scale, rng)
    scene = flip(scene, settings.flip, rng)
    scene = jitter(scene, settings.jitter, rng)
    if settings.elastic.probability:
        scene = elastic(scene, settings.elastic, rng)
    scene = contrast(scene, settings.contrast, rng)
    scene = color_shift(scene, settings.color_shift, rng)
    return color_jitter(scene, settings.color_jitter, rng)


def sphere_crop(scene: Scene, max_points: int | None, rng: np.random.Generator) -> Scene:
    """Keep the points nearest to a random one.

    Args:
        scene: The scene; where labels are scarce, each point that has one stays.
        max_points: How many points stay at most; None keeps all.
        rng: Chooses the middle.
    """
    cloud = scene.cloud
    if max_points is None or cloud.count <= max_points:
        return scene
    middle = cloud.points[int(rng.integers(cloud.count))]
    distance = (cloud.points - middle).square().sum(dim=-1)
    distance[scene.protected_mask] = -1
    nearest = distance.topk(max_points, largest=False, sorted=False).indices
    return scene.replace(cloud=cloud[torch.sort(nearest).values])


def random_subsample(scene: Scene, max_points: int | None, rng: np.random.Generator) -> Scene:
    """Keep so many points, drawn at random; the scene stays as large as its views show it.

    Args:
        scene: The scene; where labels are scarce, each point that has one stays in any case.
        max_points: Most points, at least 1; None keeps all.
        rng: Draws them.
    """
    if max_points is None or scene.cloud.count <= max_points:
        return scene
    order = rng.permutation(scene.cloud.count)
    first = np.argsort(~scene.protected_mask.numpy()[order], kind="stable")
    return scene.replace(cloud=scene.cloud[torch.from_numpy(np.sort(order[first[:max_points]]))])
