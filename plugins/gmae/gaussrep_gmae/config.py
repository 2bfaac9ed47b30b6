"""Settings of the `gmae` and `mae` methods (torch-free).

Each description names its source: "paper" is arXiv 2501.03229 with its project page, "Video-GMAE"
is the public code of the successor project, and "design choice" is neither.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from gaussrep import plugins
from gaussrep.config import ComponentConfig, Config, component
from gaussrep.encoders import require_trusted_weights
from gaussrep.errors import ConfigError

Count = Annotated[int, Field(ge=1)]


OTHER_WEIGHTS = (".bin", ".ckpt", ".npz", ".pt", ".pth")
"""Suffixes of weights in formats that are not read."""

OLD_LOSSES = {"masked": "masked", "whole": "all"}
"""Loss region by the old value of `loss`, before `loss` named a loss."""


class TransformerConfig(Config):
    """Size of a transformer."""

    width: Count
    """Channels per token; a multiple of `heads` and of 4."""
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


class ViTConfig(TransformerConfig, ComponentConfig):
    """Settings of the `vit` encoder; the defaults are ViT-Base."""

    width: Count = 768
    """Channels per token; a multiple of `heads` and of 4."""
    depth: Count = 12
    """Number of blocks."""
    heads: Count = 12
    """Attention heads per block; must divide the width."""


class TimmViTConfig(ComponentConfig):
    """Settings of the `timm-vit` encoder."""

    name: str = Field(default="vit_small_patch16_224", min_length=1)
    """Name of a vision transformer, as in `timm.create_model`."""
    pretrained: bool = False
    """Start a new run from timm's pretrained weights."""

    def preflight(self) -> None:
        """Check that the model may be downloaded or read.

        Raises:
            UntrustedError: It is not trusted.
        """
        if self.pretrained or ":" in self.name:
            require_trusted_weights(self.name)


def _encodes_visible_patches(encoder: plugins.Component) -> bool:
    return "visible_patches" in encoder.record.capabilities


def _vit_by_default(encoder: Any) -> Any:
    """Name the encoder of settings that give sizes only."""
    if isinstance(encoder, Mapping) and "type" not in encoder:
        return {"type": "vit", **encoder}
    return encoder


class MaskedConfig(ComponentConfig):
    """Settings that GMAE and MAE share; the defaults are the paper's ViT-Base model."""

    image_size: Count = 224
    """Side of the square input image in pixels (design choice; MAE's convention)."""
    patch_size: Count = 16
    """Side of a patch in pixels; must divide the image size (Video-GMAE)."""
    encoder: Annotated[ComponentConfig, component("encoders"), BeforeValidator(_vit_by_default)] = (
        ViTConfig(type="vit")
    )
    """Encoder of the visible patches (paper: ViT-Base): any image encoder with the capability
    `visible_patches`; settings without a type are those of `vit`."""
    decoder: TransformerConfig = TransformerConfig(width=512, depth=8, heads=16)
    """Lighter transformer that reconstructs the image (Video-GMAE; also MAE's)."""
    mask_ratio: float = Field(default=0.75, ge=0, lt=1)
    """Fraction of the patches hidden from the encoder (paper: 0.75 is best)."""
    loss: Annotated[ComponentConfig, component("losses")] = ComponentConfig(type="mse")
    """Loss between the predicted and the target image (paper: `mse`)."""
    loss_region: Literal["masked", "all"] = "masked"
    """Pixels that the loss compares: those of masked patches (paper: best), or all."""
    target: Literal["plain", "normalized"] = "plain"
    """Target of the loss: colors in [0, 1] (paper: best for GMAE), or each patch normalized by its
    own mean and standard deviation, MAE's stronger setting, whose negative values GMAE's renderings
    cannot reach."""
    checkpointing: bool = False
    """Recompute the transformer blocks' activations in the backward pass instead of keeping them:
    less memory, about a third more time, the same gradients."""
    encoder_weights: str | None = Field(default=None, min_length=1)
    """Initial weights of the encoder of a new run: a `.safetensors` file of a timm ViT, or the timm
    name of public MAE weights, such as `vit_base_patch16_224.mae`, which timm downloads."""

    @model_validator(mode="before")
    @classmethod
    def _read_old_loss(cls, data: Any) -> Any:
        """Read the loss `masked` or `whole` of an older run, which named the region."""
        if not isinstance(data, Mapping):
            return data
        loss = data.get("loss")
        name = loss.get("type") if isinstance(loss, Mapping) else loss
        region = OLD_LOSSES.get(name) if isinstance(name, str) else None
        if region is None:
            return data
        rest = {key: value for key, value in data.items() if key != "loss"}
        return {"loss_region": region, **rest}

    @field_validator("encoder")
    @classmethod
    def _check_encoder(cls, encoder: ComponentConfig) -> ComponentConfig:
        if _encodes_visible_patches(plugins.find("encoders", encoder.type)):
            return encoder
        known = [c.name for c in plugins.list("encoders") if _encodes_visible_patches(c)]
        raise ValueError(
            f"{encoder.type!r} cannot encode visible patches only; expected one of "
            f"{', '.join(known)}"
        )

    @model_validator(mode="after")
    def _check_patches(self) -> "MaskedConfig":
        if self.image_size % self.patch_size:
            below = self.side * self.patch_size
            sizes = [size for size in (below, below + self.patch_size) if size]
            raise ValueError(
                f"patch_size {self.patch_size} does not divide image_size {self.image_size}; "
                f"give image_size={' or '.join(map(str, sizes))}"
            )
        if self.visible_patches < 1:
            raise ValueError(
                f"mask_ratio {self.mask_ratio} leaves none of {self.patches} patches visible"
            )
        return self

    def preflight(self) -> None:
        """Check that the initial weights are there or may be downloaded.

        Raises:
            ConfigError: The file is missing, or of another format.
            UntrustedError: The weights are downloaded, and their name is not trusted.
        """
        source = self.encoder_weights
        if source is None:
            return
        file = Path(source)
        if file.suffix == ".safetensors" and not file.is_file():
            raise ConfigError(f"method.encoder_weights is {source}, but there is no such file.")
        if file.suffix in OTHER_WEIGHTS or file.is_dir():
            raise ConfigError(
                f"method.encoder_weights is {source}; expected a .safetensors file or a name such "
                "as vit_base_patch16_224.mae"
            )
        if file.suffix != ".safetensors":
            require_trusted_weights(source)

    @property
    def side(self) -> int:
        """Number of patches along one side of an image."""
        return self.image_size // self.patch_size

    @property
    def patches(self) -> int:
        """Number of patches of an image."""
        return self.side**2

    @property
    def visible_patches(self) -> int:
        """Number of patches that the encoder receives in training."""
        return int(self.patches * (1 - self.mask_ratio))


class GMAEConfig(MaskedConfig):
    """Settings of the `gmae` method; the defaults are the paper's ViT-Base model."""

    queries: Count = 256
    """Number of learnable queries k, independent of the number of patches (paper; 256 is
    Video-GMAE's)."""
    gaussians_per_query: Count = 1
    """Gaussians per query m: k·m in all, at the attention cost of k (Video-GMAE's
    `scale_vocab`)."""
    max_scale: float = Field(default=1.0, gt=0)
    """Upper bound c of a Gaussian's scale (paper: 1 is best); c = 1 is a standard deviation of 1/16
    of the image's width (Video-GMAE's camera)."""
    perspective_size: bool = False
    """Scale Gaussians by 8/z, with z in [7, 9], so that nearer ones appear larger: the only way in
    which the image loss gives depth a gradient (Video-GMAE's camera; off is a design choice)."""
    border_prior: float = Field(default=0.0, ge=0)
    """Weight of the boundary-prior depth loss: the mean squared difference between the rendered
    depth and a label-free target that assumes pixels colored like the image border to be background
    (design choice; 0.05 does well)."""
    other_views_weight: float = Field(default=1.0, ge=0)
    """Weight of the squared error on the other views of a scene, for data that has any
    (`data.views=2`): the Gaussians that are predicted from one masked image must explain them, so
    depth gets a gradient by parallax (design choice)."""
    true_depth_weight: float = Field(default=0.0, ge=0)
    """Weight of the squared difference between rendered and true depth, standardized in each image,
    for data with `depth`: supervision (design choice)."""
    depth_start: Literal["spread", "equal"] = "spread"
    """Initial depths with `spread_start`: random over the cube, or all near its center, for
    training with a gradient for depth (design choice)."""
    spread_start: bool = True
    """Initialize with small Gaussians spread evenly over the frame, each query with the position
    embedding of its position and attending to the patches around it (design choice); if false, with
    the output of a randomly initialized decoder (paper)."""
    background: Literal["white", "black", "learned"] = "white"
    """Background color behind the Gaussians (paper's figures: white); `learned` is one trainable
    color for all images (design choice)."""
    renderer: Annotated[ComponentConfig, component("renderers", auto=True)] = Field(
        default="auto", validate_default=True
    )  # pyright: ignore[reportAssignmentType]
    """Renderer of the Gaussians."""

    @property
    def gaussians(self) -> int:
        """Number of Gaussians of an image, k·m."""
        return self.queries * self.gaussians_per_query


class MAEConfig(MaskedConfig):
    """Settings of the `mae` method; the defaults are MAE's ViT-Base model."""
