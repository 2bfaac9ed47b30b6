"""Conversion of Gaussians to and from PyTorch3D's `Pointclouds`."""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from gaussrep import Gaussians
from gaussrep.errors import ShapeError
from gaussrep.neighbors import spacing
from gaussrep_pytorch3d.library import pytorch3d

NEIGHBORS = 3
"""Number of nearest neighbors whose distance sets a Gaussian's scale (3DGS, section 5.1)."""

MIN_RELATIVE_SCALE = 1e-4
"""Lower bound of scales as a fraction of the cloud's size; design choice."""

GRAY = 0.5
"""Color of points without features."""


def to_pointclouds(gaussians: Gaussians) -> Any:
    """Convert every scene to a point cloud.

    Features of a point are red, green, blue and opacity, then those of the Gaussian. Gaussians of
    opacity 0 are padding and are dropped, so that clouds differ in length. Of spherical harmonics
    only the first coefficient is used; scales and orientations are dropped.

    Args:
        gaussians: Scenes, [*B, N].

    Returns:
        A differentiable `pytorch3d.structures.Pointclouds`, one cloud per scene.

    Raises:
        UnavailableError: If PyTorch3D cannot be imported.
    """
    colors = gaussians.view_independent_colors()
    parts = [gaussians.means, colors, gaussians.opacities[..., None]]
    parts += [] if gaussians.features is None else [gaussians.features]
    rows = torch.cat(parts, -1)
    rows = rows.reshape(gaussians.batch_shape.numel(), *rows.shape[-2:])
    clouds = [scene[scene[:, 6] > 0] for scene in rows]
    return pytorch3d("structures").Pointclouds(
        points=[cloud[:, :3] for cloud in clouds], features=[cloud[:, 3:] for cloud in clouds]
    )


def from_pointclouds(clouds: Any, scale: float | None = None, opacity: float = 1.0) -> Gaussians:
    """Convert every point to a round Gaussian.

    Args:
        clouds: A `pytorch3d.structures.Pointclouds` of B clouds whose features are RGB,
            opacity and more, as from `to_pointclouds`; RGB alone, or none for gray Gaussians.
        scale: Standard deviation in scene units; if None, the root mean square distance to the
            three nearest neighbors.
        opacity: Opacity if the clouds have none.

    Returns:
        Scenes [B, N], padded with opacity 0 to the longest cloud.

    Raises:
        ShapeError: If points have one or two features, or if a cloud of one point needs a scale.
    """
    all_features = clouds.features_list() or [None] * len(clouds)
    return Gaussians.stack(
        [
            _scene(points, features, scale, opacity)
            for points, features in zip(clouds.points_list(), all_features, strict=True)
        ]
    )


def _scene(
    points: Float[Tensor, "n 3"],
    features: Float[Tensor, "n c"] | None,
    scale: float | None,
    opacity: float,
) -> Gaussians:
    channels = 0 if features is None else features.shape[1]
    if channels in (1, 2):
        raise ShapeError(f"points have {channels} features, expected none, RGB, or RGB and more.")
    opacities = torch.full_like(points[:, 0], opacity)
    return Gaussians(
        means=points,
        quats=points.new_tensor([1.0, 0, 0, 0]).expand(len(points), 4),
        scales=_scales(points, scale)[:, None].expand(-1, 3),
        opacities=features[:, 3] if features is not None and channels > 3 else opacities,
        colors=torch.full_like(points, GRAY) if features is None else features[:, :3],
        features=features[:, 4:] if features is not None and channels > 4 else None,
    )


def _scales(points: Float[Tensor, "n 3"], scale: float | None) -> Float[Tensor, " n"]:
    if scale is not None or not len(points):
        return points.new_full((len(points),), scale or 0.0)
    if len(points) == 1:
        raise ShapeError("a cloud of one point has no spacing; give scale.")
    size = (points.amax(0) - points.amin(0)).max().item()
    neighbors = min(NEIGHBORS, len(points) - 1)
    return spacing(points, neighbors).clamp_min(MIN_RELATIVE_SCALE * size)
