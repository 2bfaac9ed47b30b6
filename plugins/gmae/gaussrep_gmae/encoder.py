"""Vision transformers over the visible patches, their blocks, and public weights."""

from collections.abc import Iterable, Mapping, Sequence
from math import isqrt
from pathlib import Path

import timm  # noqa: TID253
import torch
from jaxtyping import Float, Int
from safetensors import SafetensorError
from safetensors.torch import load_file
from timm.models.vision_transformer import Block, VisionTransformer  # noqa: TID253
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from gaussrep import build
from gaussrep.encoders import MaskedImageEncoder, hub_downloads
from gaussrep.errors import ConfigError, UntrustedError
from gaussrep_gmae.config import MaskedConfig, TransformerConfig, ViTConfig
from gaussrep_gmae.position import sincos_grid_embedding

MEAN = (0.485, 0.456, 0.406)
"""ImageNet's mean color, which MAE subtracts."""
STD = (0.229, 0.224, 0.225)
"""ImageNet's standard deviations, by which MAE divides."""
TOLERANCE = 1e-4
"""Largest accepted difference of stored position embeddings from the formula (design choice; MAE's
differ by rounding)."""
MAX_NAMES = 3
"""Names of mismatched weights that an error message lists."""


class ViT(MaskedImageEncoder):
    """Vision transformer with fixed sine-cosine position embeddings, as in MAE.

    Args:
        config: Size of the transformer.
        image_size: Side of the square images in pixels.
        patch_size: Side of a patch in pixels.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, config: ViTConfig, image_size: int = 224, patch_size: int = 16) -> None:
        super().__init__(image_size, patch_size)
        self.config = config
        self.checkpointing = False
        self.vit = VisionTransformer(
            img_size=image_size,
            patch_size=patch_size,
            embed_dim=config.width,
            depth=config.depth,
            num_heads=config.heads,
            mlp_ratio=config.mlp_ratio,
            num_classes=0,
            global_pool="",
        )
        assert self.vit.cls_token is not None
        embedding = sincos_grid_embedding(image_size // patch_size, config.width)
        self.vit.pos_embed = nn.Parameter(embedding[None], requires_grad=False)
        self.register_buffer("mean", torch.tensor(MEAN).view(3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(STD).view(3, 1, 1), persistent=False)
        self.apply(initialize)
        nn.init.normal_(self.vit.cls_token, std=0.02)

    @property
    def width(self) -> int:
        """Channels per token."""
        return self.config.width

    def tokens(
        self,
        images: Float[Tensor, "b 3 s s"],
        visible: Int[Tensor, "b visible"] | None = None,
    ) -> Float[Tensor, "b tokens width"]:
        """Encode the class token and the visible patches.

        Args:
            images: RGB in [0, 1].
            visible: Indices of the visible patches; None for all patches.

        Returns:
            Latents: the class token first, then the patches in the order of `visible`.
        """
        vit = self.vit
        assert vit.pos_embed is not None
        assert vit.cls_token is not None
        assert isinstance(vit.blocks, nn.Sequential)
        tokens = vit.patch_embed((images - self.mean) / self.std) + vit.pos_embed[:, 1:]
        if visible is not None:
            tokens = tokens.gather(1, visible[..., None].expand(-1, -1, tokens.shape[-1]))
        first = (vit.cls_token + vit.pos_embed[:, :1]).expand(len(tokens), -1, -1)
        sequence = torch.cat([first, tokens], dim=1)
        return vit.norm(run_blocks(vit.blocks, sequence, self.checkpointing))

    def layers(self) -> Sequence[nn.Module]:
        """Return the trainable modules, from the input to the output.

        Returns:
            Patch embedding with the class token, each block, the last norm.
        """
        vit = self.vit
        assert vit.cls_token is not None
        assert isinstance(vit.blocks, nn.Sequential)
        stem = nn.ModuleList([vit.patch_embed, nn.ParameterList([vit.cls_token])])
        return [stem, *vit.blocks, vit.norm]

    def no_weight_decay(self) -> set[str]:
        """Return the class token, as timm does.

        Returns:
            Names as in `named_parameters`.
        """
        return {"vit.cls_token"}

    def load_pretrained(self, source: str | None = None) -> None:
        """Load the weights of a public masked autoencoder.

        Args:
            source: A `.safetensors` file or timm's name of weights; None loads nothing.

        Raises:
            ConfigError: The weights are unavailable or do not fit.
        """
        if source is not None:
            load_encoder_weights(self.vit, source)

    def checkpoint_activations(self) -> None:
        """Recompute the blocks' activations in the backward pass."""
        self.checkpointing = True


def build_encoder(config: MaskedConfig) -> MaskedImageEncoder:
    """Build the encoder of a method.

    Args:
        config: The method's configuration.

    Returns:
        A new encoder for the configured images.

    Raises:
        ConfigError: Its patches differ from the configured `patch_size`.
        PluginError: It is unavailable or broken.
    """
    sizes = {"image_size": config.image_size, "patch_size": config.patch_size}
    encoder: MaskedImageEncoder = build("encoders", config.encoder, **sizes)
    if encoder.patch_size != config.patch_size:
        raise ConfigError(
            f"method.patch_size is {config.patch_size}, but encoder {config.encoder.type!r} has "
            f"patches of {encoder.patch_size} pixels; set method.patch_size={encoder.patch_size}"
        )
    if config.checkpointing:
        encoder.checkpoint_activations()
    return encoder


def initialize(module: nn.Module) -> None:
    """Initialize a layer as MAE does: Xavier for linear layers and the patch embedding.

    Args:
        module: Any module; modules without a linear map are left unchanged.
    """
    if isinstance(module, nn.Linear | nn.Conv2d):
        nn.init.xavier_uniform_(module.weight.view(len(module.weight), -1))
        if module.bias is not None:
            nn.init.zeros_(module.bias)


def make_blocks(config: TransformerConfig) -> nn.Sequential:
    """Build the transformer blocks of a decoder.

    Args:
        config: Size of the transformer.

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
    """Run transformer blocks sequentially.

    Args:
        blocks: The blocks, in order.
        tokens: Input tokens.
        checkpointing: Keep only the input of each block, and recompute its activations in the
            backward pass.

    Returns:
        Output tokens.
    """
    if not (checkpointing and torch.is_grad_enabled()):
        return blocks(tokens)
    for block in blocks:
        tokens = checkpoint(block, tokens, use_reentrant=False)  # pyright: ignore[reportAssignmentType]
    return tokens


def load_encoder_weights(vit: nn.Module, source: str) -> None:
    """Load the weights of a public masked autoencoder into a vision transformer.

    Position embeddings are not loaded. Both models have the same fixed ones, which is checked, so
    the image size may differ from the one at which the weights were trained.

    Args:
        vit: timm's vision transformer without a classifier.
        source: A `.safetensors` file of a timm ViT, or timm's name of pretrained weights.

    Raises:
        ConfigError: The weights are unavailable or do not fit.
    """
    weights = _read(Path(source)) if source.endswith(".safetensors") else _download(source)
    _check_position_embedding(weights.pop("pos_embed", None), source)
    own = {name: tensor for name, tensor in vit.state_dict().items() if name != "pos_embed"}
    _check_weights(weights, own, source)
    for name, tensor in weights.items():
        if tensor.is_floating_point() and not tensor.isfinite().all():
            raise ConfigError(
                f"method.encoder_weights: {source} is damaged: {name} holds NaN or infinity."
            )
    vit.load_state_dict(weights, strict=False)


def _read(path: Path) -> dict[str, Tensor]:
    if not path.is_file():
        raise ConfigError(f"method.encoder_weights is {path}, but there is no such file.")
    try:
        return load_file(path)
    except (SafetensorError, OSError) as error:
        raise ConfigError(f"method.encoder_weights: {path} cannot be read: {error}.") from error


def _download(name: str) -> dict[str, Tensor]:
    if not timm.is_model_pretrained(name):
        raise ConfigError(
            f"method.encoder_weights is {name!r}, for which timm {timm.__version__} has no weights;"
            " expected a .safetensors file or a name such as vit_base_patch16_224.mae."
        )
    try:
        with hub_downloads(name):
            model = timm.create_model(name, pretrained=True, num_classes=0)
    except UntrustedError:
        raise
    except Exception as error:  # the hub's client raises many types when the network fails
        reason = " ".join(str(error).split())
        raise ConfigError(
            f"method.encoder_weights: timm cannot download {name!r}; get its .safetensors file "
            f"elsewhere and give its path ({type(error).__name__}: {reason[:200]})."
        ) from error
    return model.state_dict()


def _check_position_embedding(stored: Tensor | None, source: str) -> None:
    if stored is None:
        return
    side = isqrt(stored.shape[-2])
    fixed = sincos_grid_embedding(side, stored.shape[-1])
    if stored.shape != (1, *fixed.shape) or (stored - fixed).abs().max() > TOLERANCE:
        raise ConfigError(
            f"method.encoder_weights: {source} has position embeddings other than MAE's fixed "
            "ones; expected the weights of a masked autoencoder."
        )


def _check_weights(weights: Mapping[str, Tensor], own: Mapping[str, Tensor], source: str) -> None:
    shared = weights.keys() & own.keys()
    problems = {
        "missing": sorted(own.keys() - weights.keys()),
        "unexpected": sorted(weights.keys() - own.keys()),
        "of another shape": [
            f"{name} {list(weights[name].shape)} instead of {list(own[name].shape)}"
            for name in sorted(shared)
            if weights[name].shape != own[name].shape
        ],
    }
    if texts := [f"{what}: {_shortened(names)}" for what, names in problems.items() if names]:
        raise ConfigError(
            f"method.encoder_weights: {source} does not fit this encoder ({'; '.join(texts)}); "
            "set method.encoder and method.patch_size to those of the weights."
        )


def _shortened(names: Iterable[str]) -> str:
    every = list(names)
    more = f" and {len(every) - MAX_NAMES} more" if len(every) > MAX_NAMES else ""
    return ", ".join(every[:MAX_NAMES]) + more
