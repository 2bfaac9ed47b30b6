"""Real views of a scene beside what its Gaussians make of them."""

from dataclasses import dataclass

from einops import rearrange, reduce, repeat
from jaxtyping import Float
from torch import Tensor

from gaussrep.methods.method import Batch
from gaussrep.report.panel import Panel
from gaussrep_gaussiancross import explanation
from gaussrep_gaussiancross.field import Field
from gaussrep_gaussiancross.method import GaussianCross
from gaussrep_gaussiancross.report.column import Column
from gaussrep_gaussiancross.report.view_depths import ViewDepths
from gaussrep_gaussiancross.report.view_features import ViewFeatures
from gaussrep_gaussiancross.scene_batch import cameras_of


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


def views_of(method: GaussianCross, batch: Batch, field: Field, unit: str) -> list[View]:
    """Render the views of a scene.

    Args:
        method: Says how.
        batch: One scene with views.
        field: What the scene is said in.
        unit: Of lengths.

    Returns:
        One view per frame, all in the same ranges of colors.
    """
    drawn = method.draw(field, cameras_of(batch))
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
        explanation.psnr(drawn, batch["images"])[0].tolist(),
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
    errors = reduce((images - mean).square(), "v h w c -> v", "mean")
    return -10 * errors.clamp_min(1e-10).log10()
