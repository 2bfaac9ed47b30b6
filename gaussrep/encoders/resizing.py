"""Resize images to the sizes that encoders take."""

from jaxtyping import Float
from torch import Tensor
from torch.nn import functional


def resize_images(
    images: Float[Tensor, "b 3 h w"], height: int, width: int
) -> Float[Tensor, "b 3 height width"]:
    """Resize images bilinearly, with antialiasing if they shrink.

    Args:
        images: RGB in [0, 1].
        height: Rows of the result.
        width: Columns of the result.

    Returns:
        The resized images; the images themselves if they have that size.
    """
    if images.shape[-2:] == (height, width):
        return images
    return functional.interpolate(images, (height, width), mode="bilinear", antialias=True)


def resize_to_patch_grid(
    images: Float[Tensor, "b 3 h w"], cell: int, longer_side: int | None = None
) -> Float[Tensor, "b 3 height width"]:
    """Resize images to whole multiples of a patch size along each side, at least one patch.

    Args:
        images: RGB in [0, 1].
        cell: Side of a patch in pixels.
        longer_side: Approximate longer side of the result in pixels, keeping the aspect ratio;
            None keeps that of the images.

    Returns:
        Images whose sides are the nearest multiples of `cell`.
    """
    height, width = images.shape[-2:]
    scale = 1.0 if longer_side is None else longer_side / max(height, width)
    rows, columns = (max(round(side * scale / cell), 1) for side in (height, width))
    return resize_images(images, rows * cell, columns * cell)
