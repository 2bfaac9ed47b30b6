"""Transformer blocks in a row, with or without keeping their activations."""

import torch
from jaxtyping import Float
from timm.models.vision_transformer import Block  # noqa: TID253
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from gaussrep_gmae.masked_config import TransformerConfig


def make_blocks(config: TransformerConfig) -> nn.Sequential:
    """Build the blocks of a decoder, as those of timm's vision transformer.

    Args:
        config: Their size.

    Returns:
        timm's blocks with a bias in query, key and value.
    """
    return nn.Sequential(
        *(
            Block(config.width, config.heads, config.mlp_ratio, qkv_bias=True)
            for _ in range(config.depth)
        )
    )


def run_blocks(
    blocks: nn.Sequential, tokens: Float[Tensor, "b l width"], checkpointing: bool
) -> Float[Tensor, "b l width"]:
    """Send tokens through blocks.

    Args:
        blocks: The blocks, in order.
        tokens: What goes in.
        checkpointing: Keep only what goes into each block, and compute the rest again in the
            backward pass.

    Returns:
        What comes out.
    """
    if not (checkpointing and torch.is_grad_enabled()):
        return blocks(tokens)
    for block in blocks:
        tokens = checkpoint(block, tokens, use_reentrant=False)  # pyright: ignore[reportAssignmentType]
    return tokens
