"""Settings that the methods of this distribution share (torch-free).

"Paper" marks what arXiv 2501.03229 and its project page state; where they are silent the value is
ours, often after the public code of the successor project Video-GMAE, and marked so.
"""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from gaussrep.config import ComponentConfig, Config

Count = Annotated[int, Field(ge=1)]


class TransformerConfig(Config):
    """Size of a transformer."""

    width: Count
    """Channels per token."""
    depth: Count
    """Number of blocks."""
    heads: Count
    """Attention heads per block; must divide the width."""
    mlp_ratio: float = Field(default=4.0, gt=0)
    """Hidden channels of a block's MLP, as a multiple of the width."""

    @model_validator(mode="after")
    def _check_heads(self) -> "TransformerConfig":
        if self.width % self.heads:
            raise ValueError(f"width {self.width} is not a multiple of heads {self.heads}")
        if self.width % 4:
            raise ValueError(f"width {self.width} is not a multiple of 4")
        return self


class MaskedConfig(ComponentConfig):
    """What GMAE and its MAE twin have in common; the defaults are the paper's ViT-Base model."""

    image_size: Count = 224
    """Side of the square input in pixels (ours; MAE's convention)."""
    patch_size: Count = 16
    """Side of a patch in pixels; must divide the image size (successor's code)."""
    encoder: TransformerConfig = TransformerConfig(width=768, depth=12, heads=12)
    """The vision transformer over visible patches (paper: ViT-Base)."""
    decoder: TransformerConfig = TransformerConfig(width=512, depth=8, heads=16)
    """The lighter transformer that says the image again (successor's code; MAE's as well)."""
    mask_ratio: float = Field(default=0.75, ge=0, lt=1)
    """Share of the patches that the encoder does not see (paper: 0.75 is best)."""
    loss: Literal["masked", "whole"] = "masked"
    """Compare pixels of masked patches only (paper: best), or of the whole image."""
    checkpointing: bool = False
    """Compute the blocks' activations again in the backward pass instead of keeping them: less
    memory, about a third more time, the same gradients."""
    encoder_weights: str | None = Field(default=None, min_length=1)
    """What the encoder of a new run starts from: a `.safetensors` file of a timm ViT, or the timm
    name of public MAE weights, such as `vit_base_patch16_224.mae`, which timm downloads."""

    @model_validator(mode="after")
    def _check_patches(self) -> "MaskedConfig":
        if self.image_size % self.patch_size:
            raise ValueError(
                f"patch_size {self.patch_size} does not divide image_size {self.image_size}"
            )
        if self.visible_patches < 1:
            raise ValueError(
                f"mask_ratio {self.mask_ratio} leaves none of {self.patches} patches visible"
            )
        return self

    @property
    def side(self) -> int:
        """Number of patches along a side of an image."""
        return self.image_size // self.patch_size

    @property
    def patches(self) -> int:
        """Number of patches of an image."""
        return self.side**2

    @property
    def visible_patches(self) -> int:
        """Number of patches that the encoder sees in training."""
        return int(self.patches * (1 - self.mask_ratio))
