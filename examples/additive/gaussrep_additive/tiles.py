"""Which Gaussian touches which tile; nothing is sorted, because sums have no order."""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from gaussrep.rendering import Projection


@dataclass(frozen=True, slots=True)
class Tiling:
    """A picture cut into squares, the last ones reaching over its edges.

    Args:
        side: Of a tile, in pixels.
        width: Of the picture, in pixels.
        height: Of the picture, in pixels.
    """

    side: int
    width: int
    height: int

    @property
    def columns(self) -> int:
        """Tiles along the width."""
        return -(-self.width // self.side)

    @property
    def rows(self) -> int:
        """Tiles along the height."""
        return -(-self.height // self.side)

    @property
    def count(self) -> int:
        """Tiles of a picture."""
        return self.rows * self.columns

    def corners(self, tiles: Int[Tensor, " p"]) -> Int[Tensor, "p 2"]:
        """Upper left corners, in pixels.

        Args:
            tiles: Numbers of tiles, row by row, picture after picture.
        """
        tile = tiles % self.count
        return self.side * torch.stack([tile % self.columns, tile // self.columns], -1)

    def pixels(self, like: Tensor) -> Float[Tensor, "pixels 2"]:
        """Centers of a tile's pixels from its corner, row by row.

        Args:
            like: Gives dtype and device.
        """
        along = torch.arange(self.side).to(like) + 0.5
        return torch.stack(torch.meshgrid(along, along, indexing="xy"), -1).flatten(0, 1)


@dataclass(frozen=True, eq=False)
class Pairs:
    """Every Gaussian with every tile that it can reach.

    Args:
        gaussians: Numbers of the Gaussians, image after image, [P].
        tiles: Numbers of the tiles, image after image, [P].
        images: How many images there are.
    """

    gaussians: Int[Tensor, " p"]
    tiles: Int[Tensor, " p"]
    images: int


@torch.no_grad()
def pairs_of(seen: Projection, tiling: Tiling) -> Pairs:
    """Find the tiles that the Gaussians' boxes meet.

    Args:
        seen: Gaussians on the image plane, [*B, V, N].
        tiling: Of the pictures.

    Returns:
        The pairs; none of Gaussians that are not visible.
    """
    count = seen.visible.shape[-1]
    here = seen.visible.flatten().nonzero().squeeze(1)
    means, radii = (t.reshape(-1, 2)[here] for t in (seen.means2d, seen.radii))
    last = means.new_tensor([tiling.columns - 1, tiling.rows - 1])
    low = ((means - radii) / tiling.side).floor().clamp_min(0).minimum(last).long()
    high = ((means + radii) / tiling.side).floor().clamp_min(0).minimum(last).long()
    spans = high - low + 1
    sizes = spans.prod(-1)
    box = torch.arange(len(here), device=here.device).repeat_interleave(sizes)
    place = torch.arange(len(box), device=here.device) - (sizes.cumsum(0) - sizes)[box]
    x = low[box, 0] + place % spans[box, 0]
    y = low[box, 1] + place // spans[box, 0]
    image = here[box] // max(count, 1)
    tiles = image * tiling.count + y * tiling.columns + x
    return Pairs(here[box], tiles, seen.visible.shape[:-1].numel())
