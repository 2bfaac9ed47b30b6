"""What GMAE and its MAE twin share: an encoder that sees a part of each image."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from gaussrep.errors import ShapeError
from gaussrep.methods.hidden_pixels import psnr
from gaussrep.methods.method import Batch, Embedding, Method, Reconstruction, StepOutput
from gaussrep_gmae.encoder import MaskedEncoder
from gaussrep_gmae.masked_config import MaskedConfig
from gaussrep_gmae.masking import masked_patches, mean_of, random_visible, to_pixels
from gaussrep_gmae.weights import load_encoder_weights


@dataclass(frozen=True, slots=True)
class Guess:
    """What a method makes of images of which it saw a part.

    Attributes:
        images: The images as it says them, in [0, 1].
        errors: Squared differences from what it had to say, per pixel and channel.
        metrics: Further scalars to log.
        penalty: What else the loss holds, per image; nothing where it is None.
    """

    images: Float[Tensor, "b 3 h w"]
    errors: Float[Tensor, "b h w 3"]
    metrics: dict[str, Tensor] = field(default_factory=dict)
    penalty: Float[Tensor, " b"] | None = None


C = TypeVar("C", bound=MaskedConfig)


class MaskedMethod(Method, Generic[C]):
    """Encodes some patches of an image and says the whole image; how, a subclass says.

    The encoder is built first and the mask drawn first, so that two such methods with one seed
    start from the same encoder and are shown the same patches.

    Args:
        config: The method's configuration.
    """

    config: C

    def __init__(self, config: C) -> None:
        super().__init__(config)
        self.encoder = MaskedEncoder(config)

    @abstractmethod
    def guess(self, images: Float[Tensor, "b 3 h w"], visible: Int[Tensor, "b visible"]) -> Guess:
        """Say whole images of which some patches are seen.

        Args:
            images: RGB in [0, 1].
            visible: Indices of the visible patches.

        Returns:
            The images and how far off they are.
        """

    def training_loss(self, batch: Batch) -> StepOutput:
        """Mean squared error on masked patches (paper), or on the whole image.

        Args:
            batch: `image`, [B, 3, S, S] in [0, 1].

        Returns:
            The loss; besides it the PSNR of the images in dB on masked pixels.
        """
        images = self.images_of(batch)
        visible = self.random_visible(len(images))
        guess = self.guess(images, visible)
        masked = self.masked_pixels(visible)
        counted = masked if self.config.loss == "masked" else torch.ones_like(masked)
        decibels = psnr(guess.images.detach(), images, masked).mean()
        loss = mean_of(guess.errors, counted).mean()
        if guess.penalty is not None:
            loss = loss + guess.penalty.mean()
        return StepOutput(loss, {"psnr": decibels, **guess.metrics})

    def reconstruct(self, batch: Batch) -> Reconstruction:
        """Mask images as in training and say them again; visible patches are said as well.

        Args:
            batch: `image`, [B, 3, S, S] in [0, 1].

        Returns:
            The images as the method says them, in [0, 1], and which pixels were masked.
        """
        images = self.images_of(batch)
        visible = self.random_visible(len(images))
        guess = self.guess(images, visible)
        return Reconstruction(guess.images, self.masked_pixels(visible))

    def embed(self, batch: Batch) -> Embedding:
        """Features of whole images, nothing masked.

        Args:
            batch: `image`, [B, 3, S, S] in [0, 1].

        Returns:
            Patch tokens after the encoder's last norm, row by row, and their mean.
        """
        tokens = self.encoder(self.images_of(batch))[:, 1:]
        return Embedding(tokens=tokens, pooled=tokens.mean(dim=1))

    def embedding_layers(self) -> Sequence[nn.Module]:
        """Name the encoder's parts.

        Returns:
            Patch embedding with the class token, each block, the last norm.
        """
        return self.encoder.layers()

    def load_first_weights(self) -> None:
        """Start the encoder from `encoder_weights`, where the configuration names some."""
        if self.config.encoder_weights is not None:
            load_encoder_weights(self.encoder.vit, self.config.encoder_weights)

    def no_weight_decay(self) -> set[str]:
        """Name the class token, as timm does."""
        return {"encoder.vit.cls_token"}

    def random_visible(self, images: int) -> Int[Tensor, "b visible"]:
        """Draw which patches are seen, at the configured mask ratio.

        Args:
            images: Batch size.

        Returns:
            Indices of the visible patches of each image.
        """
        config = self.config
        return random_visible(
            images, config.patches, config.visible_patches, self.encoder.mean.device
        )

    def masked_pixels(self, visible: Int[Tensor, "b visible"]) -> Bool[Tensor, "b h w"]:
        """Which pixels belong to masked patches.

        Args:
            visible: Indices of the visible patches.

        Returns:
            True where a pixel is masked.
        """
        return to_pixels(masked_patches(visible, self.config.patches), self.config.patch_size)

    def images_of(self, batch: Batch) -> Float[Tensor, "b 3 h w"]:
        """Take the images of a batch.

        Args:
            batch: `image`, [B, 3, S, S] in [0, 1].

        Returns:
            The images.

        Raises:
            ShapeError: They are of another size than the configuration says.
        """
        images, size = batch["image"], self.config.image_size
        if images.shape[1:] != (3, size, size):
            raise ShapeError(
                f"image has shape {list(images.shape)}, wanted [B, 3, {size}, {size}]; "
                "set data.size and method.image_size to the same number."
            )
        return images
