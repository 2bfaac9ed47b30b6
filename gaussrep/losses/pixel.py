"""The core's losses between images and feature maps."""

from abc import abstractmethod
from functools import cache
from types import ModuleType

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn import functional

from gaussrep.losses.config import L1SSIMConfig, SmoothL1Config
from gaussrep.losses.loss import (
    Loss,
    LossOutput,
    PixelLoss,
    check_shapes,
    mask_out,
    mean_error,
)
from gaussrep.metrics.structural_similarity import ssim_map


class MSE(PixelLoss):
    """Mean squared error over the channels of all pixels that count.

    Examples:
        >>> import torch
        >>> MSE()(torch.zeros(2, 2, 3), torch.full((2, 2, 3), 0.5)).item()
        0.25
    """

    def errors(
        self,
        prediction: Float[Tensor, "*batch height width channels"],
        target: Float[Tensor, "*batch height width channels"],
        mask: Bool[Tensor, "*batch height width"] | None = None,
    ) -> Float[Tensor, "*batch height width channels"]:
        """Compute (prediction - target)² of each channel; see the base class."""
        return _difference(prediction, target, mask).square()


class L1(PixelLoss):
    """Mean absolute error over the channels of all pixels that count.

    Examples:
        >>> import torch
        >>> L1()(torch.zeros(2, 2, 3), torch.full((2, 2, 3), 0.5)).item()
        0.5
    """

    def errors(
        self,
        prediction: Float[Tensor, "*batch height width channels"],
        target: Float[Tensor, "*batch height width channels"],
        mask: Bool[Tensor, "*batch height width"] | None = None,
    ) -> Float[Tensor, "*batch height width channels"]:
        """Compute |prediction - target| of each channel; see the base class."""
        return _difference(prediction, target, mask).abs()


class SmoothL1(PixelLoss):
    """Quadratic for errors below `beta` and linear above, as `torch.nn.SmoothL1Loss`.

    Args:
        config: `beta`.

    Examples:
        >>> import torch
        >>> loss = SmoothL1(SmoothL1Config(beta=1.0))
        >>> loss(torch.zeros(2, 2, 3), torch.full((2, 2, 3), 0.5)).item()
        0.125
    """

    def __init__(self, config: SmoothL1Config) -> None:
        super().__init__()
        self.beta = config.beta

    def errors(
        self,
        prediction: Float[Tensor, "*batch height width channels"],
        target: Float[Tensor, "*batch height width channels"],
        mask: Bool[Tensor, "*batch height width"] | None = None,
    ) -> Float[Tensor, "*batch height width channels"]:
        """Compute the smooth absolute error of each channel; see the base class."""
        difference = _difference(prediction, target, mask)
        zero = difference.new_zeros(()).expand_as(difference)
        return functional.smooth_l1_loss(difference, zero, reduction="none", beta=self.beta)


class SimilarityLoss(PixelLoss):
    """One minus a similarity that is 1 where a pixel of both images is the same."""

    @abstractmethod
    def similarity(
        self,
        prediction: Float[Tensor, "*batch height width channels"],
        target: Float[Tensor, "*batch height width channels"],
    ) -> Float[Tensor, "*batch height width parts"]:
        """Compute the similarity of each pixel.

        Args:
            prediction: As in `forward`.
            target: Target of the same shape.

        Returns:
            At most 1, per channel or per pixel.
        """

    def errors(
        self,
        prediction: Float[Tensor, "*batch height width channels"],
        target: Float[Tensor, "*batch height width channels"],
        mask: Bool[Tensor, "*batch height width"] | None = None,
    ) -> Float[Tensor, "*batch height width parts"]:
        """Compute one minus the similarity of each pixel; see the base class."""
        check_shapes(prediction, target, mask)
        found = self.similarity(mask_out(prediction, mask), mask_out(target, mask))
        return mask_out(1 - found, mask)

    def forward(
        self,
        prediction: Float[Tensor, "*batch height width channels"],
        target: Float[Tensor, "*batch height width channels"],
        mask: Bool[Tensor, "*batch height width"] | None = None,
    ) -> Float[Tensor, ""]:
        """Compute one minus the mean similarity; see the base class."""
        return self.with_terms(prediction, target, mask).loss

    def with_terms(
        self,
        prediction: Float[Tensor, "*batch height width channels"],
        target: Float[Tensor, "*batch height width channels"],
        mask: Bool[Tensor, "*batch height width"] | None = None,
    ) -> LossOutput:
        """Compute the loss and the mean `similarity`; see the base class."""
        if mask is not None:
            loss = mean_error(self.errors(prediction, target, mask), mask)
            return LossOutput(loss, {"similarity": 1 - loss.detach()})
        check_shapes(prediction, target, mask)
        mean = self.similarity(prediction, target).mean()
        return LossOutput(1 - mean, {"similarity": mean.detach()})


class Cosine(SimilarityLoss):
    """One minus the cosine between the vectors of each pixel.

    Examples:
        >>> import torch
        >>> Cosine()(torch.ones(2, 2, 3), torch.full((2, 2, 3), -2.0)).item()
        2.0
    """

    def similarity(
        self,
        prediction: Float[Tensor, "*batch height width channels"],
        target: Float[Tensor, "*batch height width channels"],
    ) -> Float[Tensor, "*batch height width 1"]:
        """Compute the cosine of each pixel's two vectors; see the base class."""
        return functional.cosine_similarity(prediction, target, dim=-1)[..., None]


class SSIM(SimilarityLoss):
    """One minus the structural similarity (Wang et al. 2004); see `gaussrep.metrics.ssim_map`.

    Pixels that do not count are black in both images, where windows of the others reach them.

    Examples:
        >>> import torch
        >>> SSIM()(torch.ones(8, 8, 3), torch.ones(8, 8, 3)).item()
        0.0
    """

    def similarity(
        self,
        prediction: Float[Tensor, "*batch height width channels"],
        target: Float[Tensor, "*batch height width channels"],
    ) -> Float[Tensor, "*batch height width channels"]:
        """Compute the SSIM index of each channel; see the base class."""
        flat = [images.flatten(0, -4) for images in (prediction[None], target[None])]
        index = ssim_map(*(images.permute(0, 3, 1, 2) for images in flat))
        return index.permute(0, 2, 3, 1).reshape(prediction.shape)


class L1SSIM(Loss):
    """(1 - λ) L1 + λ (1 - SSIM), the loss of 3DGS (Kerbl et al. 2023, equation 7).

    The paper calls its second term D-SSIM; its code computes 1 - SSIM, as this does.

    Args:
        config: The weight λ.
    """

    def __init__(self, config: L1SSIMConfig) -> None:
        super().__init__()
        self.weight = config.ssim_weight
        self.l1, self.ssim = L1(), SSIM()

    def forward(
        self,
        prediction: Float[Tensor, "*batch height width channels"],
        target: Float[Tensor, "*batch height width channels"],
        mask: Bool[Tensor, "*batch height width"] | None = None,
    ) -> Float[Tensor, ""]:
        """Compute the weighted sum of both terms; see the base class."""
        return self.with_terms(prediction, target, mask).loss

    def with_terms(
        self,
        prediction: Float[Tensor, "*batch height width channels"],
        target: Float[Tensor, "*batch height width channels"],
        mask: Bool[Tensor, "*batch height width"] | None = None,
    ) -> LossOutput:
        """Compute the loss, the mean absolute error `l1` and the mean index `ssim`.

        SSIM is neither computed nor among the terms if its weight is 0. In float32 on the CPU,
        compiled kernels compute both, equal to torch's operations up to rounding.
        """
        if not self.weight:
            l1 = self.l1(prediction, target, mask)
            return LossOutput(l1, {"l1": l1.detach()})
        check_shapes(prediction, target, mask)
        images = mask_out(prediction, mask), mask_out(target, mask)
        is_plain = all(each.is_cpu and each.dtype == torch.float32 for each in images)
        fused = _fused() if is_plain and not torch.compiler.is_compiling() else None
        if fused is not None and fused.is_supported(*images):
            loss, l1, index = fused.l1_ssim(*images, self.weight, mask)
            return LossOutput(loss, {"l1": l1, "ssim": index})
        l1, rest = self.l1(*images, mask), self.ssim(*images, mask)
        loss = (1 - self.weight) * l1 + self.weight * rest
        return LossOutput(loss, {"l1": l1.detach(), "ssim": 1 - rest.detach()})


@cache
def _fused() -> ModuleType | None:
    """Import the kernels if they can run; compiled code uses torch's operations instead."""
    try:
        from gaussrep.losses import l1_ssim
    except (ImportError, OSError):  # of Numba
        return None
    return l1_ssim


def _difference(prediction: Tensor, target: Tensor, mask: Tensor | None) -> Tensor:
    check_shapes(prediction, target, mask)
    return mask_out(prediction - target, mask)
