"""`layers`: what the depth order of the Gaussians says of an image."""

from collections import defaultdict
from statistics import mean

import torch
from einops import rearrange
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn.functional import avg_pool2d, grid_sample

from gaussrep.building import build
from gaussrep.evaluation.evaluation import Evaluation, Scores, name_of
from gaussrep.evaluation.features import batches, device_of
from gaussrep.gaussians import Gaussians
from gaussrep.methods.hidden_pixels import psnr
from gaussrep.methods.method import Method
from gaussrep_gmae.evaluations.config import LayersConfig
from gaussrep_gmae.evaluations.gmae_of import gmae_of
from gaussrep_gmae.layers import depth_ranks, render_kept
from gaussrep_gmae.method import GMAE

AROUND = 5
"""Side in pixels of the square around a Gaussian's center whose detail counts (ours)."""


class Layers(Evaluation):
    """How good pictures of a part of the Gaussians are, and what the depth order follows.

    The method's row draws the nearest Gaussians first; others draw the farthest, or random ones.
    Gaussians keep their depths, so that all together give the same picture in every row.

    Args:
        config: Its settings.
    """

    config: LayersConfig

    def measure(self, method: Method) -> Scores:
        """Give the PSNR in dB of each share, and what the order correlates with.

        `size` and `detail` are Spearman's correlations, averaged over images, of the place in the
        order with a Gaussian's apparent size, and with the mean gradient of the image around its
        center (the paper speaks of frequency layers).
        """
        model = gmae_of(method)
        dataset = build("datasets", self.config.data, split="val")
        found: dict[str, dict[str, list[float]]] = {}
        with torch.no_grad():
            for batch in batches(dataset, self.config, device_of(method)):
                gaussians = model.gaussians(batch)
                for row, order in _orders(gaussians, name_of(method)).items():
                    columns = found.setdefault(row, defaultdict(list))
                    self._add(columns, model, gaussians, order, batch["image"])
        rows = {row: {name: mean(all_) for name, all_ in c.items()} for row, c in found.items()}
        return Scores(rows, {"samples": len(found[name_of(method)]["size"])})

    def _add(
        self,
        columns: dict[str, list[float]],
        model: GMAE,
        gaussians: Gaussians,
        order: Int[Tensor, "b k"],
        images: Float[Tensor, "b 3 h w"],
    ) -> None:
        counts = [max(1, round(share * gaussians.count)) for share in self.config.shares]
        limits = torch.tensor(counts, device=order.device)
        kept = order[:, None] < limits[:, None]
        shown = render_kept(gaussians, kept, model.config.image_size, model.background).color
        everywhere = torch.ones_like(images[:, 0], dtype=torch.bool)
        for share, pictures in zip(self.config.shares, shown.unbind(dim=1), strict=True):
            said = rearrange(pictures, "b h w c -> b c h w").clamp(0, 1)
            columns[f"psnr {share:.2%}"] += psnr(said, images, everywhere).tolist()
        columns["size"] += spearman(order, gaussians.scales.prod(dim=-1)).tolist()
        columns["detail"] += spearman(order, detail_at(gaussians, images)).tolist()


def _orders(gaussians: Gaussians, name: str) -> dict[str, Int[Tensor, "b k"]]:
    nearest = depth_ranks(gaussians)
    drawn = torch.rand(nearest.shape, device=nearest.device).argsort(dim=-1)
    return {name: nearest, "farthest first": gaussians.count - 1 - nearest, "random order": drawn}


def spearman(a: Tensor, b: Tensor) -> Float[Tensor, " b"]:
    """Correlation of ranks, row by row; equal values are ranked in the order they come.

    Args:
        a: Values, [B, N].
        b: Values, [B, N].

    Returns:
        From -1 to 1.

    Example:
        >>> spearman(torch.tensor([[1, 2, 3]]), torch.tensor([[2.0, 4.0, 9.0]])).tolist()
        [1.0]
    """
    ranks = [x.argsort(dim=-1, stable=True).argsort(dim=-1).double() for x in (a, b)]
    x, y = (rank - rank.mean(dim=-1, keepdim=True) for rank in ranks)
    return (x * y).sum(dim=-1) / (x.square().sum(dim=-1) * y.square().sum(dim=-1)).sqrt()


def detail_at(gaussians: Gaussians, images: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b k"]:
    """Mean gradient of each image around the centers of its Gaussians.

    Args:
        gaussians: Gaussians of the images, x and y in [-1, 1].
        images: RGB in [0, 1].

    Returns:
        Magnitude per pixel.
    """
    gray = images.mean(dim=1, keepdim=True)
    down, across = torch.gradient(gray, dim=(2, 3))
    gradient = avg_pool2d(
        torch.hypot(across, down), AROUND, 1, AROUND // 2, count_include_pad=False
    )
    places = gaussians.means[:, :, None, :2]
    return grid_sample(gradient, places, padding_mode="border", align_corners=False)[:, 0, :, 0]
