"""Work of rendering an image, independent of the renderer."""

import torch

from gaussrep.cameras import Cameras
from gaussrep.gaussians import Gaussians
from gaussrep.rendering import project

DEFINITION = (
    "Pixel-Gaussian pairs: summed over all images and the Gaussians visible in them, the pixels "
    "whose centers lie inside the Gaussian's extent box, clipped to the image. The extent box is "
    "the smallest upright one outside of which the contribution is below 1/255. Pairs per second "
    "divide that number by the median time of a whole call, whatever a renderer really evaluates."
)


@torch.no_grad()
def pixel_gaussian_pairs(gaussians: Gaussians, cameras: Cameras) -> int:
    """Count the pixels inside each Gaussian's extent box, clipped to the image.

    Args:
        gaussians: Scenes, [*B, N].
        cameras: Views, [*B, V].

    Returns:
        The sum over all scenes, views and visible Gaussians.
    """
    seen = project(gaussians, cameras)
    last = seen.means2d.new_tensor([cameras.width, cameras.height]) - 1
    low = (seen.means2d - seen.radii - 0.5).ceil().clamp_min(0)
    high = torch.minimum((seen.means2d + seen.radii - 0.5).floor(), last)
    sides = (high - low + 1).clamp_min(0).double()
    return int((sides.prod(-1) * seen.visible).sum())
