"""Resize images to the sizes that encoders take."""

from jaxtyping import Float
from torch import Tensor
from torch.nn import functional


def resize_images(
    images: Float[Tensor, "b 3 h w"], height: int, width: int
) -> Float[Tensor, "b 3 height width"]:
    """Resample pictures bilinearly, smoothed where they shrink.

    Args:
        images: RGB in [0, 1].
        height: Rows of the result.
        width: Columns of the result.

    Returns:
        The pictures themselves where they have that size.
    """
    if images.shape[-2:] == (height, width):
        return images
    return functional.interpolate(images, (height, width), mode="bilinear", antialias=True)


def resize_to_patch_grid(
    images: Float[Tensor, "b 3 h w"], cell: int, longer_side: int | None = None
) -> Float[Tensor, "b 3 height width"]:
    """Resize pictures to a whole number of cells along each side, at least one.

    Args:
        images: RGB in [0, 1].
        cell: Side of a cell in pixels.
        longer_side: About what the longer side becomes, the shape kept; none, the pictures' own.

    Returns:
        Pictures whose sides are multiples of `cell`, the nearest ones.
    """
    height, width = images.shape[-2:]
    scale = 1.0 if longer_side is None else longer_side / max(height, width)
    rows, columns = (max(round(side * scale / cell), 1) for side in (height, width))
    return resize_images(images, rows * cell, columns * cell)
