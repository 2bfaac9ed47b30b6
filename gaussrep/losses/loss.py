"""The interface of losses between images."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from gaussrep.checks import check_shape
from gaussrep.metrics.image import masked_mean


@dataclass(frozen=True, slots=True, eq=False)
class LossOutput:
    """A loss and its terms.

    Attributes:
        loss: Scalar to minimize.
        terms: Terms of the loss by name, detached, for logging.
    """

    loss: Float[Tensor, ""]
    terms: Mapping[str, Float[Tensor, ""]] = field(default_factory=dict)


class Loss(nn.Module, ABC):
    """Compares predictions, channels last as in `Rendering`, with targets."""

    @abstractmethod
    def forward(
        self,
        prediction: Float[Tensor, "*batch height width channels"],
        target: Float[Tensor, "*batch height width channels"],
        mask: Bool[Tensor, "*batch height width"] | None = None,
    ) -> Float[Tensor, ""]:
        """Compute the loss.

        Args:
            prediction: Images, usually RGB in [0, 1], or feature maps.
            target: Target of the same shape.
            mask: True where a pixel counts; None counts all. The other pixels influence neither the
                value nor the gradient.

        Returns:
            A scalar, averaged over the pixels that count; 0 where there are none.

        Raises:
            ShapeError: The shapes disagree.
        """

    def with_terms(
        self,
        prediction: Float[Tensor, "*batch height width channels"],
        target: Float[Tensor, "*batch height width channels"],
        mask: Bool[Tensor, "*batch height width"] | None = None,
    ) -> LossOutput:
        """Compute the loss and its terms together.

        Args:
            prediction: As in `forward`.
            target: As in `forward`.
            mask: As in `forward`.

        Returns:
            The loss as `forward` computes it; a loss of one term has no `terms`.

        Raises:
            ShapeError: The shapes disagree.
        """
        return LossOutput(self(prediction, target, mask))

    def mean_of_images(
        self,
        prediction: Float[Tensor, "*batch height width channels"],
        target: Float[Tensor, "*batch height width channels"],
        mask: Bool[Tensor, "*batch height width"] | None = None,
    ) -> LossOutput:
        """Compute the loss of each image and average over images, if it has errors per pixel.

        Images of which few pixels count then weigh as much as others. Other losses are computed of
        all images together.

        Args:
            prediction: As in `forward`.
            target: As in `forward`.
            mask: As in `forward`.

        Returns:
            The loss and its terms.

        Raises:
            ShapeError: The shapes disagree.
        """
        return self.with_terms(prediction, target, mask)


class PixelLoss(Loss):
    """A loss with one error per pixel, averaged over pixels and channels."""

    @abstractmethod
    def errors(
        self,
        prediction: Float[Tensor, "*batch height width channels"],
        target: Float[Tensor, "*batch height width channels"],
        mask: Bool[Tensor, "*batch height width"] | None = None,
    ) -> Float[Tensor, "*batch height width parts"]:
        """Compute the error of each pixel, for callers that average in their own way.

        Args:
            prediction: As in `forward`.
            target: As in `forward`.
            mask: As in `forward`.

        Returns:
            Non-negative errors, one per channel, or one per pixel (C = 1) if the loss compares
            whole vectors; 0 where a pixel does not count.

        Raises:
            ShapeError: The shapes disagree.
        """

    def forward(
        self,
        prediction: Float[Tensor, "*batch height width channels"],
        target: Float[Tensor, "*batch height width channels"],
        mask: Bool[Tensor, "*batch height width"] | None = None,
    ) -> Float[Tensor, ""]:
        """Average `errors` over the pixels that count; see the base class."""
        return mean_error(self.errors(prediction, target, mask), mask)

    def mean_of_images(
        self,
        prediction: Float[Tensor, "*batch height width channels"],
        target: Float[Tensor, "*batch height width channels"],
        mask: Bool[Tensor, "*batch height width"] | None = None,
    ) -> LossOutput:
        """Average `errors` over each image, then over images; see the base class."""
        errors = self.errors(prediction, target, mask)
        return LossOutput(errors.mean() if mask is None else masked_mean(errors, mask).mean())


def check_shapes(prediction: Tensor, target: Tensor, mask: Tensor | None) -> None:
    """Check that a loss can compare its arguments.

    Args:
        prediction: [*batch, H, W, C].
        target: Should have the same shape.
        mask: Should have the shape [*batch, H, W].

    Raises:
        ShapeError: A shape is different.
    """
    check_shape("target", target, list(prediction.shape))
    if mask is not None:
        check_shape("mask", mask, list(prediction.shape[:-1]))


def mean_error(
    errors: Float[Tensor, "*batch height width parts"],
    mask: Bool[Tensor, "*batch height width"] | None,
) -> Float[Tensor, ""]:
    """Average errors over the pixels that count.

    Args:
        errors: 0 where a pixel does not count.
        mask: True where a pixel counts; None counts all.

    Returns:
        A scalar; 0 where no pixel counts.
    """
    if mask is None:
        return errors.mean()
    return errors.sum() / (mask.sum() * errors.shape[-1]).clamp_min(1)


def mask_out(values: Float[Tensor, "*batch c"], mask: Bool[Tensor, "*batch"] | None) -> Tensor:
    """Set pixels that do not count to 0, with zero gradient even where a value there is NaN.

    Args:
        values: One vector per pixel.
        mask: True where a pixel counts; None changes nothing.

    Returns:
        Values of the same shape.
    """
    return values if mask is None else torch.where(mask[..., None], values, 0)
