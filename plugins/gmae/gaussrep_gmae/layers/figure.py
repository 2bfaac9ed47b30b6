"""Figure and ground, told apart by what the Gaussians are."""

from typing import Literal, get_args

import torch
from jaxtyping import Float
from torch import Tensor

import gaussrep as gr
from gaussrep.errors import ValueRangeError
from gaussrep.gaussians import Gaussians
from gaussrep_gmae.camera import canonical_camera
from gaussrep_gmae.layers.border import border_share
from gaussrep_gmae.layers.depth_map import depth_map
from gaussrep_gmae.layers.ground import SURFACES, all_but_ground
from gaussrep_gmae.layers.surfaces import visible_surfaces

FigureRule = Literal["surfaces", "border", "near", "far"]
"""How the figure is chosen."""


def figure_mask(gaussians: Gaussians, rule: FigureRule, size: int) -> Float[Tensor, "b size size"]:
    """Tell figure from ground without having learned it.

    The paper keeps the front of the depth order and takes its alpha as the mask; neither where the
    order is cut nor which side is the figure is known to us. All rules are ours:

    - `near`: cut the depths that each image shows by Otsu's method; the figure is the alpha of the
      Gaussians before the cut.
    - `far`: one minus that.
    - `border`: of the two, that which takes less of the picture's border.
    - `surfaces`: group the Gaussians by color into `SURFACES` groups, whatever their depth. The
      group that takes most of the border is the ground, and with it what no Gaussian covers; the
      other groups are the figure.

    Args:
        gaussians: Gaussians of a batch of images with plain colors, [B, K].
        rule: Which rule.
        size: Side of the masks in pixels.

    Returns:
        Soft masks in [0, 1].

    Raises:
        ValueRangeError: There is no such rule.
    """
    if rule not in get_args(FigureRule):
        raise ValueRangeError(f"rule is {rule!r}, wanted one of {', '.join(get_args(FigureRule))}.")
    if rule == "surfaces":
        return all_but_ground(visible_surfaces(gaussians, SURFACES, size))
    near = _near_alpha(gaussians, size)
    if rule == "border":
        return torch.where(border_share(near)[:, None, None] <= 0.5, near, 1 - near)
    return near if rule == "near" else 1 - near


def otsu_cut(values: Float[Tensor, "b n"]) -> Float[Tensor, " b"]:
    """Largest value of the lower of two classes that differ most (Otsu 1979).

    Args:
        values: At least two per row.

    Returns:
        One cut per row; where all values are equal, that value.
    """
    ordered = values.double().sort(dim=1).values
    count = torch.arange(1, values.shape[1], device=values.device)
    sums = ordered.cumsum(dim=1)
    low, rest = sums[:, :-1], sums[:, -1:] - sums[:, :-1]
    others = values.shape[1] - count
    between = count * others * (low / count - rest / others).square()
    return ordered.gather(1, between.argmax(dim=1, keepdim=True)).squeeze(1).to(values.dtype)


def _near_alpha(gaussians: Gaussians, size: int) -> Float[Tensor, "b size size"]:
    cuts = 2 * otsu_cut(depth_map(gaussians, size).flatten(1)) - 1
    near = gaussians.means[..., 2] <= cuts[:, None]
    camera = canonical_camera(len(near), size, gaussians.device)
    front = gaussians.replace(opacities=gaussians.opacities * near)
    return gr.render(front, camera).alpha[:, 0]
