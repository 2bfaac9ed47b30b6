"""Patches of images, and their normalization."""

from dataclasses import dataclass

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor

EPSILON = 1e-6
"""Added to a patch's variance (MAE's code)."""


def to_patches(images: Float[Tensor, "b 3 h w"], size: int) -> Float[Tensor, "b n values"]:
    """Cut images into patches.

    Args:
        images: Values per pixel and channel.
        size: Side of a patch in pixels.

    Returns:
        Patches row by row; within each the pixels row by row, channels last.
    """
    return rearrange(images, "b c (h p) (w q) -> b (h w) (p q c)", p=size, q=size)


def to_images(patches: Float[Tensor, "b n values"], size: int) -> Float[Tensor, "b 3 h w"]:
    """Join patches to square images; the inverse of `to_patches`.

    Args:
        patches: Patches row by row; within each the pixels row by row, channels last.
        size: Side of a patch in pixels.

    Returns:
        The images.
    """
    side = round(patches.shape[1] ** 0.5)
    return rearrange(patches, "b (h w) (p q c) -> b c (h p) (w q)", h=side, w=side, p=size, q=size)


@dataclass(frozen=True, slots=True)
class Normalization:
    """Mean and standard deviation of each patch, over its pixels and channels.

    Attributes:
        mean: [B, N, 1].
        deviation: [B, N, 1], > 0, root of the unbiased variance plus `EPSILON`.
    """

    mean: Float[Tensor, "b n 1"]
    deviation: Float[Tensor, "b n 1"]

    @classmethod
    def of(cls, patches: Float[Tensor, "b n values"]) -> "Normalization":
        """Compute mean and deviation of patches.

        Args:
            patches: Patches of the input images.

        Returns:
            Their statistics.
        """
        variance, mean = torch.var_mean(patches, dim=-1, keepdim=True)
        return cls(mean, (variance + EPSILON).sqrt())

    def apply(self, patches: Float[Tensor, "b n values"]) -> Float[Tensor, "b n values"]:
        """Normalize patches by their mean and deviation.

        Args:
            patches: Patches in colors.

        Returns:
            Normalized patches.
        """
        return (patches - self.mean) / self.deviation

    def undo(self, patches: Float[Tensor, "b n values"]) -> Float[Tensor, "b n values"]:
        """Undo `apply`.

        Args:
            patches: Normalized patches.

        Returns:
            Patches in colors.
        """
        return patches * self.deviation + self.mean
