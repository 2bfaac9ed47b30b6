"""A photograph through windows at several sizes."""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import interpolate

from gaussrep_gmae.layers.windows import Looker, through_windows


def look_at_photograph(
    image: Float[Tensor, "3 h w"],
    look: Looker,
    size: int,
    stride: int,
    scales: Sequence[float] = (1.0,),
    batch_size: int = 32,
) -> Float[Tensor, "c h w"]:
    """Join what is seen through windows, averaged over sizes of the photograph (ours).

    Args:
        image: RGB in [0, 1], of any size.
        look: Makes some maps of each window.
        size: Side S of a window in pixels.
        stride: Largest distance between neighboring windows in pixels, 1 to S.
        scales: Multiples of its own size at which the photograph is looked at; where that makes its
            shorter side less than S, that becomes S.
        batch_size: Windows per call of `look`.

    Returns:
        The maps at the photograph's own size.
    """
    height, width = image.shape[1:]
    maps = []
    for scale in scales:
        factor = max(scale, size / min(height, width))
        scaled = resized(image, round(height * factor), round(width * factor))
        seen = through_windows(scaled, look, size, stride, batch_size)
        maps.append(resized(seen, height, width))
    return torch.stack(maps).mean(dim=0)


def resized(maps: Float[Tensor, "c h w"], height: int, width: int) -> Float[Tensor, "c h2 w2"]:
    """Enlarge or reduce maps, bilinearly and without aliasing.

    Args:
        maps: Maps or pictures.
        height: Wanted height in pixels.
        width: Wanted width in pixels.

    Returns:
        The maps; the very same where nothing changes.
    """
    if maps.shape[1:] == (height, width):
        return maps
    return interpolate(maps[None], (height, width), mode="bilinear", antialias=True)[0]
