"""Feature targets: an image encoder's maps of nerfstudio's training images."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor

from gaussrep.encoders import build_teacher
from gaussrep.errors import ConfigError
from gaussrep_nerfstudio.distillation import FeatureTargets, compute_feature_targets
from gaussrep_nerfstudio.fit_config import encoder_config

if TYPE_CHECKING:
    from gaussrep_nerfstudio.model_config import GaussrepModelConfig


def encode_images(
    config: "GaussrepModelConfig", images: list[dict[str, Any]], device: torch.device
) -> FeatureTargets:
    """Encode all training images, once, in the order of their indices.

    Args:
        config: Settings of the encoder.
        images: Entries of the data manager's cache, with `image` and `image_idx`.
        device: Device of the encoder and the maps.

    Returns:
        One map per image.

    Raises:
        ConfigError: The settings require more channels than the encoder has.
    """
    encoder = build_teacher(encoder_config(config), trust=config.encoder_trust).to(device)
    if config.feature_channels > encoder.width:
        raise ConfigError(
            f"feature_channels is {config.feature_channels}, but the encoder {config.encoder} has "
            f"{encoder.width}; expected no more."
        )
    ordered = sorted(images, key=lambda image: image["image_idx"])
    return compute_feature_targets(encoder, _tensors(ordered, device), config.feature_channels)


def _tensors(
    images: list[dict[str, Any]], device: torch.device
) -> Iterator[Float[Tensor, "3 _ _"]]:
    """RGB in [0, 1], over black where an image is transparent."""
    for entry in images:
        image = entry["image"].to(device)
        values = image / 255 if image.dtype == torch.uint8 else image
        opaque = values[..., :3] * values[..., 3:] if values.shape[-1] == 4 else values
        yield rearrange(opaque, "h w c -> c h w")
