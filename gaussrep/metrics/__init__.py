"""Metrics of images, depth and embeddings: one definition of each, used by every method."""

from gaussrep.metrics.embedding import effective_rank
from gaussrep.metrics.image import depth_error, mean_visible_color, psnr, ssim

__all__ = [
    "depth_error",
    "effective_rank",
    "mean_visible_color",
    "psnr",
    "ssim",
]
