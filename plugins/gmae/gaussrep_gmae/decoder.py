"""Decoder of GMAE: a transformer that turns learnable queries into Gaussians."""

import torch
from einops import rearrange, repeat
from jaxtyping import Float, Int
from torch import Tensor, nn

from gaussrep import Gaussians
from gaussrep_gmae.config import GMAEConfig
from gaussrep_gmae.encoder import initialize, make_blocks, run_blocks
from gaussrep_gmae.position import low_discrepancy_grid, patch_coordinates, sincos_embedding

GAUSSIAN_CHANNELS = {"means": 3, "scales": 3, "quats": 4, "colors": 3, "opacities": 1}
NUM_CHANNELS = sum(GAUSSIAN_CHANNELS.values())
"""Numbers per Gaussian (paper: 14)."""
AT_LIMIT = 0.99
"""Fraction of their limit from which scales count as being at it (design choice)."""
INITIAL_SCALE_LOGIT = -1.386
"""Logit of one fifth: scales start at a fifth of their limit (as in MedGMAE)."""
EQUAL_DEPTHS = 0.02
"""Fraction of the cube's depth over which Gaussians start with equal depths; exactly equal ones
would be in the same order in each image."""


class QueryDecoder(nn.Module):
    """Joint self-attention over visible latents and k learnable queries.

    Args:
        config: The method's configuration.
        latent_width: Channels of a latent.
    """

    places: Tensor

    def __init__(self, config: GMAEConfig, latent_width: int) -> None:
        super().__init__()
        width = config.decoder.width
        self.checkpointing = config.checkpointing
        self.embed = nn.Linear(latent_width, width)
        places = sincos_embedding(patch_coordinates(config.side), width)
        self.register_buffer("places", places, persistent=False)
        self.blocks = make_blocks(config.decoder)
        self.norm = nn.LayerNorm(width, eps=1e-6)
        self.apply(initialize)
        self.queries = nn.Parameter(
            _grid_queries(config) if config.spread_start else _random_queries(config)
        )
        if config.spread_start:
            for block in self.blocks:
                _attend_to_neighbors(block)

    def forward(
        self,
        latents: Float[Tensor, "b tokens width"],
        visible: Int[Tensor, "b visible"] | None = None,
    ) -> Float[Tensor, "b k channels"]:
        """Decode latents into one vector per query.

        Args:
            latents: Class token and visible patches, from the encoder.
            visible: Indices of those patches; None for all patches in order.

        Returns:
            One vector per query; the outputs at the latents' positions are discarded.
        """
        tokens = self.embed(latents)
        places = (
            self.places.expand(len(tokens), -1, -1) if visible is None else self.places[visible]
        )
        queries = self.queries.expand(len(tokens), -1, -1)
        sequence = torch.cat([tokens[:, :1], tokens[:, 1:] + places, queries], dim=1)
        decoded = run_blocks(self.blocks, sequence, self.checkpointing)
        return self.norm(decoded[:, tokens.shape[1] :])


class GaussianHead(nn.Module):
    """Predict the Gaussians of each query by a linear layer and activations.

    Centers are in [-1, 1]³, of which x and y cover the image; scales are below `max_scale` / 8,
    half of which is a fraction of the image's width. With `spread_start` each Gaussian has a
    trainable bias and centers are tanh x (design choice); without, the layer has no bias and keeps
    torch's initialization, uniform within 1/√width, and centers are tanh(x/2) = 2 sigmoid(x) - 1
    (Video-GMAE's code).

    Args:
        config: The method's configuration.
    """

    def __init__(self, config: GMAEConfig) -> None:
        super().__init__()
        self.max_scale = config.max_scale / 8
        self.steepness = 1.0 if config.spread_start else 0.5
        self.per_query = config.gaussians_per_query
        self.linear = nn.Linear(config.decoder.width, self.per_query * NUM_CHANNELS, bias=False)
        start = torch.zeros(config.gaussians, NUM_CHANNELS)
        self.start = nn.Parameter(start, requires_grad=config.spread_start)
        if config.spread_start:
            nn.init.trunc_normal_(self.linear.weight, std=0.02)
            self.start.data.copy_(_grid_start(config))

    def forward(self, queries: Float[Tensor, "b k width"]) -> Gaussians:
        """Predict Gaussians in front of the canonical camera.

        Args:
            queries: One vector per query, of any floating dtype.

        Returns:
            k·m Gaussians with plain colors, float32; those of a query are adjacent.
        """
        offsets = rearrange(self.linear(queries), "b k (m n) -> b (k m) n", m=self.per_query)
        raw = (offsets + self.start).float()
        raw_means, raw_scales, raw_quats, raw_colors, raw_opacities = raw.split(
            list(GAUSSIAN_CHANNELS.values()), dim=-1
        )
        return Gaussians(
            means=(self.steepness * raw_means).tanh(),
            quats=raw_quats + raw_quats.new_tensor([1, 0, 0, 0]),
            scales=self.max_scale * raw_scales.sigmoid(),
            opacities=raw_opacities.squeeze(-1).sigmoid(),
            colors=raw_colors.sigmoid(),
        )

    def scales_at_limit(self, gaussians: Gaussians) -> Float[Tensor, ""]:
        """Compute the fraction of scales that are at their limit.

        Args:
            gaussians: Predicted by `forward`, possibly scaled by `with_perspective_size`.

        Returns:
            A fraction, without a graph.
        """
        return (gaussians.scales.detach() > AT_LIMIT * self.max_scale).float().mean()


def _attend_to_neighbors(block: nn.Module) -> None:
    """Initialize an attention layer with equal maps to queries and keys.

    Its weights then fall with the distance of the position embeddings, so that from the first step
    the patches around a Gaussian determine it (design choice).
    """
    to_queries, to_keys, _ = block.state_dict()["attn.qkv.weight"].chunk(3)
    to_queries.copy_(to_keys)


def _random_queries(config: GMAEConfig) -> Float[Tensor, "k width"]:
    """One normal vector for all queries plus a uniform one for each (Video-GMAE's code)."""
    shared = 0.02 * torch.randn(1, config.decoder.width)
    return shared + torch.rand(config.queries, config.decoder.width)


def _grid_queries(config: GMAEConfig) -> Float[Tensor, "k width"]:
    """Position embeddings of the queries' places, with a little noise (design choice)."""
    width, count = config.decoder.width, config.queries
    places = (low_discrepancy_grid(count) + 1) / 2 * config.side - 0.5
    embeddings = sincos_embedding(places, width)
    return 0.02 * torch.randn(count, width) + embeddings


def _grid_start(config: GMAEConfig) -> Float[Tensor, "gaussians 14"]:
    """Centers spread over the frame, small scales, the rest neutral."""
    count = config.gaussians
    depths = 1.8 * torch.rand(count, 1) - 0.9
    if config.depth_start == "equal":
        depths *= EQUAL_DEPTHS
    centers = torch.cat([0.98 * _initial_places(config), depths], dim=-1).atanh()
    scales = torch.full((count, 3), INITIAL_SCALE_LOGIT)
    return torch.cat([centers, scales, torch.zeros(count, NUM_CHANNELS - 6)], dim=-1)


def _initial_places(config: GMAEConfig) -> Float[Tensor, "gaussians 2"]:
    """Places of the queries, around which their Gaussians share the query's part of the frame."""
    queries, per_query = config.queries, config.gaussians_per_query
    around = low_discrepancy_grid(per_query) / queries**0.5
    centered = repeat(around - around.mean(0), "m two -> (k m) two", k=queries)
    grid = repeat(low_discrepancy_grid(queries), "k two -> (k m) two", m=per_query)
    return (grid + centered).clamp(-1, 1)
