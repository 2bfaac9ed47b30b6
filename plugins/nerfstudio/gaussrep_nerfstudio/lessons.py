"""What an image encoder says of nerfstudio's training pictures."""

from collections.abc import Iterator
from typing import Any

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor

from gaussrep.encoders import build_teacher
from gaussrep.errors import ConfigError
from gaussrep.fitting.distillation import FeatureTargets, compute_feature_targets
from gaussrep_nerfstudio.fit_config import encoder_config
from gaussrep_nerfstudio.model_config import GaussrepModelConfig


def lessons_of(
    config: GaussrepModelConfig, pictures: list[dict[str, Any]], device: torch.device
) -> FeatureTargets:
    """Encode all training pictures, once, in the order of their numbers.

    Args:
        config: Names the encoder.
        pictures: What the data manager keeps of each, with `image` and `image_idx`.
        device: Where to.

    Raises:
        ConfigError: If more channels are wanted than the encoder has.
    """
    encoder = build_teacher(encoder_config(config)).to(device)
    if config.feature_channels > encoder.width:
        raise ConfigError(
            f"feature_channels is {config.feature_channels}, but the encoder {config.encoder} has "
            f"{encoder.width}; wanted no more."
        )
    ordered = sorted(pictures, key=lambda picture: picture["image_idx"])
    return compute_feature_targets(encoder, _images(ordered, device), config.feature_channels)


def _images(
    pictures: list[dict[str, Any]], device: torch.device
) -> Iterator[Float[Tensor, "3 _ _"]]:
    """Over black where they are transparent."""
    for picture in pictures:
        image = picture["image"].to(device)
        values = image / 255 if image.dtype == torch.uint8 else image
        opaque = values[..., :3] * values[..., 3:] if values.shape[-1] == 4 else values
        yield rearrange(opaque, "h w c -> c h w")
