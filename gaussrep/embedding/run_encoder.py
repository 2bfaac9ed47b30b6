"""The encoder `run`: a trained method as an image encoder."""

from math import isqrt

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor

from gaussrep.encoders.encoder import ImageEncoder
from gaussrep.encoders.resizing import resize_images
from gaussrep.encoders.teacher_config import RunEncoderConfig
from gaussrep.errors import CapabilityError, ConfigError
from gaussrep.methods.method import Method
from gaussrep.training.checkpoint import load_run


class RunEncoder(ImageEncoder):
    """The tokens in which a run's method embeds images, arranged as a square map.

    Images are stretched to the square that the method was trained on. The tokens must be those
    of a square grid, row by row, without a class token; GMAE's are.

    Args:
        config: Folder of the run, and the size of the images.

    Raises:
        RunError: The folder holds no run that can be loaded.
        ConfigError: Neither the configuration nor the method has an image size.
        CapabilityError: The method does not embed images, or its tokens form no square grid.
    """

    def __init__(self, config: RunEncoderConfig) -> None:
        super().__init__()
        self.config = config
        config.preflight()
        self.method = load_run(config.run)
        self._side = config.image_side or _image_size(self.method, config)
        self._width = self._measured_width()

    @property
    def width(self) -> int:
        """Length of a feature vector."""
        return self._width

    def forward(
        self, images: Float[Tensor, "batch 3 height width"]
    ) -> Float[Tensor, "batch rows columns channels"]:
        """Encode a batch of images.

        Args:
            images: RGB in [0, 1].

        Returns:
            One vector per token.
        """
        tokens = self.method.embed({"image": resize_images(images, self._side, self._side)}).tokens
        count = tokens.shape[1]
        rows = isqrt(count)
        if rows**2 != count:
            raise CapabilityError(
                f"{self.config.run} embeds an image as {count} tokens, which make no square grid; "
                "a run is an image encoder only if its tokens are those of one, such as GMAE's"
            )
        return rearrange(tokens, "b (rows columns) c -> b rows columns c", rows=rows)

    @torch.no_grad()
    def _measured_width(self) -> int:
        """Width of the map of one image."""
        try:
            return self(torch.zeros(1, 3, self._side, self._side)).shape[-1]
        except KeyError as error:
            raise CapabilityError(
                f"{self.config.run} embeds no images: its method needs {error} in a batch; give "
                "a run of a method of images"
            ) from error


def _image_size(method: Method, config: RunEncoderConfig) -> int:
    size = method.config.model_dump().get("image_size")
    if not isinstance(size, int):
        raise ConfigError(
            f"{config.run} is of the method {method.config.type!r}, which has no image_size; "
            "set image_side to the side in pixels of the images that it was trained on"
        )
    return size
