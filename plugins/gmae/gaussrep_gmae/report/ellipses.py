"""Drawing of Gaussians as ellipses."""

from PIL import Image, ImageDraw
from torch import Tensor

from gaussrep import Gaussians
from gaussrep.rendering import project
from gaussrep_gmae.camera import canonical_camera
from gaussrep_gmae.layers import sort_by_depth

OVERSAMPLING = 3
POINTS = 40


def draw_ellipses(gaussians: Gaussians, size: int, min_opacity: float = 0.05) -> Image.Image:
    """Outline each Gaussian at one standard deviation, filled with its color.

    Args:
        gaussians: Gaussians of one image, [K], in front of the canonical camera.
        size: Side of the image in pixels.
        min_opacity: Smallest opacity of a drawn Gaussian.

    Returns:
        RGB image on white, farthest Gaussian first.
    """
    side = size * OVERSAMPLING
    gaussians = sort_by_depth(gaussians[gaussians.opacities > min_opacity])
    outlines = _outlines(gaussians, side)
    canvas = Image.new("RGB", (side, side), "white")
    pen = ImageDraw.Draw(canvas, "RGBA")
    for index in reversed(range(gaussians.count)):
        color = _rgb(gaussians.colors, index)
        fill = (*color, round(200 * float(gaussians.opacities[index])))
        outline = (*(channel * 2 // 3 for channel in color), 255)
        pen.polygon(
            [tuple(p) for p in outlines[index].tolist()], fill=fill, outline=outline, width=2
        )
    return canvas.resize((size, size), Image.Resampling.LANCZOS)


def _rgb(colors: Tensor | None, index: int) -> tuple[int, int, int]:
    assert colors is not None
    red, green, blue = (colors[index].clamp(0, 1) * 255).round().int().tolist()
    return red, green, blue


def _outlines(gaussians: Gaussians, side: int) -> Tensor:
    """Points at one standard deviation of every projected Gaussian, [K, points, 2]."""
    import torch

    camera = canonical_camera(1, side, gaussians.device)
    projection = project(gaussians[None], camera)
    xx, xy, yy = projection.conics[0, 0].unbind(-1)
    determinant = xx * yy - xy * xy
    a = (yy / determinant).sqrt()
    b = -xy / determinant / a
    c = (xx / determinant - b * b).clamp_min(0).sqrt()
    angle = torch.linspace(0, 2 * torch.pi, POINTS, device=gaussians.device)
    circle_x, circle_y = angle.cos(), angle.sin()
    x = a[:, None] * circle_x
    y = b[:, None] * circle_x + c[:, None] * circle_y
    return projection.means2d[0, 0][:, None] + torch.stack([x, y], -1)
