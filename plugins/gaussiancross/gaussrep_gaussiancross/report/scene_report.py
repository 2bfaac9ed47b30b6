"""All that the report shows of one scene."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isnan, nan
from statistics import fmean

from einops import rearrange

import gaussrep as gr
from gaussrep.gaussians import Gaussians
from gaussrep.methods.method import Batch
from gaussrep.report.figure import Figure
from gaussrep.report.histogram import Histogram
from gaussrep.report.panel import Panel
from gaussrep_gaussiancross.config import GaussianCrossConfig
from gaussrep_gaussiancross.method import GaussianCross
from gaussrep_gaussiancross.report.classes import Classes, classes_of
from gaussrep_gaussiancross.report.exterior_views import kept_gaussians, outside_panels
from gaussrep_gaussiancross.report.report_scene import SIZE, Look
from gaussrep_gaussiancross.report.similarity import PickMap, Point, pick_points, similarity_panel
from gaussrep_gaussiancross.report.views import View, views_of
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
    count, kept = field.gaussians.count, int(field.opacity_mask.sum())
    size = (SIZE[0], round(SIZE[0] * real.shape[0] / real.shape[1]))
    titled = {"real": real, f"all {count:,} Gaussians": whole, f"the {kept:,} kept": rest}
    return Pruning(
        panels=[Panel.of(title, pixels, size) for title, pixels in titled.items()],
        figures=_figures(method, look),
        all=count,
        kept=kept,
        passing=int((field.gaussians.opacities > config.opacity_threshold).sum()),
    )


def _figures(method: GaussianCross, look: Look) -> list[Figure]:
    gaussians, config = look.field.gaussians, method.config
    opacities = Histogram.of(gaussians.opacities, 0.0, 1.0)
    scales = Histogram.of(gaussians.scales / look.cell, 0.0, config.max_scale)
    width = "standard deviation, cells"
    return [
        Figure("Opacities, all", opacities.draw("opacity", "Opacities", config.opacity_threshold)),
        Figure("Scales, all", scales.draw(width, "Scales")),
    ]


@dataclass(frozen=True)
class SceneReport:
    """One scene.

    Attributes:
        name: What it is called.
        points: How many it has.
        voxels: How many they occupy.
        views: Its views.
        pruning: What dropping faint Gaussians does.
        outside: Points, Gaussians and features, from outside and from above.
        similar: Similarity to each of the points that were picked.
        picks: For picking others.
        classes: None where its points have none.
        gaussians: Those that stay, in the units of the points.
    """

    name: str
    points: int
    voxels: int
    views: list[View]
    pruning: Pruning
    outside: list[list[Panel]]
    similar: list[Panel]
    picks: PickMap
    classes: Classes | None
    gaussians: Gaussians

    @classmethod
    def of(
        cls,
        method: GaussianCross,
        name: str,
        batch: Batch,
        places: Sequence[Point],
        class_names: tuple[str, ...],
    ) -> "SceneReport":
        """Look at a scene in every way.

        Args:
            method: In evaluation mode.
            name: What the scene is called.
            batch: That scene alone, with views.
            places: Where to pick points; chosen where there are none.
            class_names: Names of its classes; empty where they are not known.
        """
        look = Look.of(method, batch)
        picks = pick_points(look, places).tolist()
        return cls(
            name=name,
            points=len(batch["points"]),
            voxels=method.count_voxels(batch),
            views=views_of(method, batch, look.field, unit_of(method.config)),
            pruning=pruning_of(method, batch, look),
            outside=outside_panels(look),
            similar=[similarity_panel(look, pick) for pick in picks],
            picks=PickMap.of(look, picks[0]),
            classes=classes_of(look, class_names),
            gaussians=kept_gaussians(look),
        )

    @property
    def psnr(self) -> float:
        """Mean over its views, in dB."""
        return fmean(view.psnr for view in self.views)

    @property
    def gain(self) -> float:
        """Mean over its views of how many dB they are better than their own mean color."""
        return fmean(view.psnr - view.baseline for view in self.views)

    @property
    def depth_error(self) -> float:
        """Mean over its views with measured depth, in the units of the points; NaN without any."""
        known = [view.depth_error for view in self.views if not isnan(view.depth_error)]
        return fmean(known) if known else nan

    @property
    def kept(self) -> float:
        """Share of its Gaussians that stay."""
        return self.pruning.kept / self.pruning.all


def unit_of(config: GaussianCrossConfig) -> str:
    """What lengths are in: meters, unless the voxels are a share of each scene.

    Args:
        config: Settings of the method.
    """
    return "m" if config.grid_size is not None else "units"
