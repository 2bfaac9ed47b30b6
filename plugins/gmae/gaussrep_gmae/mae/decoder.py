"""The transformer that says the pixels of every patch (He et al., arXiv 2111.06377)."""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from gaussrep_gmae.blocks import make_blocks, run_blocks
from gaussrep_gmae.encoder import initialize
from gaussrep_gmae.mae.config import MAEConfig
from gaussrep_gmae.position import patch_places, place_code


class PatchDecoder(nn.Module):
    """Self-attention over visible latents and one mask token in the place of each masked patch.

    Args:
        config: The method's configuration.
    """

    places: Tensor

    def __init__(self, config: MAEConfig) -> None:
        super().__init__()
        width = config.decoder.width
        self.checkpointing = config.checkpointing
        self.embed = nn.Linear(config.encoder.width, width)
        self.mask_token = nn.Parameter(0.02 * torch.randn(1, 1, width))
        places = place_code(patch_places(config.side), width)
        self.register_buffer("places", places, persistent=False)
        self.blocks = make_blocks(config.decoder)
        self.norm = nn.LayerNorm(width, eps=1e-6)
        self.linear = nn.Linear(width, 3 * config.patch_size**2)
        self.apply(initialize)

    def forward(
        self, latents: Float[Tensor, "b tokens width"], visible: Int[Tensor, "b visible"]
    ) -> Float[Tensor, "b patches values"]:
        """What every patch shows.

        Args:
            latents: Class token and visible patches, from the encoder.
            visible: Indices of those patches.

        Returns:
            Patches row by row, the visible ones among them, float32; in each the pixels row by
            row, channels last.
        """
        tokens = self.embed(latents)
        first, seen = tokens[:, :1], tokens[:, 1:]
        grid = self.mask_token.to(seen.dtype).expand(len(seen), len(self.places), -1)
        grid = grid.scatter(1, visible[..., None].expand_as(seen), seen)
        sequence = torch.cat([first, grid + self.places], dim=1)
        said = run_blocks(self.blocks, sequence, self.checkpointing)
        return self.linear(self.norm(said)[:, 1:]).float()
