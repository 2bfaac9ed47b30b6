"""The vision transformer that sees the visible patches."""

from collections.abc import Sequence

import torch
from jaxtyping import Float, Int
from timm.models.vision_transformer import VisionTransformer  # noqa: TID253
from torch import Tensor, nn

from gaussrep_gmae.blocks import run_blocks
from gaussrep_gmae.masked_config import MaskedConfig
from gaussrep_gmae.position import grid_code

MEAN = (0.485, 0.456, 0.406)
"""ImageNet's mean color, which MAE subtracts."""
STD = (0.229, 0.224, 0.225)
"""ImageNet's standard deviations, by which MAE divides."""


class MaskedEncoder(nn.Module):
    """A timm vision transformer that may be shown a part of the patches only, as in MAE.

    Args:
        config: The method's configuration.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, config: MaskedConfig) -> None:
        super().__init__()
        self.checkpointing = config.checkpointing
        self.vit = VisionTransformer(
            img_size=config.image_size,
            patch_size=config.patch_size,
            embed_dim=config.encoder.width,
            depth=config.encoder.depth,
            num_heads=config.encoder.heads,
            mlp_ratio=config.encoder.mlp_ratio,
            num_classes=0,
            global_pool="",
        )
        assert self.vit.cls_token is not None
        code = grid_code(config.side, config.encoder.width)
        self.vit.pos_embed = nn.Parameter(code[None], requires_grad=False)
        self.register_buffer("mean", torch.tensor(MEAN).view(3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(STD).view(3, 1, 1), persistent=False)
        self.apply(initialize)
        nn.init.normal_(self.vit.cls_token, std=0.02)

    def forward(
        self,
        images: Float[Tensor, "b 3 h w"],
        visible: Int[Tensor, "b visible"] | None = None,
    ) -> Float[Tensor, "b tokens width"]:
        """Latents of the class token and of the visible patches.

        Args:
            images: RGB in [0, 1].
            visible: Indices of the patches to look at; all of them where it is None.

        Returns:
            The class token first, then the patches in the order of `visible`.
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
        """Name all that learns, from the input to the output.

        Returns:
            Patch embedding with the class token, each block, the last norm.
        """
        vit = self.vit
        assert vit.cls_token is not None
        assert isinstance(vit.blocks, nn.Sequential)
        stem = nn.ModuleList([vit.patch_embed, nn.ParameterList([vit.cls_token])])
        return [stem, *vit.blocks, vit.norm]


def initialize(module: nn.Module) -> None:
    """MAE's start: Xavier for linear layers, the patch embedding among them."""
    if isinstance(module, nn.Linear | nn.Conv2d):
        nn.init.xavier_uniform_(module.weight.view(len(module.weight), -1))
        if module.bias is not None:
            nn.init.zeros_(module.bias)
