"""Projection by lenses, and its derivatives."""

from math import pi

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from gaussrep.cameras import Cameras
from gaussrep.rendering.conventions import FRUSTUM_MARGIN
from gaussrep.rendering.lens_limits import NEWTON_STEPS, SAMPLES, TINY, WIDEST


def bend(
    slopes: Float[Tensor, "*#batch n 2"], coefficients: Float[Tensor, "*#batch 1 8"]
) -> tuple[Float[Tensor, "*batch n 2"], Float[Tensor, "*batch n 2 2"]]:
    """Distort slopes by OpenCV's radial-tangential model.

    Args:
        slopes: x / z and y / z.
        coefficients: k1, k2, p1, p2, k3, k4, k5, k6.

    Returns:
        Distorted slopes, and the matrices of derivatives.
    """
    x, y = slopes.unbind(-1)
    k1, k2, p1, p2, k3, k4, k5, k6 = coefficients.unbind(-1)
    r2 = x * x + y * y
    above, below = 1 + r2 * (k1 + r2 * (k2 + r2 * k3)), 1 + r2 * (k4 + r2 * (k5 + r2 * k6))
    above_slope, below_slope = k1 + r2 * (2 * k2 + 3 * r2 * k3), k4 + r2 * (2 * k5 + 3 * r2 * k6)
    radial = above / below
    radial_slope = (above_slope - radial * below_slope) / below
    bent_x = x * radial + 2 * p1 * x * y + p2 * (r2 + 2 * x * x)
    bent_y = y * radial + p1 * (r2 + 2 * y * y) + 2 * p2 * x * y
    across = 2 * (x * y * radial_slope + p1 * x + p2 * y)
    derivatives = [
        radial + 2 * x * x * radial_slope + 2 * p1 * y + 6 * p2 * x, across,
        across, radial + 2 * y * y * radial_slope + 6 * p1 * y + 2 * p2 * x,
    ]  # fmt: skip
    matrices = torch.stack(derivatives, -1).unflatten(-1, (2, 2))
    return torch.stack([bent_x, bent_y], -1), matrices


def bend_angle(
    angles: Float[Tensor, "*#batch n"], coefficients: Float[Tensor, "*#batch 1 4"]
) -> tuple[Float[Tensor, "*batch n"], Float[Tensor, "*batch n"]]:
    """Compute the radius at which a fisheye lens shows an angle (Kannala and Brandt 2006).

    Args:
        angles: Angles θ off the axis in radians.
        coefficients: k1, k2, k3, k4.

    Returns:
        θ (1 + k1 θ² + k2 θ⁴ + k3 θ⁶ + k4 θ⁸), and the derivative with respect to θ.
    """
    k1, k2, k3, k4 = coefficients.unbind(-1)
    square = angles * angles
    factor = 1 + square * (k1 + square * (k2 + square * (k3 + square * k4)))
    slope = 1 + square * (3 * k1 + square * (5 * k2 + square * (7 * k3 + square * 9 * k4)))
    return angles * factor, slope


def project_fisheye(
    points: Float[Tensor, "*batch n 3"], coefficients: Float[Tensor, "*#batch 1 4"]
) -> tuple[Float[Tensor, "*batch n 2"], Float[Tensor, "*batch n 2 3"]]:
    """Project points in camera axes by a fisheye lens of focal length 1.

    Args:
        points: Points in front of the camera.
        coefficients: k1, k2, k3, k4.

    Returns:
        Positions in the image plane, and their derivatives with respect to the points.
    """
    x, y, z = points.unbind(-1)
    r2 = (x * x + y * y).clamp_min(TINY * z * z)
    r, distance2 = r2.sqrt(), r2 + z * z
    radius, slope = bend_angle(torch.atan2(r, z), coefficients)
    scale = radius / r
    bent = (slope * z / distance2 - scale) / r2
    away = -slope / distance2
    derivatives = [
        scale + x * x * bent, x * y * bent, x * away,
        x * y * bent, scale + y * y * bent, y * away,
    ]  # fmt: skip
    places = torch.stack([scale * x, scale * y], -1)
    return places, torch.stack(derivatives, -1).unflatten(-1, (2, 3))


@torch.no_grad()
def is_within(points: Float[Tensor, "*batch n 3"], cameras: Cameras) -> Bool[Tensor, "*batch n"]:
    """Check whether points are within the valid range of a lens.

    Beyond some angle off the axis, the polynomials of a lens turn back, so that points far outside
    of the image would appear inside it.

    Args:
        points: Points in front of the cameras, in their axes.
        cameras: Cameras with a lens, [*batch].

    Returns:
        Whether the angle of a point is below that of its camera.
    """
    assert cameras.distortion is not None
    angles = torch.linspace(0, WIDEST, SAMPLES, device=points.device, dtype=points.dtype)
    coefficients = cameras.distortion[..., None, :]
    if cameras.model == "fisheye":
        rises = bend_angle(angles, coefficients)[1] > 0
    else:
        k1, k2, _, _, k3, k4, k5, k6 = coefficients.unbind(-1)
        slopes = angles.tan()
        r2 = slopes * slopes
        below = 1 + r2 * (k4 + r2 * (k5 + r2 * k6))
        radii = slopes * (1 + r2 * (k1 + r2 * (k2 + r2 * k3))) / below
        rises = (radii.diff(prepend=radii[..., :1] - 1) > 0) & (below > 0)
    until = rises.to(torch.uint8).cumprod(-1).sum(-1)  # the samples before the first fall
    limits = torch.where(until < SAMPLES, angles[(until - 1).clamp_min(0)], pi)
    found = torch.atan2(points[..., :2].norm(dim=-1), points[..., 2])
    return found <= limits[..., None]


@torch.no_grad()
def frustum(cameras: Cameras) -> tuple[Float[Tensor, "*batch 2"], Float[Tensor, "*batch 2"]]:
    """Compute the range of slopes at which the Jacobian of OpenCV's lens model is taken.

    Args:
        cameras: Cameras of the model `opencv`.

    Returns:
        Smallest and largest x / z and y / z at corners and sides of the images, widened by
        `FRUSTUM_MARGIN`; without gradient.
    """
    assert cameras.distortion is not None
    steps = torch.linspace(0, 1, 3, device=cameras.Ks.device, dtype=cameras.Ks.dtype)
    places = torch.cartesian_prod(cameras.width * steps, cameras.height * steps)
    focal = cameras.Ks[..., (0, 1), (0, 1)][..., None, :]
    wanted = (places - cameras.Ks[..., None, :2, 2]) / focal
    slopes = wanted
    for _ in range(NEWTON_STEPS):
        bent, matrices = bend(slopes, cameras.distortion[..., None, :])
        step, _ = torch.linalg.solve_ex(matrices, (wanted - bent)[..., None])
        slopes = slopes + step.squeeze(-1).nan_to_num().clamp(-0.5, 0.5)
    size = cameras.Ks.new_tensor([cameras.width, cameras.height])
    margin = FRUSTUM_MARGIN * 0.5 * size / focal[..., 0, :]
    return slopes.amin(-2) - margin, slopes.amax(-2) + margin
