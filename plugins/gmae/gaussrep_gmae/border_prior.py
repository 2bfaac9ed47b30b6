"""A guess at depth for depth to learn from: what looks like the picture's border lies behind."""

from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d, interpolate

from gaussrep_gmae.camera import DISTANCE
from gaussrep_gmae.layers.pixel_figure import pixel_figure

HALF = 0.5
"""From the middle of the Gaussians' cube to where ground lies, and as far in front figure."""
SIDE = 32
"""Side in pixels of the small pictures that the guess is made from."""


def border_prior(
    depth: Float[Tensor, "b h w"], alpha: Float[Tensor, "b h w"], images: Float[Tensor, "b 3 h w"]
) -> Float[Tensor, " b"]:
    """How far depths are from a guess that needs no labels (ours).

    Objects seldom fill the border of a picture (Wei et al., "Geodesic saliency using background
    priors", 2012). So the colors of a small copy of each picture are put in groups; the group that
    takes most of the border is guessed to lie behind the middle of the cube, the rest before it.

    Args:
        depth: Expected depth as the canonical camera sees it.
        alpha: How far each pixel is painted, and counts; it gets no gradient.
        images: What is to be seen, RGB in [0, 1].

    Returns:
        Mean squared differences, in the cube's units, one per picture.
    """
    small = adaptive_avg_pool2d(images, min(SIDE, images.shape[-1]))
    figure = interpolate(pixel_figure(small)[:, None], size=images.shape[2:], mode="bilinear")[:, 0]
    guess = DISTANCE + HALF * (1 - 2 * figure)
    far_off = (depth - guess).square()
    return (alpha.detach() * far_off).mean((1, 2))
