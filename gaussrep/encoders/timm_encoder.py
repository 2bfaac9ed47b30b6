"""The encoder `timm`: the last feature map of a timm model."""

from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor

from gaussrep.encoders.encoder import ImageEncoder
from gaussrep.encoders.hub import hub_downloads
from gaussrep.encoders.resizing import resize_images, resize_to_patch_grid
from gaussrep.encoders.teacher_config import TimmConfig
from gaussrep.errors import ConfigError, UnavailableError, UntrustedError


@dataclass(frozen=True, slots=True)
class TimmModel:
    """A timm model without its classifier, and its input requirements.

    Attributes:
        network: The model.
        cell: Side in pixels of the cell of the last feature map.
        only_size: Height and width of its fixed input size; None for any size.
        mean: RGB to subtract from images in [0, 1].
        std: RGB to divide by after that.
    """

    network: Any
    cell: int
    only_size: tuple[int, int] | None
    mean: tuple[float, float, float]
    std: tuple[float, float, float]

    @classmethod
    def create(cls, name: str, *, pretrained: bool) -> "TimmModel":
        """Create a model, with a dynamic input size if it supports one.

        Args:
            name: Name for `timm.create_model`.
            pretrained: Load its weights, from the disk or the network.

        Returns:
            The model.

        Raises:
            UntrustedError: It is downloaded, and not trusted.
            UnavailableError: There is no such model, or its weights cannot be loaded.
        """
        from timm.data.config import resolve_data_config

        network, flexible = _create(name, pretrained=pretrained)
        facts = network.pretrained_cfg
        inputs = resolve_data_config(pretrained_cfg=facts)
        fixed = facts.get("fixed_input_size", False) and not flexible
        return cls(
            network=network,
            cell=network.feature_info[-1]["reduction"],
            only_size=tuple(inputs["input_size"][1:]) if fixed else None,
            mean=tuple(inputs["mean"]),
            std=tuple(inputs["std"]),
        )


def _create(name: str, *, pretrained: bool) -> tuple[Any, bool]:
    import timm

    try:
        with hub_downloads(name) if pretrained or ":" in name else nullcontext():
            try:
                network = timm.create_model(
                    name, pretrained=pretrained, num_classes=0, dynamic_img_size=True
                )
                return network, True
            except TypeError:  # the model has no such argument
                return timm.create_model(name, pretrained=pretrained, num_classes=0), False
    except UntrustedError:
        raise
    except Exception as error:  # whatever timm and the hub's client raise
        raise UnavailableError(_sentence(name, timm.__version__, error)) from error


def _sentence(name: str, version: str, error: Exception) -> str:
    reason = " ".join(str(error).split())[:200]
    return (
        f"timm {version} cannot give the model {name!r} ({type(error).__name__}: {reason}); check "
        "the name with timm.list_models(), and if there is no network give local-dir:FOLDER "
        "with the model's config.json and model.safetensors, or take type=statistics, which needs "
        "no weights"
    )


class TimmEncoder(ImageEncoder):
    """The last feature map of a timm model; for transformers, the patch tokens after the last norm.

    Class and register tokens are dropped. Models with a dynamic input size get images resized to
    whole cells; others get images of their fixed input size.

    Args:
        config: Name of the model, pretrained weights, size of the images.

    Raises:
        UnavailableError: There is no such model, or its weights cannot be loaded.
        ConfigError: It has no feature map, or its input size is fixed and another is configured.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, config: TimmConfig) -> None:
        super().__init__()
        self.config = config
        model = TimmModel.create(config.model, pretrained=config.pretrained)
        if model.only_size is not None and config.image_side is not None:
            height, width = model.only_size
            raise ConfigError(
                f"image_side is {config.image_side}, but the timm model {config.model!r} takes "
                f"images of {height} x {width} pixels only; leave image_side out"
            )
        self.network = model.network
        self._cell, self._only_size = model.cell, model.only_size
        self.register_buffer("mean", torch.tensor(model.mean).view(3, 1, 1))
        self.register_buffer("std", torch.tensor(model.std).view(3, 1, 1))
        self._width = self._measured_width()

    @property
    def width(self) -> int:
        """Length of a feature vector."""
        return self._width

    def forward(
        self, images: Float[Tensor, "batch 3 height width"]
    ) -> Float[Tensor, "batch rows columns channels"]:
        """Encode a batch of images, normalized as in the model's pretraining.

        Args:
            images: RGB in [0, 1].

        Returns:
            One vector per cell.
        """
        if self._only_size is not None:
            sized = resize_images(images, *self._only_size)
        else:
            sized = resize_to_patch_grid(images, self._cell, self.config.image_side)
        maps = self.network.forward_intermediates(
            (sized - self.mean) / self.std,
            indices=1,
            norm=True,
            output_fmt="NCHW",
            intermediates_only=True,
        )
        return rearrange(maps[-1], "b c rows columns -> b rows columns c")

    @torch.no_grad()
    def _measured_width(self) -> int:
        """Width of the map of one small image."""
        self.network.eval()
        try:
            return self(torch.zeros(1, 3, self._cell, self._cell)).shape[-1]
        except (AttributeError, NotImplementedError) as error:
            raise ConfigError(
                f"the timm model {self.config.model!r} gives no feature map "
                "(forward_intermediates); take another model"
            ) from error
