"""Vision transformers of timm, with timm's position embeddings and weights."""

from collections.abc import Sequence
from contextlib import nullcontext
from typing import Any

import timm  # noqa: TID253
import torch
from jaxtyping import Float, Int
from timm.data.config import resolve_data_config  # noqa: TID253
from timm.models.vision_transformer import VisionTransformer  # noqa: TID253
from torch import Tensor, nn

from gaussrep.encoders import MaskedImageEncoder, hub_downloads
from gaussrep.errors import ConfigError, UnavailableError, UntrustedError
from gaussrep_gmae.config import TimmViTConfig
from gaussrep_gmae.encoder import run_blocks


class TimmViT(MaskedImageEncoder):
    """Vision transformer of timm, with timm's initialization and position embeddings.

    Built with an `image_size`, as a method builds it, it starts from random weights until
    `load_pretrained`; built without, it has the size of timm's model and loads its weights at once.

    Args:
        config: Name of the model, and whether it has pretrained weights.
        image_size: Side of the square images in pixels; None for the model's own.
        patch_size: Ignored; the model has its own.

    Raises:
        UntrustedError: The model is downloaded, and not trusted.
        UnavailableError: timm has no such model, or its weights are unavailable.
        ConfigError: The model is not a vision transformer with square patches.
    """

    mean: Tensor
    std: Tensor

    def __init__(
        self, config: TimmViTConfig, image_size: int | None = None, patch_size: int | None = None
    ) -> None:
        sizes = {} if image_size is None else {"img_size": image_size}
        pretrained = config.pretrained and image_size is None
        vit = _create_vit(config.name, pretrained=pretrained, **sizes)
        super().__init__(vit.patch_embed.img_size[0], vit.patch_embed.patch_size[0])
        self.config = config
        self.checkpointing = False
        self.vit = vit
        data = resolve_data_config(model=vit)
        self.register_buffer("mean", torch.tensor(data["mean"]).view(3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(data["std"]).view(3, 1, 1), persistent=False)

    @property
    def width(self) -> int:
        """Channels per token."""
        return self.vit.embed_dim

    def tokens(
        self,
        images: Float[Tensor, "b 3 s s"],
        visible: Int[Tensor, "b visible"] | None = None,
    ) -> Float[Tensor, "b tokens width"]:
        """Encode the class token and the visible patches; register tokens are dropped.

        Models without a class token, such as SigLIP's, get the mean of the encoded patches in its
        place (design choice).

        Args:
            images: RGB in [0, 1].
            visible: Indices of the visible patches; None for all patches.

        Returns:
            Latents: the class token first, then the patches in the order of `visible`.
        """
        vit = self.vit
        assert isinstance(vit.blocks, nn.Sequential)
        tokens = vit._pos_embed(vit.patch_embed((images - self.mean) / self.std))
        prefix, patches = tokens.split([self._prefix, tokens.shape[1] - self._prefix], dim=1)
        if visible is not None:
            patches = patches.gather(1, visible[..., None].expand(-1, -1, patches.shape[-1]))
        sequence = vit.norm_pre(torch.cat([prefix, patches], dim=1))
        latents = vit.norm(run_blocks(vit.blocks, sequence, self.checkpointing))
        patches = latents[:, self._prefix :]
        first = latents[:, :1] if vit.has_class_token else patches.mean(1, keepdim=True)
        return torch.cat([first, patches], dim=1)

    def layers(self) -> Sequence[nn.Module]:
        """Return the trainable modules, from the input to the output.

        Returns:
            Patch and position embedding with the prefix tokens, each block, the last norm.
        """
        vit = self.vit
        assert isinstance(vit.blocks, nn.Sequential)
        learned = [p for p in (vit.cls_token, vit.reg_token, vit.pos_embed) if p is not None]
        stem = nn.ModuleList([vit.patch_embed, vit.norm_pre, nn.ParameterList(learned)])
        return [stem, *vit.blocks, vit.norm]

    def no_weight_decay(self) -> set[str]:
        """Return the parameters that timm exempts, such as the position embeddings.

        Returns:
            Names as in `named_parameters`.
        """
        names = {name for name, _ in self.vit.named_parameters()}
        return {f"vit.{name}" for name in names & set(self.vit.no_weight_decay())}

    def load_pretrained(self, source: str | None = None) -> None:
        """Load timm's pretrained weights, if the configuration asks for them.

        Args:
            source: Must be None; the configuration names the weights.

        Raises:
            ConfigError: A `source` is given.
            UnavailableError: The weights are unavailable.
        """
        super().load_pretrained(source)
        if self.config.pretrained:
            trained = _create_vit(self.config.name, pretrained=True, img_size=self.image_size)
            self.vit.load_state_dict(trained.state_dict())

    def checkpoint_activations(self) -> None:
        """Recompute the blocks' activations in the backward pass."""
        self.checkpointing = True

    @property
    def _prefix(self) -> int:
        """Number of class and register tokens."""
        return self.vit.num_prefix_tokens


def _create_vit(name: str, *, pretrained: bool, **sizes: Any) -> VisionTransformer:
    try:
        with hub_downloads(name) if pretrained or ":" in name else nullcontext():
            network = timm.create_model(
                name, pretrained=pretrained, num_classes=0, global_pool="", **sizes
            )
    except UntrustedError:
        raise
    except Exception as error:  # timm and the hub's client raise many types
        reason = " ".join(str(error).split())[:200]
        raise UnavailableError(
            f"timm {timm.__version__} cannot create {name!r} ({type(error).__name__}: {reason}); "
            "check the name with timm.list_models(), and without a network set pretrained=false"
        ) from error
    if not isinstance(network, VisionTransformer):
        raise ConfigError(
            f"the timm model {name!r} is a {type(network).__name__}, not a VisionTransformer; "
            "expected one such as vit_small_patch16_224"
        )
    return network
