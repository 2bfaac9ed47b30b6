"""`statistics`: an image encoder that needs no weights."""

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from gaussrep.encoders.image_encoder import ImageEncoder
from gaussrep.encoders.statistics.local_statistics import local_statistics
from gaussrep.encoders.statistics.whitening import MEAN, STD
from gaussrep.encoders.teacher_config import StatisticsConfig
from gaussrep.encoders.whole_cells import to_whole_cells


class StatisticsEncoder(ImageEncoder):
    """Local statistics of color and edges, standardized and projected to vectors of length one.

    The projection is random but fixed by the seed, the same on every machine up to rounding. It
    keeps angles between statistics where `width` is at least their number, 30.

    Args:
        config: Seed, width and cell.
    """

    mean: Tensor
    std: Tensor
    projection: Tensor

    def __init__(self, config: StatisticsConfig) -> None:
        super().__init__()
        self.config = config
        self.register_buffer("mean", torch.tensor(MEAN))
        self.register_buffer("std", torch.tensor(STD))
        self.register_buffer("projection", orthonormal(len(MEAN), config.width, config.seed))

    @property
    def width(self) -> int:
        """Length of a feature vector."""
        return self.config.width

    def forward(
        self, images: Float[Tensor, "batch 3 height width"]
    ) -> Float[Tensor, "batch rows columns channels"]:
        """Encode a batch of pictures, resized to the nearest whole number of cells.

        Args:
            images: RGB in [0, 1].

        Returns:
            One vector of length 1 per cell.
        """
        statistics = local_statistics(to_whole_cells(images, self.config.cell), self.config.cell)
        standard = (statistics - self.mean) / self.std
        return functional.normalize(standard @ self.projection, dim=-1)


def orthonormal(rows: int, columns: int, seed: int) -> Float[Tensor, "rows columns"]:
    """Draw a matrix whose rows, or columns where they are fewer, are orthonormal.

    Args:
        rows: Number of rows.
        columns: Number of columns.
        seed: Of the generator.
    """
    drawn = np.random.default_rng(seed).standard_normal((max(rows, columns), min(rows, columns)))
    basis, triangle = np.linalg.qr(drawn)
    basis = basis * np.sign(np.diag(triangle))
    return torch.from_numpy(basis if rows >= columns else basis.T).float().contiguous()
