"""Masked autoencoding, as GMAE and MAE share it: patch masks, the encoder and the loss."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Generic, TypeVar

import torch
from einops import rearrange, repeat
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from gaussrep import build
from gaussrep.errors import ShapeError
from gaussrep.losses import Loss
from gaussrep.methods import (
    Batch,
    Embedding,
    Method,
    Reconstruction,
    StepOutput,
    sample_seeds,
    sample_uniform,
)
from gaussrep.metrics import psnr
from gaussrep_gmae.config import MaskedConfig
from gaussrep_gmae.encoder import build_encoder
from gaussrep_gmae.patches import Normalization, to_images, to_patches


@dataclass(frozen=True, slots=True)
class MaskedPrediction:
    """Images predicted from their visible patches.

    Attributes:
        images: Predicted images in [0, 1], to show and to measure.
        prediction: Output that the loss compares with `target`.
        target: Target of the loss.
        metrics: Further scalars to log.
        penalty: Further loss term per image; None for no such term.
    """

    images: Float[Tensor, "b 3 h w"]
    prediction: Float[Tensor, "b h w 3"]
    target: Float[Tensor, "b h w 3"]
    metrics: dict[str, Tensor] = field(default_factory=dict)
    penalty: Float[Tensor, " b"] | None = None


C = TypeVar("C", bound=MaskedConfig)


class MaskedMethod(Method, Generic[C]):
    """Encode the visible patches of an image and predict the whole image.

    The encoder is built first and the mask drawn first, so that two such methods with one seed
    start from the same encoder and receive the same visible patches.

    Args:
        config: The method's configuration.
    """

    config: C

    def __init__(self, config: C) -> None:
        super().__init__(config)
        self.encoder = build_encoder(config)
        self.loss: Loss = build("losses", config.loss)

    @abstractmethod
    def predict(self, batch: Batch, visible: Int[Tensor, "b visible"]) -> MaskedPrediction:
        """Predict whole images from their visible patches.

        Args:
            batch: `image`, [B, 3, S, S] in [0, 1].
            visible: Indices of the visible patches.

        Returns:
            The predicted images, and what the loss compares.
        """

    def prediction(
        self,
        predicted: Float[Tensor, "b 3 h w"],
        images: Float[Tensor, "b 3 h w"],
        metrics: Mapping[str, Tensor] | None = None,
        penalty: Float[Tensor, " b"] | None = None,
    ) -> MaskedPrediction:
        """Compare predicted values with the configured target.

        Args:
            predicted: Predicted values of the target.
            images: Input images, RGB in [0, 1].
            metrics: Further scalars to log.
            penalty: Further loss term per image.

        Returns:
            The prediction, its images clamped to [0, 1]. If the target is normalized, the images
            borrow mean and deviation of each patch from the input, masked patches included, so they
            look better than the prediction, and so does their PSNR.
        """
        target, shown = images, predicted
        if self.config.target == "normalized":
            size = self.config.patch_size
            patches = to_patches(images, size)
            normalization = Normalization.of(patches)
            target = to_images(normalization.apply(patches), size)
            shown = to_images(normalization.undo(to_patches(predicted, size)), size)
        predicted, target = (rearrange(each, "b c h w -> b h w c") for each in (predicted, target))
        return MaskedPrediction(shown.clamp(0, 1), predicted, target, dict(metrics or {}), penalty)

    def training_loss(self, batch: Batch) -> StepOutput:
        """Compute the loss on masked patches (paper), or on the whole image.

        A loss per pixel is averaged over each image first, and then over images.

        Args:
            batch: `image`, [B, 3, S, S] in [0, 1].

        Returns:
            The loss; as metrics the PSNR of the predicted images on masked pixels, in dB, and the
            terms of the loss.
        """
        images = self.input_images(batch)
        visible = self.random_visible(len(images), batch)
        prediction = self.predict(batch, visible)
        masked = self.masked_pixels(visible)
        region = masked if self.config.loss_region == "masked" else torch.ones_like(masked)
        output = self.loss.mean_of_images(prediction.prediction, prediction.target, region)
        loss = output.loss
        if prediction.penalty is not None:
            loss = loss + prediction.penalty.mean()
        decibels = psnr(prediction.images.detach(), images, masked, channel_dim=-3).mean()
        return StepOutput(loss, {"psnr": decibels, **output.terms, **prediction.metrics})

    def reconstruct(self, batch: Batch) -> Reconstruction:
        """Mask images as in training and reconstruct them, visible patches included.

        Args:
            batch: `image`, [B, 3, S, S] in [0, 1].

        Returns:
            The reconstructed images in [0, 1], and which pixels were masked.
        """
        images = self.input_images(batch)
        visible = self.random_visible(len(images), batch)
        prediction = self.predict(batch, visible)
        return Reconstruction(prediction.images, self.masked_pixels(visible))

    def embed(self, batch: Batch) -> Embedding:
        """Embed whole images, without a mask.

        Args:
            batch: `image`, [B, 3, S, S] in [0, 1].

        Returns:
            Patch tokens after the encoder's last norm, row by row, and their mean.
        """
        tokens = self.encoder.checked_tokens(self.input_images(batch))[:, 1:]
        return Embedding(tokens=tokens, pooled=tokens.mean(dim=1))

    def embedding_layers(self) -> Sequence[nn.Module]:
        """Return the encoder's layers.

        Returns:
            Modules from the input to the output.
        """
        return self.encoder.layers()

    def load_pretrained(self) -> None:
        """Load the encoder's weights from `encoder_weights`, or those that it names itself."""
        self.encoder.load_pretrained(self.config.encoder_weights)

    def no_weight_decay(self) -> set[str]:
        """Return the encoder's parameters without decay.

        Returns:
            Names as in `named_parameters`.
        """
        return {f"encoder.{name}" for name in self.encoder.no_weight_decay()}

    def random_visible(
        self, images: int, batch: Batch = MappingProxyType({})
    ) -> Int[Tensor, "b visible"]:
        """Draw the visible patches at the configured mask ratio.

        Args:
            images: Batch size.
            batch: The batch, whose `sample_seed` decides the patches of each image; without, they
                follow torch's global generator.

        Returns:
            Indices of the visible patches of each image.
        """
        seeds = sample_seeds(batch, images, self.device)
        return random_visible(seeds, self.config.patches, self.config.visible_patches)

    def masked_pixels(self, visible: Int[Tensor, "b visible"]) -> Bool[Tensor, "b h w"]:
        """Return the mask of the pixels in masked patches.

        Args:
            visible: Indices of the visible patches.

        Returns:
            True where a pixel is masked.
        """
        return upsample_mask(masked_patches(visible, self.config.patches), self.config.patch_size)

    def input_images(self, batch: Batch) -> Float[Tensor, "b 3 h w"]:
        """Return the images of a batch, their size checked.

        Args:
            batch: `image`, [B, 3, S, S] in [0, 1].

        Returns:
            The images.

        Raises:
            ShapeError: Their size is not the configured one.
        """
        images, size = batch["image"], self.config.image_size
        if images.shape[1:] != (3, size, size):
            raise ShapeError(
                f"image has shape {list(images.shape)}, expected [B, 3, {size}, {size}]; "
                "set data.image_size and method.image_size to the same number."
            )
        return images


def random_visible(
    seeds: Int[Tensor, " b"], patches: int, visible: int
) -> Int[Tensor, "b visible"]:
    """Draw patches without replacement, separately for each image.

    Args:
        seeds: Seed of each image.
        patches: Patches per image.
        visible: Patches to keep.

    Returns:
        Distinct indices, 0 to patches - 1, in random order.
    """
    places = torch.arange(patches, device=seeds.device)
    return sample_uniform(seeds[:, None], places).argsort(dim=-1)[:, :visible]


def masked_patches(visible: Int[Tensor, "b visible"], patches: int) -> Bool[Tensor, "b patches"]:
    """Return the mask of the patches that are not visible.

    Args:
        visible: Indices of the visible patches.
        patches: Patches per image.

    Returns:
        True where a patch is masked.
    """
    masked = torch.ones(len(visible), patches, dtype=torch.bool, device=visible.device)
    return masked.scatter(1, visible, False)


def upsample_mask(masked: Bool[Tensor, "b patches"], patch_size: int) -> Bool[Tensor, "b h w"]:
    """Upsample a mask of patches to the pixels of a square image.

    Args:
        masked: True where a patch is masked, row by row.
        patch_size: Side of a patch in pixels.

    Returns:
        True where a pixel is masked.
    """
    grid = rearrange(masked, "b (h w) -> b h w", h=round(masked.shape[1] ** 0.5))
    return repeat(grid, "b h w -> b (h p) (w q)", p=patch_size, q=patch_size)
