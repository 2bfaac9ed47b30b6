"""The three weighted losses of the paper, and the metrics of rendered views."""

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor, nn

from gaussrep import build
from gaussrep.losses import Loss
from gaussrep.metrics import depth_error as mean_depth_error
from gaussrep.metrics import psnr as image_psnr
from gaussrep.rendering import Rendering
from gaussrep_gaussiancross.config import GaussianCrossConfig


class RenderingLosses(nn.Module):
    """Weighted losses of color, depth and features: λ₁ L_img, λ₂ L_dep and λ₃ L_sem (paper).

    Each one is a registered loss: `color_loss`, `depth_loss` and `semantic_loss` of the settings.

    Args:
        config: The losses and their weights.
    """

    def __init__(self, config: GaussianCrossConfig) -> None:
        super().__init__()
        self.config = config
        self.color: Loss = build("losses", config.color_loss)
        self.depth: Loss = build("losses", config.depth_loss)
        self.semantic: Loss = build("losses", config.semantic_loss)

    def color_loss(
        self, rendering: Rendering, images: Float[Tensor, "b v 3 h w"]
    ) -> Float[Tensor, ""]:
        """Compare rendered and real colors, over all pixels.

        Args:
            rendering: Rendered views.
            images: Real views, RGB in [0, 1].

        Returns:
            λ₁ L_img.
        """
        loss = self.color(rendering.color, rearrange(images, "b v c h w -> b v h w c"))
        return self.config.color_weight * loss

    def depth_loss(
        self, rendering: Rendering, depths: Float[Tensor, "b v h w"]
    ) -> Float[Tensor, ""]:
        """Compare rendered and measured depth.

        Pixels without measured depth do not count; a scene's loss is the mean over its other
        pixels, and the result the mean over scenes (design choices).

        Args:
            rendering: Rendered views, with expected depth.
            depths: Measured depth in the same units; 0 where there is none.

        Returns:
            λ₂ L_dep.
        """
        pairs = zip(rendering.depth[..., None], depths[..., None], depths > 0, strict=True)
        loss = torch.stack([self.depth(*each) for each in pairs]).mean()
        return self.config.depth_weight * loss

    def semantic_loss(
        self,
        prediction: Float[Tensor, "n rows columns d"],
        target: Float[Tensor, "n rows columns d"],
    ) -> Float[Tensor, ""]:
        """Compare projected rendered features with the teacher's.

        Args:
            prediction: Projected rendered features F̂.
            target: The teacher's features F*.

        Returns:
            λ₃ L_sem.
        """
        return self.config.semantic_weight * self.semantic(prediction, target)


def psnr(rendering: Rendering, images: Float[Tensor, "b v 3 h w"]) -> Float[Tensor, "b v"]:
    """Compute the peak signal-to-noise ratio of the rendered colors of each view.

    Args:
        rendering: Rendered views.
        images: Real views, RGB in [0, 1].

    Returns:
        PSNR in dB, at most 100.
    """
    return image_psnr(rendering.color.clamp(0, 1), rearrange(images, "b v c h w -> b v h w c"))


def depth_error(
    rendering: Rendering, depths: Float[Tensor, "b v h w"], scale: Float[Tensor, " b"]
) -> Float[Tensor, ""]:
    """Compute the mean absolute depth error where depth was measured.

    Args:
        rendering: Rendered views, with expected depth in cuboid units.
        depths: Measured depth in cuboid units; 0 where there is none.
        scale: Cuboid units per unit of the points.

    Returns:
        The mean over scenes, in the units of the points.
    """
    errors = [
        mean_depth_error(*each) for each in zip(rendering.depth, depths, depths > 0, strict=True)
    ]
    return (torch.stack(errors) / scale).mean()
