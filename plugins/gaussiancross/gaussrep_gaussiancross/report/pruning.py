"""A scene before and after faint Gaussians are dropped."""

from dataclasses import dataclass

from einops import rearrange

import gaussrep as gr
from gaussrep.methods.method import Batch
from gaussrep.report.figure import Figure
from gaussrep.report.histogram import Histogram
from gaussrep.report.panel import Panel
from gaussrep_gaussiancross.method import GaussianCross
from gaussrep_gaussiancross.report.look import Look
from gaussrep_gaussiancross.report.outlook import SIZE
from gaussrep_gaussiancross.scene_batch import cameras_of


@dataclass(frozen=True)
class Pruning:
    """What pruning does.

    Attributes:
        panels: A real view, the same rendered with all Gaussians, and with those that stay.
        figures: Histograms of opacities, τ marked, and of scales in cells.
        all: How many Gaussians there are.
        kept: How many stay.
        passing: How many are more opaque than τ.
    """

    panels: list[Panel]
    figures: list[Figure]
    all: int
    kept: int
    passing: int


def pruning_of(method: GaussianCross, batch: Batch, look: Look) -> Pruning:
    """Render the first view of a scene before and after.

    Args:
        method: Says how.
        batch: One scene with views.
        look: The same scene.
    """
    field, config = look.field, method.config
    camera = field.cuboid.normalize(cameras_of(batch)[:, :1])
    real = rearrange(batch["images"][0, 0], "c h w -> h w c")
    whole, rest = (
        gr.render(gaussians, camera, config.renderer).color[0, 0]
        for gaussians in (field.gaussians, field.pruned)
    )
    count, kept = field.gaussians.count, int(field.kept.sum())
    size = (SIZE[0], round(SIZE[0] * real.shape[0] / real.shape[1]))
    titled = {"real": real, f"all {count:,} Gaussians": whole, f"the {kept:,} kept": rest}
    return Pruning(
        panels=[Panel.of(title, pixels, size) for title, pixels in titled.items()],
        figures=_figures(method, look),
        all=count,
        kept=kept,
        passing=int((field.gaussians.opacities > config.threshold).sum()),
    )


def _figures(method: GaussianCross, look: Look) -> list[Figure]:
    gaussians, config = look.field.gaussians, method.config
    opacities = Histogram.of(gaussians.opacities, 0.0, 1.0)
    scales = Histogram.of(gaussians.scales / look.cell, 0.0, config.max_scale)
    width = "standard deviation, cells"
    return [
        Figure("Opacities, all", opacities.draw("opacity", "Opacities", config.threshold)),
        Figure("Scales, all", scales.draw(width, "Scales")),
    ]
