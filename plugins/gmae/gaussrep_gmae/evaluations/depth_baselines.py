"""Estimates of depth that no model predicts."""

from collections.abc import Iterable

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn.functional import interpolate
from torchvision.transforms.functional import gaussian_blur

from gaussrep.methods import Batch
from gaussrep_gmae.layers.figure import assumed_figure

BLUR = 2.0
"""Standard deviation in pixels of the blur of the border assumption (design choice)."""


class DepthBaselines:
    """Estimates of depth from the image alone, or from the true figure.

    Args:
        training: Images whose mean border assumption is one of the estimates, [3, H, W] each; at
            least one.
    """

    def __init__(self, training: Iterable[Float[Tensor, "3 h w"]]) -> None:
        self.mean_figure = torch.stack([assumed_figure(image[None])[0] for image in training])
        self.mean_figure = self.mean_figure.mean(dim=0)

    def estimates(self, sample: Batch) -> dict[str, Float[Tensor, "h w"]]:
        """Estimate the depth of an image in several ways.

        Args:
            sample: `image`, [3, H, W] in [0, 1], and `figure`, [H, W], if it is known.

        Returns:
            Numbers that rise with depth, by name: rows of pixels from below; the distance from the
            center; the border assumption, which puts the figure of `assumed_figure` in front; the
            same, blurred, plus the mean assumption of the training images; and the true figure in
            front, if the sample has one.
        """
        image = sample["image"]
        height, width = image.shape[1:]
        assumed = assumed_figure(image[None])[0]
        blurred = gaussian_blur(assumed[None], 2 * [_kernel_size(BLUR)], 2 * [BLUR])[0]
        mean = interpolate(self.mean_figure[None, None], size=(height, width), mode="bilinear")
        figure = {"perfect figure mask": -sample["figure"].to(image)} if "figure" in sample else {}
        return {
            "lower in the image nearer": -_centered(height, image)[:, None].expand(height, width),
            "center nearer": torch.hypot(
                _centered(height, image)[:, None], _centered(width, image)
            ),
            "border assumption": -assumed,
            "border assumption, blurred, plus training mean": -blurred - mean[0, 0],
            **figure,
        }


def contact_pairs(order: Tensor, distance: int) -> Tensor:
    """List the pairs of pixels on two objects that are apart by a few rows or columns.

    Args:
        order: Index of the visible layer, [H, W]; 0 is the background.
        distance: Pixels between the two.

    Returns:
        Flat indices, [2, pairs]; all pairs across a contour between two objects.
    """
    flat = torch.arange(order.numel(), device=order.device).view_as(order)
    steps = (
        (flat[:, :-distance], flat[:, distance:]),
        (flat[:-distance], flat[distance:]),
    )
    pairs = torch.cat([torch.stack([a.flatten(), b.flatten()]) for a, b in steps], dim=1)
    return pairs[:, on_two_objects(order, pairs)]


def on_two_objects(order: Tensor, pairs: Tensor) -> Bool[Tensor, " pairs"]:
    """Test which pairs of pixels are on two different objects.

    Args:
        order: Index of the visible layer, [H, W]; 0 is the background.
        pairs: Flat indices, [2, pairs].

    Returns:
        True for each such pair.
    """
    first, second = order.flatten()[pairs]
    return (first > 0) & (second > 0) & (first != second)


def _centered(count: int, like: Tensor) -> Float[Tensor, " count"]:
    """Distances of pixels from the middle of the image, in pixels."""
    return torch.arange(count).to(like) + 0.5 - count / 2


def _kernel_size(deviation: float) -> int:
    return 2 * round(3 * deviation) + 1
