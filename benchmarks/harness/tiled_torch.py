"""Tiles in a Python loop, each composited by plain torch: the usual way without kernels."""

import torch
from jaxtyping import Float
from torch import Tensor

from gaussrep.cameras import Cameras
from gaussrep.gaussians import Gaussians
from gaussrep.rendering import Renderer, Rendering, project, view_colors
from gaussrep.rendering.conventions import MAX_ALPHA, MIN_ALPHA, TRANSMITTANCE_MIN

TILE = 16


class TiledTorchRenderer(Renderer):
    """Renders the same image as `reference`; each tile composites only the Gaussians that reach it.

    It is here to be compared with, and is not a plugin.
    """

    def rasterize(
        self,
        gaussians: Gaussians,
        cameras: Cameras,
        background: Float[Tensor, "*batch views 3"],
    ) -> Rendering:
        """See `Renderer.rasterize`."""
        seen = project(gaussians, cameras)
        depths = seen.depths[..., None]
        parts = [torch.ones_like(depths), view_colors(gaussians, cameras), depths]
        if gaussians.features is not None:
            parts.append(gaussians.features.unsqueeze(-3).expand(*depths.shape[:-1], -1))
        opacities = gaussians.opacities.unsqueeze(-2).expand_as(seen.depths)[..., None]
        rows = torch.cat([seen.means2d, seen.conics, opacities, *parts], -1).flatten(0, -3)
        radii, visible = seen.radii.flatten(0, -3), seen.visible.flatten(0, -2)
        order = seen.depths.flatten(0, -2).argsort(dim=-1, stable=True)
        images = []
        for i in range(len(rows)):
            front_to_back = order[i][visible[i][order[i]]]
            images.append(_image(rows[i][front_to_back], radii[i][front_to_back], cameras))
        sums = torch.stack(images).unflatten(0, cameras.viewmats.shape[:-2])
        alpha = sums[..., 0]
        return Rendering(
            color=sums[..., 1:4] + (1 - alpha)[..., None] * background[..., None, None, :],
            alpha=alpha,
            depth=sums[..., 4] / torch.where(alpha > 0, alpha, 1),
            features=None if gaussians.features is None else sums[..., 5:],
        )


def _image(rows: Float[Tensor, "n c"], radii: Float[Tensor, "n 2"], cameras: Cameras) -> Tensor:
    strips = []
    means2d = rows[:, :2].detach()
    for y in range(0, cameras.height, TILE):
        bottom = min(y + TILE, cameras.height)
        tiles = []
        for x in range(0, cameras.width, TILE):
            right = min(x + TILE, cameras.width)
            low, high = rows.new_tensor([x, y]), rows.new_tensor([right, bottom])
            reaching = ((means2d + radii > low) & (means2d - radii < high)).all(-1)
            tiles.append(_tile(rows[reaching], range(x, right), range(y, bottom)))
        strips.append(torch.cat(tiles, dim=1))
    return torch.cat(strips, dim=0)


def _tile(rows: Float[Tensor, "n c"], columns: range, lines: range) -> Float[Tensor, "h w c_out"]:
    means2d, conics, opacities, values = rows.split([2, 3, 1, rows.shape[-1] - 6], dim=-1)
    dx = means2d[:, 0] - (rows.new_tensor(columns) + 0.5)[None, :, None]
    dy = means2d[:, 1] - (rows.new_tensor(lines) + 0.5)[:, None, None]
    xx, xy, yy = conics.unbind(-1)
    power = -0.5 * (xx * dx * dx + yy * dy * dy) - xy * dx * dy
    alpha = (opacities[:, 0] * power.clamp_max(0).exp()).clamp_max(MAX_ALPHA)
    alpha = torch.where((power <= 0) & (alpha >= MIN_ALPHA), alpha, 0)
    after = (1 - alpha).cumprod(-1)
    before = torch.cat([torch.ones_like(after[..., :1]), after], dim=-1)[..., :-1]
    return torch.where(after > TRANSMITTANCE_MIN, alpha * before, 0) @ values
