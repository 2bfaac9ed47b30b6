"""Depth order of the Gaussians: cumulative layers, layer maps and depth maps."""

import torch
from einops import rearrange, repeat
from jaxtyping import Bool, Float, Int
from torch import Tensor

import gaussrep as gr
from gaussrep import Gaussians
from gaussrep.errors import ValueRangeError
from gaussrep.rendering import Rendering
from gaussrep_gmae.camera import DISTANCE, canonical_camera


def sort_by_depth(gaussians: Gaussians) -> Gaussians:
    """Sort the Gaussians of each image by depth, nearest first; equal depths keep their order.

    Args:
        gaussians: Gaussians of a batch of images, [B, K].

    Returns:
        The sorted Gaussians.
    """
    order = gaussians.means[..., 2].argsort(dim=-1, stable=True)

    def sort(tensor: Tensor) -> Tensor:
        index = order.view(*order.shape, *[1] * (tensor.ndim - order.ndim))
        return tensor.take_along_dim(index, dim=order.ndim - 1)

    return gaussians.replace(**{name: sort(tensor) for name, tensor in gaussians.tensors()})


def depth_ranks(gaussians: Gaussians) -> Int[Tensor, "b k"]:
    """Rank the Gaussians of each image by depth.

    Args:
        gaussians: Gaussians of a batch of images, [B, K].

    Returns:
        Ranks from 0, the nearest, to K - 1; equal depths keep their order.
    """
    order = gaussians.means[..., 2].argsort(dim=-1, stable=True)
    return order.argsort(dim=-1)


def cumulative_layers(gaussians: Gaussians, layers: int) -> Bool[Tensor, "b layers k"]:
    """Split the depth order into groups of equal count and accumulate them, nearest first.

    Group sizes differ by one if the number of Gaussians does not divide.

    Args:
        gaussians: Gaussians of a batch of images, [B, K].
        layers: Number of groups, at most K.

    Returns:
        For each group the mask of the Gaussians that are in it or nearer.

    Raises:
        ValueRangeError: There are more groups than Gaussians, or none.
    """
    count = gaussians.count
    if not 1 <= layers <= count:
        raise ValueRangeError(
            f"layers is {layers}, expected from 1 to the {count} Gaussians of an image."
        )
    ends = torch.tensor([round(count * (i + 1) / layers) for i in range(layers)])
    return depth_ranks(gaussians)[:, None] < ends.to(gaussians.device)[:, None]


def render_nearest(
    gaussians: Gaussians, count: int, size: int, background: Float[Tensor, " 3"]
) -> Rendering:
    """Render only the nearest Gaussians of each image (paper: the layering figures).

    Args:
        gaussians: Gaussians of a batch of images, [B, K].
        count: Number of Gaussians to render, nearest first.
        size: Side of the image in pixels.
        background: RGB in [0, 1].

    Returns:
        One view per image.
    """
    nearest = sort_by_depth(gaussians)[:, :count]
    camera = canonical_camera(len(nearest.means), size, nearest.device)
    return gr.render(nearest, camera, background=background)


def render_subsets(
    gaussians: Gaussians,
    subsets: Bool[Tensor, "b l k"],
    size: int,
    background: Float[Tensor, " 3"],
) -> Rendering:
    """Render several subsets of each image's Gaussians in one call.

    Gaussians outside a subset have opacity 0, like padding, which renderers drop before any work.

    Args:
        gaussians: Gaussians of a batch of images, [B, K].
        subsets: Gaussians to render in each of L views.
        size: Side of the images in pixels.
        background: RGB in [0, 1].

    Returns:
        L views per image.
    """
    images, views, _ = subsets.shape
    repeated = {
        name: repeat(tensor, "b ... -> (b l) ...", l=views) for name, tensor in gaussians.tensors()
    }
    repeated["opacities"] = repeated["opacities"] * rearrange(subsets, "b l k -> (b l) k")
    camera = canonical_camera(images * views, size, gaussians.device)
    rendering = gr.render(gaussians.replace(**repeated), camera, background=background)

    def by_image(tensor: Tensor) -> Tensor:
        return rearrange(tensor, "(b l) 1 ... -> b l ...", l=views)

    return Rendering(
        by_image(rendering.color), by_image(rendering.alpha), by_image(rendering.depth)
    )


def layer_map(
    gaussians: Gaussians,
    layers: int,
    threshold: float,
    size: int,
    background: Float[Tensor, " 3"],
) -> Int[Tensor, "b size size"]:
    """Label each pixel with the last group of Gaussians that changes it (paper: the edge figures).

    The depth order is split into groups of equal count, which are added one by one to an empty
    image, nearest first. The paper labels a pixel by the last group that changes it significantly
    and gives no threshold; here a color channel has to change by more than `threshold` (design
    choice).

    Args:
        gaussians: Gaussians of a batch of images, [B, K].
        layers: Number of groups L, at most K.
        threshold: Largest change of a color channel that does not count, >= 0.
        size: Side of the map in pixels.
        background: RGB of the empty image, in [0, 1].

    Returns:
        Labels from 1, the nearest group, to L; 0 where no group changes the pixel.

    Raises:
        ValueRangeError: There are more groups than Gaussians.
    """
    subsets = cumulative_layers(gaussians, layers)
    shown = render_subsets(gaussians, subsets, size, background).color
    empty = repeat(background, "c -> b 1 h w c", b=len(shown), h=size, w=size)
    changed = torch.cat([empty, shown], dim=1).diff(dim=1).abs().amax(dim=-1) > threshold
    labels = torch.arange(1, layers + 1, device=changed.device)
    return (changed * labels[:, None, None]).amax(dim=1)


def discontinuities(labels: Int[Tensor, "b h w"]) -> Float[Tensor, "b h w"]:
    """Measure the discontinuities of a layer map (paper: its edges).

    Args:
        labels: Layer maps.

    Returns:
        Largest difference from the pixels left, right, above and below.
    """
    values = labels.float()
    across, down = values.diff(dim=2).abs(), values.diff(dim=1).abs()
    largest = torch.zeros_like(values)
    for part, step in (
        (largest[:, :, 1:], across),
        (largest[:, :, :-1], across),
        (largest[:, 1:], down),
        (largest[:, :-1], down),
    ):
        part.copy_(torch.maximum(part, step))
    return largest


def depth_map(gaussians: Gaussians, size: int) -> Float[Tensor, "b size size"]:
    """Render the expected depth of each pixel.

    Video-GMAE's code renders a logarithm of depth as color; this is depth itself (design choice).
    Light that passes all Gaussians counts as the far end.

    Args:
        gaussians: Gaussians of a batch of images in [-1, 1]³, [B, K].
        size: Side of the map in pixels.

    Returns:
        Values in [0, 1]: 0 at the near face of the Gaussians' cube, 1 at its far face.
    """
    camera = canonical_camera(len(gaussians.means), size, gaussians.device)
    rendering = gr.render(gaussians, camera)
    depth = (rendering.depth[:, 0] - (DISTANCE - 1)) / 2
    return torch.lerp(torch.ones_like(depth), depth, rendering.alpha[:, 0]).clamp(0, 1)
