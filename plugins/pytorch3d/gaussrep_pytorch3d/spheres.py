"""Gaussians as spheres in front of the one camera that Pulsar draws with."""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from gaussrep.cameras import Cameras
from gaussrep.gaussians import Gaussians
from gaussrep.rendering import MIN_ALPHA, NEAR


@dataclass(frozen=True, eq=False)
class Spheres:
    """Spheres in Pulsar's camera space: x right, y up, z forward, the camera at the origin.

    Pulsar has one focal length, and a principal point in the middle of the picture (or whole
    pixels off it). Any pinhole camera sees a point where that one sees it after a linear map of
    camera space that leaves depths alone; so centers fall exactly where all renderers put them.

    Args:
        centers: In scene units, [*B, V, N, 3].
        radii: In scene units, [*B, V, N]; with pixels that are not square, of a sphere whose disc
            has the area of the ellipse that one would see.
        focal: The one focal length in pixels, without gradient, [*B, V].
        visible: Whether a sphere is drawn, [*B, V, N].
    """

    centers: Float[Tensor, "*batch v n 3"]
    radii: Float[Tensor, "*batch v n"]
    focal: Float[Tensor, "*batch v"]
    visible: Bool[Tensor, "*batch v n"]


def to_spheres(gaussians: Gaussians, cameras: Cameras, radius: float) -> Spheres:
    """Make a sphere of every Gaussian, seen from every view.

    Args:
        gaussians: Scenes, [*B, N].
        cameras: Pinhole views, [*B, V].
        radius: Of a sphere, in geometric means of the Gaussian's standard deviations.

    Returns:
        Spheres; those are visible whose Gaussian every renderer would draw, that reach into the
        picture, and that the camera is outside of.
    """
    rotation = cameras.viewmats[..., None, :3, :3]
    offset = cameras.viewmats[..., None, :3, 3]
    x, y, z = ((rotation @ gaussians.means[..., None, :, :, None])[..., 0] + offset).unbind(-1)
    Ks = cameras.Ks[..., None, :, :]
    zoom = (Ks[..., 0, 0] * Ks[..., 1, 1]).sqrt()
    focal = zoom.detach()
    aside = Ks[..., :2, 2] - Ks.new_tensor(film(cameras)) / 2
    centers = [
        (Ks[..., 0, 0] * x + aside[..., 0] * z) / focal,
        -(Ks[..., 1, 1] * y + aside[..., 1] * z) / focal,
        z,
    ]
    mean_scale = gaussians.scales.log().mean(-1).exp()[..., None, :]
    spheres = torch.stack(centers, -1), radius * mean_scale * zoom / focal
    seen = _reaches_in(*spheres, focal, film(cameras))
    seen = seen & (gaussians.opacities[..., None, :] >= MIN_ALPHA)
    return Spheres(*spheres, focal[..., 0], seen)


def film(cameras: Cameras) -> tuple[int, int]:
    """Width and height that Pulsar draws: those of the pictures, but at least two pixels.

    Args:
        cameras: Views.
    """
    return max(2, cameras.width), max(2, cameras.height)


def _reaches_in(
    centers: Tensor, radii: Tensor, focal: Tensor, size: tuple[int, int]
) -> Bool[Tensor, "*batch v n"]:
    """Whether spheres are before the camera and meet the pyramid through the picture's edges."""
    z = centers[..., 2]
    outside = centers.norm(dim=-1) > radii
    half = centers.new_tensor(size) / 2
    beyond = centers[..., :2].abs() * focal[..., None] - half * z[..., None]
    edges = torch.hypot(focal[..., None], half)  # of the planes' normals
    return (z >= NEAR) & outside & (beyond < radii[..., None] * edges).all(-1)
