"""Which patches the encoder sees."""

import torch
from einops import rearrange, repeat
from jaxtyping import Bool, Float, Int
from torch import Tensor


def random_visible(
    batch: int, patches: int, visible: int, device: torch.device
) -> Int[Tensor, "b visible"]:
    """Indices of patches drawn without replacement, separately for each image.

    Args:
        batch: Number of images.
        patches: Patches per image.
        visible: Patches to keep.
        device: Where the indices live.

    Returns:
        Distinct indices, 0 to patches - 1, in random order.
    """
    return torch.rand(batch, patches, device=device).argsort(dim=-1)[:, :visible]


def masked_patches(visible: Int[Tensor, "b visible"], patches: int) -> Bool[Tensor, "b patches"]:
    """Which patches are hidden.

    Args:
        visible: Indices of the visible patches.
        patches: Patches per image.

    Returns:
        True where a patch is masked.
    """
    masked = torch.ones(len(visible), patches, dtype=torch.bool, device=visible.device)
    return masked.scatter(1, visible, False)


def to_pixels(masked: Bool[Tensor, "b patches"], patch_size: int) -> Bool[Tensor, "b h w"]:
    """The same mask, per pixel of a square image.

    Args:
        masked: True where a patch is masked, row by row.
        patch_size: Side of a patch in pixels.

    Returns:
        True where a pixel is masked.
    """
    grid = rearrange(masked, "b (h w) -> b h w", h=round(masked.shape[1] ** 0.5))
    return repeat(grid, "b h w -> b (h p) (w q)", p=patch_size, q=patch_size)


def mean_of(values: Float[Tensor, "b h w 3"], chosen: Bool[Tensor, "b h w"]) -> Float[Tensor, " b"]:
    """Mean over the chosen pixels and the three colors of each image.

    Args:
        values: Anything per pixel and color.
        chosen: Which pixels count.

    Returns:
        One mean per image; 0 where no pixel is chosen.
    """
    weights = chosen[..., None].to(values.dtype)
    return (values * weights).sum((1, 2, 3)) / (3 * weights.sum((1, 2, 3))).clamp_min(1)
