"""Distillation of an image encoder's features into a scene's Gaussians."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from einops import einsum, rearrange
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d, cosine_similarity

from gaussrep import ImageEncoder
from gaussrep.encoders import build_teacher
from gaussrep.errors import ConfigError
from gaussrep_nerfstudio.fit_config import encoder_config

if TYPE_CHECKING:
    from gaussrep_nerfstudio.model_config import GaussrepModelConfig


@dataclass(frozen=True, eq=False)
class FeatureTargets:
    """Maps of short feature vectors, one map per image.

    The encoder's vectors are projected to the directions of largest second moment about zero, not
    about their mean, so that angles between the short vectors approximate those between the long
    ones. Design choice.

    Args:
        maps: One per image, [rows, columns, C].
        axes: The orthonormal directions, [D, C].
    """

    maps: tuple[Float[Tensor, "_ _ c"], ...]
    axes: Float[Tensor, "d c"]


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


@torch.no_grad()
def compute_feature_targets(
    encoder: ImageEncoder, images: Iterable[Float[Tensor, "3 _ _"]], channels: int
) -> FeatureTargets:
    """Encode images one after the other.

    Args:
        encoder: Frozen.
        images: RGB in [0, 1], on the encoder's device; their sizes may differ.
        channels: Length C of the short vectors; no more than the encoder's.

    Returns:
        The maps of the images.
    """
    long = [encoder.checked(image[None])[0].float() for image in images]
    products = [einsum(each, each, "r c d, r c e -> d e") for each in long]
    axes = torch.linalg.eigh(torch.stack(products).sum(0)).eigenvectors.flip(-1)[:, :channels]
    axes = axes * axes.gather(0, axes.abs().argmax(0, keepdim=True)).sign()
    return FeatureTargets(tuple(each @ axes for each in long), axes)


def feature_error(
    rendered: Float[Tensor, "h w c"], target: Float[Tensor, "rows columns c"]
) -> Float[Tensor, ""]:
    """Compute one minus the cosine between features, averaged over the cells of the target.

    Args:
        rendered: Features of a view; each cell takes the mean over its pixels.
        target: The encoder's map of the view.

    Returns:
        A scalar in [0, 2].
    """
    rows, columns = target.shape[:2]
    cells = adaptive_avg_pool2d(rearrange(rendered, "h w c -> c h w"), (rows, columns))
    return 1 - cosine_similarity(cells, rearrange(target, "r c d -> d r c"), dim=0).mean()
