"""The transformer in which queries read the visible latents."""

import torch
from jaxtyping import Float, Int
from timm.models.vision_transformer import Block  # noqa: TID253
from torch import Tensor, nn

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
        width, side = config.decoder.width, config.image_size // config.patch_size
        self.embed = nn.Linear(config.encoder.width, width)
        self.register_buffer("places", place_code(patch_places(side), width), persistent=False)
        heads, depth = config.decoder.heads, config.decoder.depth
        blocks = [Block(width, heads, qkv_bias=True) for _ in range(depth)]
        self.blocks = nn.Sequential(*blocks)
        self.norm = nn.LayerNorm(width, eps=1e-6)
        self.apply(initialize)
        self.queries = nn.Parameter(_query_start(config, side))
        if config.spread_start:
            for block in blocks:
                _attend_to_neighbours(block)

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
        return self.norm(self.blocks(sequence)[:, tokens.shape[1] :])


def _attend_to_neighbours(block: Block) -> None:
    """Start an attention layer with equal maps to queries and keys.

    Its weights then fall with the distance of place codes, so that from the first step a Gaussian
    is told by the patches around it (ours).
    """
    to_queries, to_keys, _ = block.state_dict()["attn.qkv.weight"].chunk(3)
    to_queries.copy_(to_keys)


def _query_start(config: GMAEConfig, side: int) -> Float[Tensor, "k width"]:
    """Random queries; with a spread start each also carries the code of its place."""
    width, count = config.decoder.width, config.gaussians
    queries = 0.02 * torch.randn(count, width)
    if config.spread_start:
        queries += place_code((spread_places(count) + 1) / 2 * side - 0.5, width)
    return queries
