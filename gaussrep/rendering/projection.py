"""Projection of Gaussians to ellipses on the image plane, in plain torch."""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from gaussrep import quaternions, sh
from gaussrep.cameras import Cameras
from gaussrep.gaussians import Gaussians
from gaussrep.rendering.conventions import EPS2D, FRUSTUM_MARGIN, MIN_ALPHA, NEAR
from gaussrep.rendering.lenses import bend, frustum, is_within, project_fisheye

MIN_COMPENSATION = 1e-4
"""Lower bound of the compensation, below which every Gaussian is invisible: at 0 its gradient would
be infinite."""


@dataclass(frozen=True, eq=False)
class Projection:
    """Gaussians as ellipses on the image plane.

    Args:
        means2d: Centers in pixels, [*B, V, N, 2].
        conics: Upper triangle (xx, xy, yy) of the inverse 2D covariance, 1/px², [*B, V, N, 3].
        depths: Distance along the camera's z axis in scene units, [*B, V, N].
        radii: Half width and height in pixels of the box outside of which alpha is below 1/255,
            [*B, V, N, 2]; without gradient.
        opacities: Opacities in the image, compensated for the blur if the Gaussians are
            antialiased, [*B, V, N].
        visible: Whether a Gaussian can contribute to the image, [*B, V, N].
    """

    means2d: Float[Tensor, "*batch v n 2"]
    conics: Float[Tensor, "*batch v n 3"]
    depths: Float[Tensor, "*batch v n"]
    radii: Float[Tensor, "*batch v n 2"]
    opacities: Float[Tensor, "*batch v n"]
    visible: Bool[Tensor, "*batch v n"]


def project(gaussians: Gaussians, cameras: Cameras) -> Projection:
    """Project Gaussians by the local affine map at their center (EWA splatting).

    Opacities of antialiased Gaussians are multiplied by the square root of the ratio of the
    determinants of their 2D covariance without and with `EPS2D` (Mip-Splatting, equation 11).

    Args:
        gaussians: Scenes, [*B, N].
        cameras: Views, [*B, V].

    Returns:
        One ellipse per scene, view and Gaussian.
    """
    rotation = cameras.viewmats[..., None, :3, :3]
    offset = cameras.viewmats[..., None, :3, 3]
    points = (rotation @ gaussians.means[..., None, :, :, None]).squeeze(-1) + offset
    depths = points[..., 2]
    in_front = depths >= NEAR
    if cameras.distortion is not None:
        in_front = in_front & is_within(points, cameras)
    points = torch.where(in_front[..., None], points, points.new_tensor([0, 0, 1]))
    means2d, jacobian = camera_map(points, cameras)
    axes = quaternions.to_matrix(gaussians.quats) * gaussians.scales[..., None, :]
    u, v = (jacobian @ rotation @ axes[..., None, :, :, :]).unbind(-2)
    xx, xy, yy = (u * u).sum(-1) + EPS2D, (u * v).sum(-1), (v * v).sum(-1) + EPS2D
    area = torch.linalg.cross(u, v).square().sum(-1)
    determinant = area + EPS2D * (xx + yy) - EPS2D * EPS2D
    conics = torch.stack([yy, -xy, xx], -1) / determinant[..., None]
    opacities = gaussians.opacities[..., None, :].expand(determinant.shape)
    if gaussians.antialiased:
        ratio = (area / determinant).clamp_min(MIN_COMPENSATION**2)
        opacities = opacities * ratio.sqrt()
    radii = _radii(opacities, torch.stack([xx, yy], -1))
    visible = in_front & _overlaps_image(means2d, radii, cameras) & (opacities >= MIN_ALPHA)
    return Projection(means2d, conics, depths, radii, opacities, visible)


@torch.no_grad()
def _radii(
    opacities: Float[Tensor, "*batch v n"], variances: Float[Tensor, "*batch v n 2"]
) -> Float[Tensor, "*batch v n 2"]:
    """Half sides of the boxes outside of which alpha is below `MIN_ALPHA`."""
    reach = 2 * (opacities / MIN_ALPHA).clamp_min(1).log()
    return (reach[..., None] * variances).sqrt()


@torch.no_grad()
def _overlaps_image(
    means2d: Float[Tensor, "*batch v n 2"], radii: Float[Tensor, "*batch v n 2"], cameras: Cameras
) -> Bool[Tensor, "*batch v n"]:
    size = radii.new_tensor([cameras.width, cameras.height])
    return ((means2d + radii > 0) & (means2d - radii < size)).all(-1)


def camera_map(
    points: Float[Tensor, "*batch v n 3"], cameras: Cameras
) -> tuple[Float[Tensor, "*batch v n 2"], Float[Tensor, "*batch v n 2 3"]]:
    """Project points in camera axes to pixels.

    Args:
        points: Points in front of the cameras.
        cameras: Views, [*B, V].

    Returns:
        Pixels, and the Jacobian of the map; that of a pinhole and of `opencv` is taken at a slope
        within or near the image.
    """
    focal, center = cameras.Ks[..., None, (0, 1), (0, 1)], cameras.Ks[..., None, :2, 2]
    if cameras.model == "fisheye":
        assert cameras.distortion is not None
        places, jacobian = project_fisheye(points, cameras.distortion[..., None, :])
        return focal * places + center, focal[..., None] * jacobian
    z = points[..., 2:]
    if cameras.model == "ortho":
        eye = torch.eye(2, 3, dtype=points.dtype, device=points.device)
        jacobian = (focal[..., None] * eye).expand(*points.shape[:-1], 2, 3)
        return focal * points[..., :2] + center, jacobian
    slopes = points[..., :2] / z
    if cameras.distortion is None:
        size = points.new_tensor([cameras.width, cameras.height])
        margin = FRUSTUM_MARGIN * 0.5 * size / focal
        low, high = -(center / focal), (size - center) / focal
        clamped = torch.maximum(torch.minimum(slopes, high + margin), low - margin)
        jacobian = torch.cat([torch.diag_embed(focal / z), (-focal * clamped / z)[..., None]], -1)
        return focal * slopes + center, jacobian
    coefficients = cameras.distortion[..., None, :]
    low, high = (bound[..., None, :] for bound in frustum(cameras))
    clamped = torch.maximum(torch.minimum(slopes, high), low)
    matrices = bend(clamped, coefficients)[1]
    flat = torch.cat([torch.eye(2).to(z).expand_as(matrices), -clamped[..., None]], -1)
    jacobian = (focal / z)[..., None] * (matrices @ flat)
    return focal * bend(slopes, coefficients)[0] + center, jacobian


def view_colors(gaussians: Gaussians, cameras: Cameras) -> Float[Tensor, "*batch v n 3"]:
    """Compute the color of every Gaussian in every view.

    Args:
        gaussians: Scenes, [*B, N], with colors or spherical harmonics.
        cameras: Views, [*B, V].

    Returns:
        RGB; spherical harmonics are evaluated in the direction from the camera center to the mean.
    """
    if gaussians.sh is None:
        assert gaussians.colors is not None
        return gaussians.colors.unsqueeze(-3).expand(*cameras.viewmats.shape[:-2], -1, -1)
    directions = gaussians.means.unsqueeze(-3) - cameras.positions.unsqueeze(-2)
    coefficients = gaussians.sh.unsqueeze(-4).expand(*directions.shape[:-1], -1, 3)
    return sh.evaluate(coefficients, directions)


def view_normals(gaussians: Gaussians, cameras: Cameras) -> Float[Tensor, "*batch v n 3"]:
    """Compute the normal of every Gaussian in every view.

    Args:
        gaussians: Scenes, [*B, N].
        cameras: Views, [*B, V].

    Returns:
        Direction of the smallest axis in world axes, the one of its two signs that points toward
        the camera.
    """
    smallest = gaussians.scales.argmin(-1)[..., None, None].expand(*gaussians.scales.shape, 1)
    axes = quaternions.to_matrix(gaussians.quats).gather(-1, smallest).squeeze(-1)
    rotation, offset = cameras.viewmats[..., :3, :3], cameras.viewmats[..., None, :3, 3]
    turned = axes.unsqueeze(-3) @ rotation.mT
    if cameras.model == "ortho":
        is_away = turned[..., 2:] > 0
    else:
        points = gaussians.means.unsqueeze(-3) @ rotation.mT + offset
        is_away = (turned * points).sum(-1, keepdim=True) > 0
    axes = axes.unsqueeze(-3)
    return torch.where(is_away, -axes, axes)
