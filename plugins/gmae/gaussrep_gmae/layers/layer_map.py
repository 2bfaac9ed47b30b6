"""Which layer is seen where."""

import torch
from einops import repeat
from jaxtyping import Float, Int
from torch import Tensor

from gaussrep.gaussians import Gaussians
from gaussrep_gmae.layers.prefixes import depth_prefixes, render_kept


def layer_map(
    gaussians: Gaussians,
    layers: int,
    threshold: float,
    size: int,
    background: Float[Tensor, " 3"],
) -> Int[Tensor, "b size size"]:
    """Number the pixels by the groups of Gaussians that change them (paper: the edge figures).

    The depth order is split into groups of equal count, which are added one by one to an empty
    picture, nearest first; where a group changes a pixel significantly, the pixel takes its number.
    What is significant is not known to us from the paper: here, that a color channel changes by
    more than the threshold (ours).

    Args:
        gaussians: Gaussians of a batch of images, [B, K].
        layers: Number of groups L, at most K.
        threshold: Largest change of a color channel that does not count, >= 0.
        size: Side of the map in pixels.
        background: RGB of the empty picture.

    Returns:
        Numbers from 1, the nearest group, to L; 0 where no group changes anything.

    Raises:
        ValueRangeError: There are more groups than Gaussians.
    """
    shown = render_kept(gaussians, depth_prefixes(gaussians, layers), size, background).color
    empty = repeat(background, "c -> b 1 h w c", b=len(shown), h=size, w=size)
    changed = torch.cat([empty, shown], dim=1).diff(dim=1).abs().amax(dim=-1) > threshold
    numbers = torch.arange(1, layers + 1, device=changed.device)
    return (changed * numbers[:, None, None]).amax(dim=1)


def jumps(numbers: Int[Tensor, "b h w"]) -> Float[Tensor, "b h w"]:
    """Where a layer map is discontinuous (paper: its edges).

    Args:
        numbers: Layer maps.

    Returns:
        Largest difference from the pixels left, right, above and below.
    """
    values = numbers.float()
    across, down = values.diff(dim=2).abs(), values.diff(dim=1).abs()
    found = torch.zeros_like(values)
    for part, step in (
        (found[:, :, 1:], across),
        (found[:, :, :-1], across),
        (found[:, 1:], down),
        (found[:, :-1], down),
    ):
        part.copy_(torch.maximum(part, step))
    return found
