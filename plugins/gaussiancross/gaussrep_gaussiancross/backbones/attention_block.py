"""The block of the point transformer."""

from einops import rearrange
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

from gaussrep_gaussiancross.backbones.windows import Windows
from gaussrep_gaussiancross.sparse.conv import SparseConv
from gaussrep_gaussiancross.sparse.pairs import Pairs

RATIO = 4
"""Hidden channels of the feed-forward part per channel (PTv3)."""


class AttentionBlock(nn.Module):
    """A convolution that tells positions, attention within windows, and a feed-forward part.

    Each is added to what goes in; the latter two look at normalized features (PTv3).

    Args:
        channels: Channels of the features.
        heads: Heads of attention.
    """

    def __init__(self, channels: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.position = SparseConv(channels, channels, 3)
        self.position_out = nn.Sequential(nn.Linear(channels, channels), nn.LayerNorm(channels))
        self.norm1, self.norm2 = nn.LayerNorm(channels), nn.LayerNorm(channels)
        self.qkv = nn.Linear(channels, 3 * channels)
        self.attention_out = nn.Linear(channels, channels)
        self.feed_forward = nn.Sequential(
            nn.Linear(channels, RATIO * channels), nn.GELU(), nn.Linear(RATIO * channels, channels)
        )

    def forward(
        self, x: Float[Tensor, "rows c"], pairs: Pairs, windows: Windows
    ) -> Float[Tensor, "rows c"]:
        """Compute the block.

        Args:
            x: Features of a level.
            pairs: Index table of the level, of size 3.
            windows: Who attends to whom.

        Returns:
            Features of the level.
        """
        x = x + self.position_out(self.position(x, pairs))
        x = x + self._attend(self.norm1(x), windows)
        return x + self.feed_forward(self.norm2(x))

    def _attend(self, x: Tensor, windows: Windows) -> Tensor:
        given = self.qkv(x)[windows.rows]
        q, k, v = rearrange(given, "w n (part h c) -> part w h n c", part=3, h=self.heads)
        seen = windows.filled[:, None, None]
        mixed = rearrange(scaled_dot_product_attention(q, k, v, seen), "w h n c -> (w n) (h c)")
        return self.attention_out(mixed[windows.places])
