"""Settings of GMAE (torch-free).

"Paper" marks what arXiv 2501.03229 and its project page state; where they are silent the value is
ours, often after the public code of the successor project Video-GMAE, and marked so.
"""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from gaussrep.config import ComponentConfig, Config, component

Count = Annotated[int, Field(ge=1)]


class TransformerConfig(Config):
    """Size of a transformer."""

    width: Count
    """Channels per token."""
    depth: Count
    """Number of blocks."""
    heads: Count
    """Attention heads per block; must divide the width."""

    @model_validator(mode="after")
    def _check_heads(self) -> "TransformerConfig":
        if self.width % self.heads:
            raise ValueError(f"width {self.width} is not a multiple of heads {self.heads}")
        if self.width % 4:
            raise ValueError(f"width {self.width} is not a multiple of 4")
        return self


class GMAEConfig(ComponentConfig):
    """Settings of the `gmae` method; the defaults are the paper's ViT-Base model."""

    image_size: Count = 224
    """Side of the square input in pixels (ours; MAE's convention)."""
    patch_size: Count = 16
    """Side of a patch in pixels; must divide the image size (successor's code)."""
    encoder: TransformerConfig = TransformerConfig(width=768, depth=12, heads=12)
    """The vision transformer over visible patches (paper: ViT-Base)."""
    decoder: TransformerConfig = TransformerConfig(width=512, depth=8, heads=16)
    """The transformer over visible latents and queries (successor's code)."""
    gaussians: Count = 256
    """Number of learnable queries k, one Gaussian each; free of the patch count (paper)."""
    mask_ratio: float = Field(default=0.75, ge=0, lt=1)
    """Share of the patches that the encoder does not see (paper: 0.75 is best)."""
    max_scale: float = Field(default=1.0, gt=0)
    """Limit c of a Gaussian's scale (paper: 1 is best); c = 1 is a standard deviation of 1/16 of
    the image's width (successor's camera)."""
    perspective_size: bool = False
    """Let nearer Gaussians appear larger, by 8/z with z in [7, 9]: the only path by which depth
    gets a gradient (successor's camera; off is ours)."""
    spread_start: bool = True
    """Start with small Gaussians spread evenly over the frame, each query knowing its place and
    attending to the patches around it (ours); otherwise whatever a random decoder emits (paper)."""
    loss: Literal["masked", "whole"] = "masked"
    """Compare pixels of masked patches only (paper: best), or of the whole image."""
    background: Literal["white", "black"] = "white"
    """What lies behind the Gaussians (paper's pictures: white)."""
    renderer: Annotated[ComponentConfig, component("renderers", auto=True)] = Field(
        default="auto", validate_default=True
    )  # pyright: ignore[reportAssignmentType]
    """Who draws."""

    @model_validator(mode="after")
    def _check_patches(self) -> "GMAEConfig":
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
    def patches(self) -> int:
        """Number of patches of an image."""
        return (self.image_size // self.patch_size) ** 2

    @property
    def visible_patches(self) -> int:
        """Number of patches that the encoder sees in training."""
        return int(self.patches * (1 - self.mask_ratio))
