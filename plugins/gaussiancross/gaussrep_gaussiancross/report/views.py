"""Real views of a scene next to rendered ones."""

import logging
from dataclasses import dataclass

import torch
from einops import rearrange, reduce, repeat
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import cosine_similarity

from gaussrep.embedding import PrincipalColors
from gaussrep.errors import UntrustedError
from gaussrep.methods import Batch
from gaussrep.metrics import psnr
from gaussrep.rendering import Rendering
from gaussrep.report import Panel, near_to_far
from gaussrep_gaussiancross import losses
from gaussrep_gaussiancross.head import GaussianField
from gaussrep_gaussiancross.method import GaussianCross
from gaussrep_gaussiancross.scene_batch import cameras_of

logger = logging.getLogger("gaussrep")


@dataclass(frozen=True, eq=False)
class ViewImages:
    """Images of one quantity, one per view.

    Attributes:
        title: Name of the quantity.
        images: RGB in [0, 1].
    """

    title: str
    images: Float[Tensor, "v h w 3"]

    def panels(self, shape: float) -> list[Panel]:
        """Make a panel of each image.

        Args:
            shape: Height of the panels divided by their width.

        Returns:
            One panel per view.
        """
        size = (Panel.SIDE, max(1, round(shape * Panel.SIDE)))
        return [Panel.from_pixels(self.title, image, size) for image in self.images]


NO_DEPTH = 0.88
"""Gray level where there is no depth."""

MAX_ERROR_QUANTILE = 0.95
"""Quantile of the errors that is drawn black, as are larger ones."""


@dataclass(frozen=True, eq=False)
class ViewDepths:
    """Depth of the views of a scene, in the units of its points.

    Attributes:
        measured: Measured depth, 0 where there is none.
        rendered: Rendered depth, 0 where there is none.
    """

    measured: Float[Tensor, "v h w"]
    rendered: Float[Tensor, "v h w"]

    def errors(self) -> Float[Tensor, " v"]:
        """Compute the mean absolute error of each view where depth was measured.

        Returns:
            One error per view; NaN where no depth was measured.
        """
        return self._errors().nanmean((1, 2))

    def images(self, unit: str) -> list[ViewImages]:
        """Draw both in the same colors, near bright and far dark, and their difference.

        Args:
            unit: Unit of lengths.

        Returns:
            Measured depth, rendered depth and error.
        """
        known = self.measured[self.measured > 0]
        low, high = known.aminmax() if len(known) else self.rendered.aminmax()
        return [
            ViewImages(f"depth {low:.1f} to {high:.1f} {unit}", _paint(self.measured, low, high)),
            ViewImages("rendered depth", _paint(self.rendered, low, high)),
            self._error_images(unit),
        ]

    def _errors(self) -> Tensor:
        return (self.rendered - self.measured).abs().where(self.measured > 0, torch.nan)

    def _error_images(self, unit: str) -> ViewImages:
        errors = self._errors()
        known = errors[errors.isfinite()]
        largest = (
            known.kthvalue(max(1, round(MAX_ERROR_QUANTILE * len(known)))).values
            if len(known)
            else 1.0
        )
        gray = (1 - errors / max(float(largest), 1e-6)).clamp_min(0).nan_to_num(NO_DEPTH)
        return ViewImages(f"error to {largest:.2f} {unit}", repeat(gray, "v h w -> v h w 3"))


def _paint(depths: Tensor, low: Tensor, high: Tensor) -> Tensor:
    colors = near_to_far((depths - low) / (high - low).clamp_min(1e-6))
    return torch.where((depths > 0).cpu()[..., None], colors, NO_DEPTH)


@dataclass(frozen=True, eq=False)
class ViewFeatures:
    """Feature maps of the views of a scene.

    Attributes:
        teacher: F*, the teacher's features.
        projected: F̂, rendered and projected features.
    """

    teacher: Float[Tensor, "v rows columns d"]
    projected: Float[Tensor, "v rows columns d"]

    @classmethod
    def of(cls, method: GaussianCross, batch: Batch, rendering: Rendering) -> "ViewFeatures | None":
        """Compute the teacher's features and the projected rendered ones.

        Args:
            method: The trained model.
            batch: One scene with views.
            rendering: The rendered views.

        Returns:
            Both feature maps; None if the method has no teacher, that is, no semantic weight, or
            with a warning if its teacher is not trusted.
        """
        if not method.config.semantic_weight:
            return None
        try:
            encode = method.teacher
        except UntrustedError as error:
            logger.warning("no features of the teacher are shown: %s", error)
            return None
        teacher = encode(rearrange(batch["images"], "1 v c h w -> v c h w"))
        assert rendering.features is not None
        return cls(teacher, method.projector(rendering.features, *teacher.shape[1:3]))

    def cosines(self) -> Float[Tensor, " v"]:
        """Compute the mean cosine of both in each view.

        Returns:
            One cosine per view.
        """
        return cosine_similarity(self.projected, self.teacher, dim=-1).mean((1, 2))

    def images(self) -> list[ViewImages]:
        """Color both by the teacher's principal components.

        Returns:
            The teacher's features and the rendered ones.
        """
        colors = PrincipalColors.of(
            rearrange(self.teacher, "v rows columns d -> (v rows columns) d")
        )
        return [
            ViewImages("teacher", colors.paint(self.teacher)),
            ViewImages("rendered features", colors.paint(self.projected)),
        ]


@dataclass(frozen=True)
class ViewReport:
    """One view of a scene.

    Attributes:
        frame: Number of the frame.
        panels: Real and rendered color; measured and rendered depth; depth error; the teacher's and
            rendered features if the method has a teacher; alpha.
        psnr: PSNR of the rendered color, in dB.
        baseline: PSNR of the view's mean color, in dB.
        depth_error: Mean depth error in the units of the points; NaN where no depth was measured.
        cosine: Mean cosine of rendered and the teacher's features; None without a teacher.
    """

    frame: int
    panels: list[Panel]
    psnr: float
    baseline: float
    depth_error: float
    cosine: float | None


def render_views(
    method: GaussianCross, batch: Batch, field: GaussianField, unit: str
) -> list[ViewReport]:
    """Render the views of a scene.

    Args:
        method: The trained model.
        batch: One scene with views.
        field: Gaussians of the scene.
        unit: Unit of lengths.

    Returns:
        One view per frame, all with the same color ranges.
    """
    rendering = method.render(field, cameras_of(batch))
    images = rearrange(batch["images"][0], "v c h w -> v h w c")
    depths = ViewDepths(batch["depths"][0], field.cuboid.denormalize_depth(rendering.depth)[0])
    features = ViewFeatures.of(method, batch, rendering)
    quantities = [
        *(ViewImages("real", images), ViewImages("rendered", rendering.color[0])),
        *depths.images(unit),
        *(features.images() if features else []),
        ViewImages("alpha", repeat(rendering.alpha[0], "v h w -> v h w 3")),
    ]
    shape = images.shape[1] / images.shape[2]
    rows = zip(*(quantity.panels(shape) for quantity in quantities), strict=True)
    numbers = zip(
        batch["frames"][0].tolist(),
        losses.psnr(rendering, batch["images"])[0].tolist(),
        _flat_psnr(images).tolist(),
        depths.errors().tolist(),
        features.cosines().tolist() if features else [None] * len(images),
        strict=True,
    )
    return [
        ViewReport(frame, list(panels), psnr, baseline, error, cosine)
        for panels, (frame, psnr, baseline, error, cosine) in zip(rows, numbers, strict=True)
    ]


def _flat_psnr(images: Float[Tensor, "v h w 3"]) -> Float[Tensor, " v"]:
    mean = reduce(images, "v h w c -> v 1 1 c", "mean")
    return psnr(mean.expand_as(images), images)
