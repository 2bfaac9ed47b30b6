"""Gradients of the loss with respect to projected centers, from those of the 3D centers.

Let p be a view's own copy of the centers and g = dL/dp in camera axes. A step in the image plane
that keeps the depth z moves the center by dx = z / fx per pixel, so that dL/du = g_x z / fx and
dL/dv = g_y z / fy. This works with any renderer that has gradients of centers and needs nothing of
its kernels. gsplat differentiates with respect to the projected center alone; here the small effect
of the center on shape and, with spherical harmonics, color is included.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from gaussrep.cameras import Cameras
from gaussrep.gaussians import Gaussians


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
    return cameras.replace(viewmats=cameras.viewmats[:, None], Ks=cameras.Ks[:, None])


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
    rotation = cameras.viewmats[:, :3, :3]
    turned = rotation[:, :2] @ gradients.mT.contiguous()  # contiguous rows: a third of the time
    focal = torch.stack([cameras.Ks[:, 0, 0], cameras.Ks[:, 1, 1]], dim=-1)
    unit = focal.new_tensor([cameras.width / 2, cameras.height / 2]) / focal
    if cameras.model == "ortho":
        return (turned * unit[..., None]).mT.contiguous()
    depth = rotation[:, 2:] @ means.mT.contiguous() + cameras.viewmats[:, 2:3, 3:]
    return (turned * unit[..., None] * depth).mT.contiguous()
