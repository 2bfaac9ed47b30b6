"""Gradients of the loss with respect to projected centers, from those of the 3D centers.

Let p be a view's own copy of the centers and g = dL/dp in camera axes. A step in the image plane
that keeps the depth z moves the center by dx = z / fx per pixel, so that dL/du = g_x z / fx and
dL/dv = g_y z / fy. Behind a lens, dL/du solves g = Jᵀ dL/du with the Jacobian J of its map. This
works with any renderer that has gradients of centers and needs nothing of its kernels. gsplat
differentiates with respect to the projected center alone; here the small effect of the center on
shape and, with spherical harmonics, color is included.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from gaussrep.cameras import Cameras
from gaussrep.gaussians import Gaussians
from gaussrep.rendering.projection import camera_map


def per_view(gaussians: Gaussians, views: int) -> Gaussians:
    """Make a copy of the scene for every view, whose centers keep their gradients.

    Args:
        gaussians: One scene, [N].
        views: Number of views, V.

    Returns:
        [V, N] without a copy in memory; `means.grad` is present after a backward pass. Render it
        with cameras of shape [V, 1].
    """
    copies = {
        name: tensor[None].expand(views, *tensor.shape) for name, tensor in gaussians.tensors()
    }
    if copies["means"].requires_grad:
        copies["means"].retain_grad()
    return gaussians.replace(**copies)


def one_each(cameras: Cameras) -> Cameras:
    """Reshape the views [V] of one scene to one view of each of V scenes, [V, 1].

    Args:
        cameras: Views [V].

    Returns:
        The same cameras, [V, 1].
    """
    return cameras.replace(**{name: part[:, None] for name, part in cameras.tensors().items()})


@torch.no_grad()
def pixel_gradients(
    means: Float[Tensor, "v n 3"], gradients: Float[Tensor, "v n 3"], cameras: Cameras
) -> Float[Tensor, "v n 2"]:
    """Compute gradients with respect to the projected centers.

    Args:
        means: Each view's copy of the centers, in scene units.
        gradients: Gradients of the loss with respect to these copies.
        cameras: The V views.

    Returns:
        Loss per half image, along x and y: gradients with respect to pixels times half the width
        and half the height, so that a threshold means the same at every size, as in gsplat.
    """
    if cameras.distortion is not None:
        return _lens_gradients(means, gradients, cameras)
    rotation = cameras.viewmats[:, :3, :3]
    turned = rotation[:, :2] @ gradients.mT.contiguous()  # contiguous rows: a third of the time
    focal = torch.stack([cameras.Ks[:, 0, 0], cameras.Ks[:, 1, 1]], dim=-1)
    unit = focal.new_tensor([cameras.width / 2, cameras.height / 2]) / focal
    if cameras.model == "ortho":
        return (turned * unit[..., None]).mT.contiguous()
    depth = rotation[:, 2:] @ means.mT.contiguous() + cameras.viewmats[:, 2:3, 3:]
    return (turned * unit[..., None] * depth).mT.contiguous()


def _lens_gradients(means: Tensor, gradients: Tensor, cameras: Cameras) -> Tensor:
    """Solve g = Jᵀ dL/du with the Jacobian J of the lens."""
    rotation, offset = cameras.viewmats[:, None, :3, :3], cameras.viewmats[:, None, :3, 3]
    points = (rotation @ means[..., None]).squeeze(-1) + offset
    in_front = points[..., 2:] > 0
    jacobian = camera_map(torch.where(in_front, points, points.new_tensor([0, 0, 1])), cameras)[1]
    turned = jacobian @ rotation @ gradients[..., None]
    solved = torch.linalg.solve_ex(jacobian @ jacobian.mT, turned)[0].squeeze(-1)
    half = means.new_tensor([cameras.width / 2, cameras.height / 2])
    return torch.where(in_front, solved.nan_to_num() * half, 0)
