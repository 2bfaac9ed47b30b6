"""Corrections of single views that are learned with the scene: exposure and pose.

Their mean over the fitted views is zero by construction, so that neither the scene's colors nor its
place drift, and views without a correction, such as held-out ones, show the mean.

Gains of color are not learned by the gradient of the image loss. While Gaussians are transparent,
at first and after each reset of opacities, an image is too dark by an amount that depends on the
direction of the view: that gradient blames the exposure, the scene then fits what the exposure
leaves, and the error stays. Gains follow a balance instead: the mean captured color of what is
rendered opaque over its mean rendered color. Transparency cancels in it, and edges that are not yet
sharp do not change it. Design choice.
"""

from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from gaussrep.cameras import Cameras
from gaussrep.fitting.calibration import rigid_motion
from gaussrep.fitting.posed_images import PosedImages
from gaussrep.losses.pixel import mask_out
from gaussrep.rendering import Rendering
from gaussrep.training.optimization import warmup_cosine

GAINS, MIXING, OFFSETS, FALLOFF = slice(0, 3), slice(3, 9), slice(9, 12), slice(12, 14)
"""Columns of a view's exposure."""
MINOR = 0.1
"""Unit of mixing and offsets, which are learned slower than gains by this factor; design choice."""
BALANCE_STEP = 0.5
"""Fraction of the way to its balance that the gain of a view in a step goes at first; it falls as
half a cosine, as the learning rate of the other columns does. Design choice."""
EXPOSURE_FLOOR = 0.01
"""Where that half cosine ends; design choice."""
FAINT = 1e-3
"""Mean color added to both sides of the balance, so that nearly empty views keep their gain; design
choice."""
OFF_DIAGONAL = ((0, 1), (0, 2), (1, 0), (1, 2), (2, 0), (2, 1))
TURN, OFFSET = slice(0, 3), slice(3, 6)
"""Columns of a view's pose."""


class ViewParameters(nn.Module):
    """A row of parameters for every fitted view, used relative to the mean row.

    Loading the weights of another number of views resizes the module.

    Attributes:
        values: The rows before the mean is subtracted, 0 at first, [V, K].

    Args:
        views: Number of fitted views.
        columns: Parameters of a view.
    """

    def __init__(self, views: int, columns: int) -> None:
        super().__init__()
        self.values = nn.Parameter(torch.zeros(views, columns))

    def centered(self) -> Float[Tensor, "v k"]:
        """Compute the rows relative to their mean.

        No gradient flows through the mean: Adam would make steps of the rows of all views from
        the small part that the view of a step has in it.

        Returns:
            Rows whose mean is 0 up to rounding.
        """
        return self.values - self.values.mean(0).detach()

    def penalty(self) -> Float[Tensor, ""]:
        """Compute the mean square of the rows relative to their mean.

        Returns:
            A scalar.
        """
        return self.centered().square().mean()

    def _load_from_state_dict(
        self, state_dict: dict[str, Tensor], prefix: str, *args: Any, **kwargs: Any
    ) -> None:
        saved = state_dict.get(f"{prefix}values")
        if saved is not None and saved.shape[1:] == self.values.shape[1:]:
            self.values.data = self.values.data.new_zeros(saved.shape)
        super()._load_from_state_dict(state_dict, prefix, *args, **kwargs)


class Exposure(ViewParameters):
    """An affine map of color for every fitted view, with a falloff toward the corners on request.

    The map holds logarithms of gains and, in units of 0.1, six factors that mix channels and three
    offsets. The falloff is exp(k₁ r² + k₂ r⁴) with the distance r from the image center, 1 at the
    corners. Design choice. No gradient flows to the gains, see `move_gains`.

    Args:
        views: Number of fitted views.
        vignetting: Whether there is a falloff.
    """

    def __init__(self, views: int, *, vignetting: bool) -> None:
        super().__init__(views, FALLOFF.stop if vignetting else OFFSETS.stop)

    def forward(
        self,
        color: Float[Tensor, "v h w 3"],
        alpha: Float[Tensor, "v h w"],
        background: Float[Tensor, " 3"],
        views: Int[Tensor, " v"],
    ) -> Float[Tensor, "v h w 3"]:
        """Expose rendered images as those of the capture; the background stays as it is.

        Args:
            color: RGB over the background.
            alpha: Opacity.
            background: RGB behind the scene.
            views: Which of the fitted views the images show.

        Returns:
            RGB over the background.
        """
        rows = self.centered()[views]
        gains, others = rows.tensor_split((GAINS.stop,), dim=1)
        rows = torch.cat([gains.detach(), others], dim=1)
        behind = (1 - alpha)[..., None] * background
        scene = color - behind
        if rows.shape[1] > FALLOFF.start:
            scene = scene * _falloff(rows[:, FALLOFF], *color.shape[1:3])[..., None]
        mapped = torch.einsum("vij,vhwj->vhwi", _color_matrices(rows), scene)
        return mapped + MINOR * alpha[..., None] * rows[:, None, None, OFFSETS] + behind

    def penalty(self) -> Float[Tensor, ""]:
        """Compute the mean square of all columns but the gains, relative to the mean row.

        Returns:
            A scalar.
        """
        return self.centered()[:, GAINS.stop :].square().mean()

    @torch.no_grad()
    def move_gains(
        self, views: Int[Tensor, " v"], balances: Float[Tensor, "v 3"], factor: float = 1.0
    ) -> None:
        """Move the gains of views toward their balance.

        Args:
            views: Which of the fitted views.
            balances: What `measure_balance` found for them.
            factor: Factor on `BALANCE_STEP`.
        """
        self.values[:, GAINS].index_add_(0, views, balances, alpha=factor * BALANCE_STEP)


@torch.no_grad()
def measure_balance(
    rendering: Rendering, images: PosedImages, background: Float[Tensor, " 3"]
) -> Float[Tensor, "v 3"]:
    """Compare the brightness of exposed views with that of the captured ones.

    Both sides are the colors of the scene, without the background. The captured ones are weighted
    by the rendered opacity and the rendered ones by the captured opacity, as if both were opaque.

    Args:
        rendering: Exposed views [V].
        images: The same views, captured.
        background: RGB behind the rendered scene.

    Returns:
        Logarithms of the gains that are missing.
    """
    weights = rendering.alpha[..., None]
    shown = rendering.color - (1 - weights) * background
    captured = weights * images.colors
    if images.alphas is not None:
        shown = shown * images.alphas[..., None]
    counted = (mask_out(each, images.masks) for each in (captured, shown))
    wanted, found = (each.mean((1, 2)).clamp_min(0) + FAINT for each in counted)
    return (wanted / found).log()


class PoseCorrections(ViewParameters):
    """A rotation and a translation in camera axes for every fitted view, after its pose.

    Args:
        views: Number of fitted views.
    """

    def __init__(self, views: int) -> None:
        super().__init__(views, OFFSET.stop)

    def forward(self, cameras: Cameras, views: Int[Tensor, " v"], extent: float) -> Cameras:
        """Correct cameras, with gradients to the correction.

        Args:
            cameras: Cameras of the capture, [V].
            views: Which of the fitted views they are.
            extent: Size of the scene in scene units, the unit of translations.

        Returns:
            The corrected cameras.
        """
        rows = self.centered()[views]
        motions = rigid_motion(rows[:, TURN], extent * rows[:, OFFSET])
        return cameras.replace(viewmats=motions @ cameras.viewmats)


def half_cosine(step: int, steps: int) -> float:
    """Compute the factor on the rates of exposures.

    Args:
        step: The step about to be made, from 0.
        steps: Total number of steps.

    Returns:
        A factor that falls from 1 to `EXPOSURE_FLOOR`.
    """
    return warmup_cosine(step, steps=steps, warmup=0, floor=EXPOSURE_FLOOR)


def _color_matrices(rows: Float[Tensor, "v k"]) -> Float[Tensor, "v 3 3"]:
    matrices = torch.diag_embed(rows[:, GAINS].exp())
    mixing = rows.new_zeros(len(OFF_DIAGONAL), 3, 3)
    for number, (row, column) in enumerate(OFF_DIAGONAL):
        mixing[number, row, column] = 1
    return matrices + MINOR * torch.einsum("vk,kij->vij", rows[:, MIXING], mixing)


def _falloff(coefficients: Float[Tensor, "v 2"], height: int, width: int) -> Float[Tensor, "v h w"]:
    y = (2 * torch.arange(height, device=coefficients.device) + 1 - height) / height
    x = (2 * torch.arange(width, device=coefficients.device) + 1 - width) / width
    square = (y[:, None].square() + x.square()) / 2
    first, second = coefficients[:, :, None, None].unbind(1)
    return (first * square + second * square.square()).exp()
