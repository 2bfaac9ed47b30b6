"""`layers`: renderings of a part of the Gaussians, and correlates of the depth order."""

from collections import defaultdict
from statistics import mean

import torch
from einops import rearrange
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn.functional import avg_pool2d, grid_sample

from gaussrep import Gaussians, build
from gaussrep.evaluation import Evaluation, Scores, batches
from gaussrep.methods import Method
from gaussrep.metrics import psnr
from gaussrep_gmae.evaluations.config import LayersConfig
from gaussrep_gmae.layers import depth_ranks, render_subsets
from gaussrep_gmae.method import GMAE, require_gmae

NEIGHBORHOOD = 5
"""Side in pixels of the square around a Gaussian's center over which the gradient is averaged
(design choice)."""


class Layers(Evaluation):
    """PSNR of renderings of a part of the Gaussians, and correlates of the depth order.

    The method's row renders the nearest Gaussians first; others the farthest, or random ones.
    Gaussians keep their depths, so that all of them give the same image in every row.

    Args:
        config: Settings of the evaluation.
    """

    config: LayersConfig

    def measure(self, method: Method) -> Scores:
        """Compute the PSNR of each fraction and the correlations of the order.

        Args:
            method: A trained GMAE.

        Returns:
            PSNR in dB per fraction. `size` and `detail` are Spearman's correlations, averaged over
            images, of a Gaussian's rank with its apparent size, and with the mean gradient of the
            image around its center (the paper speaks of frequency layers).
        """
        model = require_gmae(method)
        dataset = build("datasets", self.config.data, split="val")
        scores: dict[str, dict[str, list[float]]] = {}
        with torch.no_grad():
            for batch in batches(dataset, self.config, method.device):
                gaussians = model.gaussians(batch)
                for row, order in _orders(gaussians, method.name).items():
                    columns = scores.setdefault(row, defaultdict(list))
                    self._add(columns, model, gaussians, order, batch["image"])
        rows = {row: {name: mean(each) for name, each in c.items()} for row, c in scores.items()}
        return Scores(rows, {"samples": len(scores[method.name]["size"])})

    def _add(
        self,
        columns: dict[str, list[float]],
        model: GMAE,
        gaussians: Gaussians,
        order: Int[Tensor, "b k"],
        images: Float[Tensor, "b 3 h w"],
    ) -> None:
        counts = [max(1, round(fraction * gaussians.count)) for fraction in self.config.fractions]
        limits = torch.tensor(counts, device=order.device)
        subsets = order[:, None] < limits[:, None]
        size = model.config.image_size
        shown = render_subsets(gaussians, subsets, size, model.background).color
        everywhere = torch.ones_like(images[:, 0], dtype=torch.bool)
        for fraction, colors in zip(self.config.fractions, shown.unbind(dim=1), strict=True):
            prediction = rearrange(colors, "b h w c -> b c h w").clamp(0, 1)
            decibels = psnr(prediction, images, everywhere, channel_dim=-3)
            columns[f"psnr {fraction:.2%}"] += decibels.tolist()
        columns["size"] += spearman(order, gaussians.scales.prod(dim=-1)).tolist()
        columns["detail"] += spearman(order, gradient_at_centers(gaussians, images)).tolist()


def _orders(gaussians: Gaussians, name: str) -> dict[str, Int[Tensor, "b k"]]:
    nearest = depth_ranks(gaussians)
    random = torch.rand(nearest.shape, device=nearest.device).argsort(dim=-1)
    return {name: nearest, "farthest first": gaussians.count - 1 - nearest, "random order": random}


def spearman(a: Tensor, b: Tensor) -> Float[Tensor, " b"]:
    """Compute Spearman's rank correlation, row by row; ties are ranked in the order they come.

    Args:
        a: Values, [B, N].
        b: Values, [B, N].

    Returns:
        From -1 to 1.

    Examples:
        >>> spearman(torch.tensor([[1, 2, 3]]), torch.tensor([[2.0, 4.0, 9.0]])).tolist()
        [1.0]
    """
    ranks = [x.argsort(dim=-1, stable=True).argsort(dim=-1).double() for x in (a, b)]
    x, y = (rank - rank.mean(dim=-1, keepdim=True) for rank in ranks)
    return (x * y).sum(dim=-1) / (x.square().sum(dim=-1) * y.square().sum(dim=-1)).sqrt()


def gradient_at_centers(
    gaussians: Gaussians, images: Float[Tensor, "b 3 h w"]
) -> Float[Tensor, "b k"]:
    """Average the gradient of each image around the centers of its Gaussians.

    Args:
        gaussians: Gaussians of the images, x and y in [-1, 1].
        images: RGB in [0, 1].

    Returns:
        Gradient magnitude per pixel.
    """
    gray = images.mean(dim=1, keepdim=True)
    down, across = torch.gradient(gray, dim=(2, 3))
    gradient = avg_pool2d(
        torch.hypot(across, down), NEIGHBORHOOD, 1, NEIGHBORHOOD // 2, count_include_pad=False
    )
    places = gaussians.means[:, :, None, :2]
    return grid_sample(gradient, places, padding_mode="border", align_corners=False)[:, 0, :, 0]
