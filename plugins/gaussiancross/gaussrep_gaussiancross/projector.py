"""Projector: from rendered embeddings to a teacher's features, P_ψ."""

from einops import rearrange
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import adaptive_avg_pool2d

HIDDEN = 128
"""Channels between the projector's two layers (ours)."""


class Projector(nn.Module):
    """Lifts low-dimensional rendered features to the teacher's, cell by cell of its map.

    The rendered map is averaged to the size of the teacher's; which of the two the paper resizes is
    not known.

    Args:
        channels: Channels of the rendered features.
        width: Channels of the teacher's.
    """

    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(channels, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, width)
        )

    def forward(
        self, rendered: Float[Tensor, "b v h w c"], rows: int, columns: int
    ) -> Float[Tensor, "v_all rows columns d"]:
        """Project rendered features.

        Args:
            rendered: Features of every pixel of every view.
            rows: Rows of the teacher's map.
            columns: Its columns.

        Returns:
            F̂, one map per view, the views of all scenes in one row.
        """
        pooled = adaptive_avg_pool2d(
            rearrange(rendered, "b v h w c -> (b v) c h w"), (rows, columns)
        )
        return self.layers(rearrange(pooled, "n c h w -> n h w c"))
