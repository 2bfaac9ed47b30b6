"""A custom renderer: every pixel takes the color of the nearest ellipse that covers it.

python examples/write_a_renderer.py OUT
"""

import sys
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor

import gaussrep as gr
from gaussrep.data import write_png
from gaussrep.fitting import known_scene
from gaussrep.rendering import Projection, Renderer, Rendering, project, view_colors

SIGMAS = 1.5
"""Extent of an ellipse, in standard deviations."""


class NearestRenderer(Renderer):
    """Renders Gaussians as opaque ellipses, without blending."""

    def rasterize(
        self, gaussians: gr.Gaussians, cameras: gr.Cameras, background: Float[Tensor, "*batch v 3"]
    ) -> Rendering:
        """Render checked input; see `Renderer.rasterize`."""
        projected = project(gaussians, cameras)
        depths = torch.where(
            covers(projected, cameras), projected.depths[..., None, None, :], torch.inf
        )
        depth, nearest = depths.min(dim=-1)  # [*B, V, H, W]
        alpha = depth.isfinite().float()
        colors = view_colors(gaussians, cameras)  # [*B, V, N, 3]
        index = nearest.flatten(-2)[..., None].expand(*nearest.shape[:-2], -1, 3)
        color = colors.gather(-2, index).unflatten(-2, nearest.shape[-2:])
        color = torch.where(alpha[..., None] > 0, color, background[..., None, None, :])
        return Rendering(color=color, alpha=alpha, depth=torch.where(alpha > 0, depth, 0.0))


def covers(projected: Projection, cameras: gr.Cameras) -> Tensor:
    """Compute the mask of pixel centers that each ellipse covers, [*B, V, H, W, N]."""
    x = torch.arange(cameras.width) + 0.5
    y = torch.arange(cameras.height)[:, None] + 0.5
    u, v = projected.means2d[..., None, None, :, :].unbind(-1)
    xx, xy, yy = projected.conics[..., None, None, :, :].unbind(-1)
    dx, dy = x[..., None] - u, y[..., None] - v
    distance = xx * dx * dx + 2 * xy * dx * dy + yy * dy * dy
    return (distance < SIGMAS**2) & projected.visible[..., None, None, :]


def main(out: Path, size: int = 200) -> None:
    """Write `renderer.png`: the image of the default renderer, and of this one."""
    out.mkdir(parents=True, exist_ok=True)
    eye, up = torch.tensor([[-1.0, -3.4, 1.2]]), torch.tensor([0.0, 0.0, 1.0])
    cameras = gr.Cameras.look_at(eye, torch.tensor([0.0, 0.0, 0.2]), up, size, size, fov=40.0)
    scene, white = known_scene(), torch.ones(3)
    standard = gr.render(scene, cameras, background=white).color[0]
    own = NearestRenderer().render(scene, cameras, background=white).color[0]
    sheet = torch.cat([standard, own], dim=1)
    write_png((255 * sheet.clamp(0, 1)).byte().numpy(), out / "renderer.png")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
