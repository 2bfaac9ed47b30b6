"""Real views of a scene beside rendered ones."""

from dataclasses import dataclass

import torch
from einops import rearrange, reduce, repeat
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import cosine_similarity

from gaussrep.embedding import PrincipalColors
from gaussrep.methods.method import Batch
from gaussrep.metrics import psnr
from gaussrep.rendering import Rendering
from gaussrep.report.palette import near_to_far
from gaussrep.report.panel import SIZE, Panel
from gaussrep_gaussiancross import losses
from gaussrep_gaussiancross.head import GaussianField
from gaussrep_gaussiancross.method import GaussianCross
from gaussrep_gaussiancross.scene_batch import cameras_of


@dataclass(frozen=True, eq=False)
class Column:
    """Pictures of several views.

    Attributes:
        title: What they show.
        pictures: RGB in [0, 1].
    """

    title: str
    pictures: Float[Tensor, "v h w 3"]

    def panels(self, shape: float) -> list[Panel]:
        """Make a panel of each.

        Args:
            shape: Height by width of the panels.
        """
        size = (SIZE, max(1, round(shape * SIZE)))
        return [Panel.of(self.title, picture, size) for picture in self.pictures]


NOTHING = 0.88
"""Gray level where there is no depth."""

BLACK = 0.95
"""Quantile of the errors from which on they are black."""


@dataclass(frozen=True, eq=False)
class ViewDepths:
    """Depth of the views of a scene, in the units of its points.

    Attributes:
        real: Measured depth, 0 where there is none.
        said: Rendered depth, 0 where there is none.
    """

    real: Float[Tensor, "v h w"]
    said: Float[Tensor, "v h w"]

    def errors(self) -> Float[Tensor, " v"]:
        """Mean absolute error of each view where depth was measured; NaN where none was."""
        return self._errors().nanmean((1, 2))

    def columns(self, unit: str) -> list[Column]:
        """Draw both in the same colors, near bright and far dark, and their difference.

        Args:
            unit: Of lengths.
        """
        measured = self.real[self.real > 0]
        low, high = measured.aminmax() if len(measured) else self.said.aminmax()
        return [
            Column(f"depth {low:.1f} to {high:.1f} {unit}", _paint(self.real, low, high)),
            Column("rendered depth", _paint(self.said, low, high)),
            self._error_column(unit),
        ]

    def _errors(self) -> Tensor:
        return (self.said - self.real).abs().where(self.real > 0, torch.nan)

    def _error_column(self, unit: str) -> Column:
        errors = self._errors()
        known = errors[errors.isfinite()]
        most = known.kthvalue(max(1, round(BLACK * len(known)))).values if len(known) else 1.0
        ink = (1 - errors / max(float(most), 1e-6)).clamp_min(0).nan_to_num(NOTHING)
        return Column(f"error to {most:.2f} {unit}", repeat(ink, "v h w -> v h w 3"))


def _paint(depths: Tensor, low: Tensor, high: Tensor) -> Tensor:
    colors = near_to_far((depths - low) / (high - low).clamp_min(1e-6))
    return torch.where((depths > 0).cpu()[..., None], colors, NOTHING)


@dataclass(frozen=True, eq=False)
class ViewFeatures:
    """Feature maps of the views of a scene.

    Attributes:
        teacher: F*.
        said: F̂, rendered and projected.
    """

    teacher: Float[Tensor, "v rows columns d"]
    said: Float[Tensor, "v rows columns d"]

    @classmethod
    def of(cls, method: GaussianCross, batch: Batch, drawn: Rendering) -> "ViewFeatures":
        """Let a method's teacher and its projector speak.

        Args:
            method: With a teacher, that is, with a semantic weight.
            batch: One scene with views.
            drawn: What its Gaussians look like from there.
        """
        teacher = method.teacher(rearrange(batch["images"], "1 v c h w -> v c h w"))
        assert drawn.features is not None
        return cls(teacher, method.projector(drawn.features, *teacher.shape[1:3]))

    def cosines(self) -> Float[Tensor, " v"]:
        """Mean cosine of both in each view."""
        return cosine_similarity(self.said, self.teacher, dim=-1).mean((1, 2))

    def columns(self) -> list[Column]:
        """Draw both by the teacher's principal components."""
        colors = PrincipalColors.of(
            rearrange(self.teacher, "v rows columns d -> (v rows columns) d")
        )
        return [
            Column("teacher", colors.paint(self.teacher)),
            Column("rendered features", colors.paint(self.said)),
        ]


@dataclass(frozen=True)
class View:
    """One view of a scene.

    Attributes:
        frame: Its number.
        panels: Real and rendered color; real and rendered depth; error of depth; features of the
            teacher and rendered ones where the method has a teacher; alpha.
        psnr: Of the rendered color, in dB.
        baseline: PSNR of the view's mean color.
        depth_error: Mean, in the units of the points; NaN where no depth was measured.
        cosine: Mean cosine of rendered and teacher's features; None without a teacher.
    """

    frame: int
    panels: list[Panel]
    psnr: float
    baseline: float
    depth_error: float
    cosine: float | None


def views_of(method: GaussianCross, batch: Batch, field: GaussianField, unit: str) -> list[View]:
    """Render the views of a scene.

    Args:
        method: Says how.
        batch: One scene with views.
        field: What the scene is said in.
        unit: Of lengths.

    Returns:
        One view per frame, all in the same ranges of colors.
    """
    drawn = method.render(field, cameras_of(batch))
    images = rearrange(batch["images"][0], "v c h w -> v h w c")
    depths = ViewDepths(batch["depths"][0], field.cuboid.denormalize_depth(drawn.depth)[0])
    features = ViewFeatures.of(method, batch, drawn) if method.config.semantic_weight else None
    columns = [
        *(Column("real", images), Column("rendered", drawn.color[0])),
        *depths.columns(unit),
        *(features.columns() if features else []),
        Column("alpha", repeat(drawn.alpha[0], "v h w -> v h w 3")),
    ]
    shape = images.shape[1] / images.shape[2]
    rows = zip(*(column.panels(shape) for column in columns), strict=True)
    numbers = zip(
        batch["frames"][0].tolist(),
        losses.psnr(drawn, batch["images"])[0].tolist(),
        _flat_psnr(images).tolist(),
        depths.errors().tolist(),
        features.cosines().tolist() if features else [None] * len(images),
        strict=True,
    )
    return [
        View(frame, list(panels), psnr, baseline, error, cosine)
        for panels, (frame, psnr, baseline, error, cosine) in zip(rows, numbers, strict=True)
    ]


def _flat_psnr(images: Float[Tensor, "v h w 3"]) -> Float[Tensor, " v"]:
    mean = reduce(images, "v h w c -> v 1 1 c", "mean")
    return psnr(mean.expand_as(images), images)
