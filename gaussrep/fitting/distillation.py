"""What an image encoder teaches the features of a scene's Gaussians."""

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from einops import einsum, rearrange
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d, cosine_similarity

from gaussrep.encoders.encoder import ImageEncoder


@dataclass(frozen=True, eq=False)
class Lessons:
    """Maps of short feature vectors, one map per picture.

    The encoder's vectors are projected to the directions in which they are longest, about zero and
    not about their mean, so that angles between the short vectors are those between the long ones,
    as far as so many directions hold them. Ours.

    Args:
        maps: One per picture, [rows, columns, C].
        axes: Orthonormal directions that were kept, [D, C].
    """

    maps: tuple[Float[Tensor, "_ _ c"], ...]
    axes: Float[Tensor, "d c"]


@torch.no_grad()
def draw_lessons(
    encoder: ImageEncoder, pictures: Iterable[Float[Tensor, "3 _ _"]], channels: int
) -> Lessons:
    """Encode pictures, one after the other.

    Args:
        encoder: Frozen.
        pictures: RGB in [0, 1], on the encoder's device; their sizes may differ.
        channels: Length C wanted; no more than the encoder's.

    Returns:
        The pictures' maps.
    """
    long = [encoder(picture[None])[0].float() for picture in pictures]
    products = [einsum(each, each, "r c d, r c e -> d e") for each in long]
    axes = torch.linalg.eigh(torch.stack(products).sum(0)).eigenvectors.flip(-1)[:, :channels]
    axes = axes * axes.gather(0, axes.abs().argmax(0, keepdim=True)).sign()
    return Lessons(tuple(each @ axes for each in long), axes)


def feature_error(
    drawn: Float[Tensor, "h w c"], wanted: Float[Tensor, "rows columns c"]
) -> Float[Tensor, ""]:
    """One minus the cosine between drawn and wanted features, a mean over the wanted cells.

    Args:
        drawn: Features of a view; each cell takes the mean over its pixels.
        wanted: The encoder's map of the view.

    Returns:
        A scalar in [0, 2].
    """
    rows, columns = wanted.shape[:2]
    cells = adaptive_avg_pool2d(rearrange(drawn, "h w c -> c h w"), (rows, columns))
    return 1 - cosine_similarity(cells, rearrange(wanted, "r c d -> d r c"), dim=0).mean()
