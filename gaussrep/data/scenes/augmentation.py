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
    """Rotate a scene about an axis through the origin.

    Args:
        scene: The scene.
        axis: 0, 1 or 2 for x, y or z.
        angle: Radians, counter-clockwise where the axis points at the viewer.

    Returns:
        The rotated scene.
    """
    first, second = (axis + 1) % 3, (axis + 2) % 3
    matrix = np.eye(3)
    matrix[first, first] = matrix[second, second] = math.cos(angle)
    matrix[second, first] = math.sin(angle)
    matrix[first, second] = -math.sin(angle)
    return apply_linear(scene, torch.from_numpy(matrix))


def apply_linear(scene: Scene, matrix: Float[Tensor, "3 3"]) -> Scene:
    """Apply a linear map about the origin; the cameras follow.

    Args:
        scene: The scene.
        matrix: A rotation or reflection, times a scale.

    Returns:
        The mapped scene.
    """
    whole = torch.eye(4, dtype=scene.cloud.points.dtype)
    whole[:3, :3] = matrix
    return scene.transform(whole)


def apply_color(scene: Scene, change: Callable[[Tensor], Tensor]) -> Scene:
    """Apply one change of color to points and images, and clamp the results to [0, 1].

    Args:
        scene: The scene.
        change: Maps colors [..., 3] to colors; it is called for the points first.

    Returns:
        The recolored scene.
    """
    colors = change(scene.cloud.colors).clamp(0, 1)
    views = scene.views
    if views is not None:
        images = change(rearrange(views.images, "v c h w -> v h w c")).clamp(0, 1)
        views = views.replace(images=rearrange(images, "v h w c -> v c h w"))
    return scene.replace(cloud=scene.cloud.replace(colors=colors), views=views)


def center_shift(scene: Scene, settings: CenterShiftConfig, rng: np.random.Generator) -> Scene:
    """Move a scene so that its bounding box is on z = 0 with its center above the origin.

    Args:
        scene: The scene; its cameras follow.
        settings: Probability.
        rng: Source of randomness.

    Returns:
        The moved scene, or the scene itself.
    """
    if rng.random() >= settings.probability:
        return scene
    low, high = scene.cloud.points.amin(dim=0), scene.cloud.points.amax(dim=0)
    matrix = torch.eye(4, dtype=low.dtype)
    matrix[:2, 3] = -(low + high)[:2] / 2
    matrix[2, 3] = -low[2]
    return scene.transform(matrix)


def dropout(scene: Scene, settings: DropoutConfig, rng: np.random.Generator) -> Scene:
    """Drop a fraction of the points at random.

    Args:
        scene: The scene; at least one point is kept and, if labels are sparse, all labeled ones.
        settings: Probability and fraction.
        rng: Source of randomness.

    Returns:
        The scene with fewer points, or the scene itself.
    """
    if rng.random() >= settings.probability:
        return scene
    count = scene.cloud.count
    stays = np.zeros(count, bool)
    stays[rng.permutation(count)[: max(1, round(count * (1 - settings.fraction)))]] = True
    kept = torch.from_numpy(stays) | scene.protected_mask
    return scene.replace(cloud=scene.cloud[kept])


def rotation(scene: Scene, settings: RotationConfig, rng: np.random.Generator) -> Scene:
    """Rotate a scene about z by a random angle.

    Args:
        scene: The scene; its cameras follow.
        settings: Probability and largest angle.
        rng: Source of randomness.

    Returns:
        The rotated scene, or the scene itself.
    """
    if rng.random() >= settings.probability:
        return scene
    return rotate(scene, 2, rng.uniform(-settings.angle, settings.angle))


def tilt(scene: Scene, settings: TiltConfig, rng: np.random.Generator) -> Scene:
    """Rotate a scene about x, and then about y, independently.

    Args:
        scene: The scene; its cameras follow.
        settings: Probability and largest angle.
        rng: Source of randomness.

    Returns:
        The rotated scene, or the scene itself.
    """
    for axis in (0, 1):
        if rng.random() < settings.probability:
            scene = rotate(scene, axis, rng.uniform(-settings.angle, settings.angle))
    return scene


def scale(scene: Scene, settings: ScaleConfig, rng: np.random.Generator) -> Scene:
    """Scale a scene isotropically by a random factor.

    Args:
        scene: The scene; its cameras follow, and its depth is scaled.
        settings: Probability and range of factors.
        rng: Source of randomness.

    Returns:
        The scaled scene, or the scene itself.
    """
    if rng.random() >= settings.probability:
        return scene
    return apply_linear(scene, torch.eye(3) * rng.uniform(*settings.range))


def flip(scene: Scene, settings: FlipConfig, rng: np.random.Generator) -> Scene:
    """Mirror the x axis, and then the y axis, independently.

    Args:
        scene: The scene. Its cameras follow: their matrices then have determinant -1, and the
            images stay unchanged.
        settings: Probability per axis.
        rng: Source of randomness.

    Returns:
        The mirrored scene, or the scene itself.
    """
    for axis in (0, 1):
        if rng.random() < settings.probability:
            signs = torch.ones(3)
            signs[axis] = -1
            scene = apply_linear(scene, torch.diag(signs))
    return scene


def jitter(scene: Scene, settings: JitterConfig, rng: np.random.Generator) -> Scene:
    """Add independent noise to the positions of points.

    Args:
        scene: The scene; its cameras stay unchanged.
        settings: Probability, standard deviation and clipping.
        rng: Source of randomness.

    Returns:
        The changed scene, or the scene itself.
    """
    if rng.random() >= settings.probability:
        return scene
    points = scene.cloud.points
    noise = rng.standard_normal(tuple(points.shape), np.float32) * settings.sigma
    moved = points + torch.from_numpy(noise.clip(-settings.clip, settings.clip)).to(points.dtype)
    return scene.replace(cloud=scene.cloud.replace(points=moved))


def elastic(scene: Scene, settings: ElasticConfig, rng: np.random.Generator) -> Scene:
    """Displace points by smooth noise.

    For each step, noise is drawn on a grid, smoothed twice by the mean of 3 x 3 x 3 cells, and
    interpolated trilinearly at the points. Normals stay unchanged.

    Args:
        scene: The scene, without views.
        settings: Probability, cell sizes and strengths.
        rng: Source of randomness.

    Returns:
        The deformed scene, or the scene itself.

    Raises:
        CapabilityError: If there are views.
    """
    if scene.views is not None:
        raise CapabilityError(
            f"scene {scene.name} has views, and images cannot be bent with the points; set "
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
    # the grid's first node is one cell below the lowest point
    place = ((points - low) / cell + 1) / (torch.tensor(cells) - 1) * 2 - 1
    sampled = grid_sample(noise, place.flip(-1)[None, None, None], align_corners=True)
    return sampled[0, :, 0, 0].mT


def contrast(scene: Scene, settings: ContrastConfig, rng: np.random.Generator) -> Scene:
    """Stretch each color channel of the points towards [0, 1], blended by a random weight.

    Args:
        scene: The scene; images are changed by the same numbers as the points.
        settings: Probability.
        rng: Source of randomness.

    Returns:
        The recolored scene, or the scene itself.
    """
    if rng.random() >= settings.probability:
        return scene
    low, high = scene.cloud.colors.amin(dim=0), scene.cloud.colors.amax(dim=0)
    width = (high - low).where(high > low, 1)
    weight = rng.random()

    def stretch(colors: Tensor) -> Tensor:
        return (1 - weight) * colors + weight * (colors - low) / width

    return apply_color(scene, stretch)


def color_shift(scene: Scene, settings: ColorShiftConfig, rng: np.random.Generator) -> Scene:
    """Add one random color to all points and images.

    Args:
        scene: The scene.
        settings: Probability and largest shift.
        rng: Source of randomness.

    Returns:
        The recolored scene, or the scene itself.
    """
    if rng.random() >= settings.probability:
        return scene
    shift = torch.from_numpy(rng.uniform(-settings.ratio, settings.ratio, 3).astype(np.float32))
    return apply_color(scene, lambda colors: colors + shift)


def color_jitter(scene: Scene, settings: ColorJitterConfig, rng: np.random.Generator) -> Scene:
    """Add noise to the color of each point and each pixel.

    Args:
        scene: The scene; points and images are changed together or not at all.
        settings: Probability and standard deviation.
        rng: Source of randomness.

    Returns:
        The recolored scene, or the scene itself.
    """
    if rng.random() >= settings.probability:
        return scene

    def noisy(colors: Tensor) -> Tensor:
        noise = rng.standard_normal(tuple(colors.shape), np.float32)
        return colors + settings.std * torch.from_numpy(noise)

    return apply_color(scene, noisy)


def augment(scene: Scene, settings: AugmentConfig, rng: np.random.Generator) -> Scene:
    """Augment a scene at random.

    Args:
        scene: The scene.
        settings: Settings of each augmentation.
        rng: Source of all randomness.

    Returns:
        The augmented scene; its images stay consistent with its points, up to `jitter`.
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
    """Crop to the points nearest to a random one.

    Args:
        scene: The scene; if labels are sparse, all labeled points are kept.
        max_points: Maximum number of points; None keeps all.
        rng: Source of randomness.

    Returns:
        The cropped scene, or the scene itself.
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
    """Subsample points at random; the scene keeps its extent, which its views show.

    Args:
        scene: The scene; if labels are sparse, all labeled points are kept.
        max_points: Maximum number of points, at least 1; None keeps all.
        rng: Source of randomness.

    Returns:
        The subsampled scene, or the scene itself.
    """
    if max_points is None or scene.cloud.count <= max_points:
        return scene
    order = rng.permutation(scene.cloud.count)
    first = np.argsort(~scene.protected_mask.numpy()[order], kind="stable")
    return scene.replace(cloud=scene.cloud[torch.from_numpy(np.sort(order[first[:max_points]]))])
