"""Pictures of some of the Gaussians."""

import torch
from einops import rearrange, repeat
from jaxtyping import Bool, Float
from torch import Tensor

import gaussrep as gr
from gaussrep.errors import ValueRangeError
from gaussrep.gaussians import Gaussians
from gaussrep.rendering import Rendering
from gaussrep_gmae.camera import canonical_camera
from gaussrep_gmae.layers.order import depth_ranks, order_by_depth


def render_first(
    gaussians: Gaussians, count: int, size: int, background: Float[Tensor, " 3"]
) -> Rendering:
    """Render only the nearest Gaussians of each image (paper: the layering figures).

    Args:
        gaussians: Gaussians of a batch of images, [B, K].
        count: How many to draw, nearest first.
        size: Side of the picture in pixels.
        background: RGB behind them.

    Returns:
        One view per image.
    """
    nearest = order_by_depth(gaussians)[:, :count]
    camera = canonical_camera(len(nearest.means), size, nearest.device)
    return gr.render(nearest, camera, background=background)


def render_kept(
    gaussians: Gaussians,
    kept: Bool[Tensor, "b l k"],
    size: int,
    background: Float[Tensor, " 3"],
) -> Rendering:
    """Render several choices of each image's Gaussians in one call.

    Those that are left out have opacity 0, as padding has, which renderers drop before any work.

    Args:
        gaussians: Gaussians of a batch of images, [B, K].
        kept: Which to draw, for each of L pictures.
        size: Side of the pictures in pixels.
        background: RGB behind them.

    Returns:
        L views per image.
    """
    images, pictures, _ = kept.shape
    each = {
        name: repeat(tensor, "b ... -> (b l) ...", l=pictures)
        for name, tensor in gaussians.tensors()
    }
    each["opacities"] = each["opacities"] * rearrange(kept, "b l k -> (b l) k")
    camera = canonical_camera(images * pictures, size, gaussians.device)
    drawn = gr.render(Gaussians(**each), camera, background=background)

    def by_image(tensor: Tensor) -> Tensor:
        return rearrange(tensor, "(b l) 1 ... -> b l ...", l=pictures)

    return Rendering(by_image(drawn.color), by_image(drawn.alpha), by_image(drawn.depth))


def depth_prefixes(gaussians: Gaussians, layers: int) -> Bool[Tensor, "b layers k"]:
    """Split the depth order into groups of equal count, and gather them from the nearest on.

    Sizes of groups differ by one where the number of Gaussians does not divide.

    Args:
        gaussians: Gaussians of a batch of images, [B, K].
        layers: Number of groups, at most K.

    Returns:
        For each group the Gaussians that are in it or nearer.

    Raises:
        ValueRangeError: There are more groups than Gaussians, or none.
    """
    count = gaussians.count
    if not 1 <= layers <= count:
        raise ValueRangeError(
            f"layers is {layers}, wanted from 1 to the {count} Gaussians of an image."
        )
    ends = torch.tensor([round(count * (i + 1) / layers) for i in range(layers)])
    return depth_ranks(gaussians)[:, None] < ends.to(gaussians.device)[:, None]
