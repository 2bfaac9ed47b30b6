"""How the loss changes when a Gaussian's picture moves, from the gradient of its center.

Let a view's own copy of the centers be p, and g = dL/dp in camera axes. A step in the image plane
that keeps the depth z moves the center by dx = z / fx per pixel, so that dL/du = g_x z / fx and
dL/dv = g_y z / fy. Any renderer that gives gradients to centers will do; nothing of its kernels is
needed. gsplat differentiates by the projected center alone; ours also holds the little that the
shape and, with spherical harmonics, the color change when a Gaussian moves sideways.
"""

import torch
from einops import repeat
from jaxtyping import Float
from torch import Tensor

from gaussrep.cameras import Cameras
from gaussrep.gaussians import Gaussians


def per_view(gaussians: Gaussians, views: int) -> Gaussians:
    """Give every view its own copy of the scene, whose centers keep their gradients.

    Args:
        gaussians: One scene, [N].
        views: Number of views, V.

    Returns:
        [V, N] without a copy in memory; `means.grad` is there after a backward pass. Draw it with
        cameras of the shape [V, 1].
    """
    copies = {
        name: repeat(tensor, "n ... -> v n ...", v=views) for name, tensor in gaussians.tensors()
    }
    if copies["means"].requires_grad:
        copies["means"].retain_grad()
    return Gaussians(**copies)


def one_each(cameras: Cameras) -> Cameras:
    """Turn the views [V] of one scene into one view of each of V scenes, [V, 1]."""
    return cameras.replace(viewmats=cameras.viewmats[:, None], Ks=cameras.Ks[:, None])


@torch.no_grad()
def pixel_gradients(
    means: Float[Tensor, "v n 3"], gradients: Float[Tensor, "v n 3"], cameras: Cameras
) -> Float[Tensor, "v n 2"]:
    """Gradients by the projected centers.

    Args:
        means: Centers, each view's copy.
        gradients: Gradients of the loss by these copies.
        cameras: The V views.

    Returns:
        Loss per half picture, along x and y: gradients by pixels times half the width and half the
        height, so that a threshold means the same at every size, as in gsplat.
    """
    rotation = cameras.viewmats[:, :3, :3]
    turned = gradients @ rotation.mT
    focal = torch.stack([cameras.Ks[:, 0, 0], cameras.Ks[:, 1, 1]], dim=-1)[:, None]
    half = focal.new_tensor([cameras.width / 2, cameras.height / 2])
    if cameras.model == "ortho":
        return turned[..., :2] / focal * half
    depth = (means @ rotation.mT + cameras.viewmats[:, None, :3, 3])[..., 2:]
    return turned[..., :2] * depth / focal * half
