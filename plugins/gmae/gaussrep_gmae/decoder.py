"""The transformer in which queries read the visible latents."""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from gaussrep_gmae.blocks import make_blocks, run_blocks
from gaussrep_gmae.config import GMAEConfig
from gaussrep_gmae.encoder import initialize
from gaussrep_gmae.position import patch_places, place_code, spread_places


class QueryDecoder(nn.Module):
    """Joint self-attention over visible latents and k learnable queries.

    Args:
        config: The method's configuration.
    """

    places: Tensor

    def __init__(self, config: GMAEConfig) -> None:
        super().__init__()
        width = config.decoder.width
        self.checkpointing = config.checkpointing
        self.embed = nn.Linear(config.encoder.width, width)
        places = place_code(patch_places(config.side), width)
        self.register_buffer("places", places, persistent=False)
        self.blocks = make_blocks(config.decoder)
        self.norm = nn.LayerNorm(width, eps=1e-6)
        self.apply(initialize)
        self.queries = nn.Parameter(
            _placed_start(config) if config.spread_start else _start(config)
        )
        if config.spread_start:
            for block in self.blocks:
                _attend_to_neighbors(block)

    def forward(
        self,
        latents: Float[Tensor, "b tokens width"],
        visible: Int[Tensor, "b visible"] | None = None,
    ) -> Float[Tensor, "b k channels"]:
        """What each query makes of an image.

        Args:
            latents: Class token and visible patches, from the encoder.
            visible: Indices of those patches; all patches in order where it is None.

        Returns:
            One vector per query; what becomes of the latents is thrown away.
        """
        tokens = self.embed(latents)
        places = (
            self.places.expand(len(tokens), -1, -1) if visible is None else self.places[visible]
        )
        queries = self.queries.expand(len(tokens), -1, -1)
        sequence = torch.cat([tokens[:, :1], tokens[:, 1:] + places, queries], dim=1)
        said = run_blocks(self.blocks, sequence, self.checkpointing)
        return self.norm(said[:, tokens.shape[1] :])


def _attend_to_neighbors(block: nn.Module) -> None:
    """Start an attention layer with equal maps to queries and keys.

    Its weights then fall with the distance of place codes, so that from the first step a Gaussian
    is told by the patches around it (ours).
    """
    to_queries, to_keys, _ = block.state_dict()["attn.qkv.weight"].chunk(3)
    to_queries.copy_(to_keys)


def _start(config: GMAEConfig) -> Float[Tensor, "k width"]:
    """One normal vector for all queries plus a uniform one for each (successor's code)."""
    shared = 0.02 * torch.randn(1, config.decoder.width)
    return shared + torch.rand(config.queries, config.decoder.width)


def _placed_start(config: GMAEConfig) -> Float[Tensor, "k width"]:
    """Queries that carry the codes of their places, and a little noise (ours)."""
    width, count = config.decoder.width, config.queries
    codes = place_code((spread_places(count) + 1) / 2 * config.side - 0.5, width)
    return 0.02 * torch.randn(count, width) + codes
