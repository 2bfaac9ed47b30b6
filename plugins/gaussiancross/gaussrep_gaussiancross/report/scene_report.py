"""All that the report shows of one scene."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isnan, nan
from statistics import fmean

from einops import rearrange

import gaussrep as gr
from gaussrep import Gaussians
from gaussrep.methods import Batch
from gaussrep.report import Chart, Panel, histogram_chart
from gaussrep_gaussiancross.config import GaussianCrossConfig
from gaussrep_gaussiancross.method import GaussianCross
from gaussrep_gaussiancross.report.classes import Classes, compare_classes
from gaussrep_gaussiancross.report.exterior_views import exterior_panels, kept_gaussians
from gaussrep_gaussiancross.report.report_scene import SIZE, ReportScene
from gaussrep_gaussiancross.report.similarity import PickMap, Point, pick_points, similarity_panel
from gaussrep_gaussiancross.report.views import ViewReport, render_views
from gaussrep_gaussiancross.scene_batch import cameras_of


@dataclass(frozen=True)
class Pruning:
    """Effect of pruning on one view.

    Attributes:
        panels: A real view, and the same view rendered with all and with the kept Gaussians.
        charts: Histograms of opacities, with τ marked, and of scales in cells.
        all: Number of all Gaussians.
        kept: Number of kept Gaussians.
        above_threshold: Number of Gaussians with an opacity above τ.
    """

    panels: list[Panel]
    charts: list[Chart]
    all: int
    kept: int
    above_threshold: int


def compare_pruning(method: GaussianCross, batch: Batch, scene: ReportScene) -> Pruning:
    """Render the first view of a scene before and after pruning.

    Args:
        method: The trained model.
        batch: One scene with views.
        scene: The same scene.

    Returns:
        Both renderings, and statistics.
    """
    field, config = scene.field, method.config
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
        panels=[Panel.from_pixels(title, pixels, size) for title, pixels in titled.items()],
        charts=_charts(method, scene),
        all=count,
        kept=kept,
        above_threshold=int((field.gaussians.opacities > config.opacity_threshold).sum()),
    )


def _charts(method: GaussianCross, scene: ReportScene) -> list[Chart]:
    gaussians, config = scene.field.gaussians, method.config
    opacities, scales = gaussians.opacities, gaussians.scales / scene.cell
    width, limit = "standard deviation, cells", float(config.max_scale)
    threshold = config.opacity_threshold
    return [
        histogram_chart("Opacities, all", "opacity", opacities, (0.0, 1.0), threshold),
        histogram_chart("Scales, all", width, scales, (0.0, limit)),
    ]


@dataclass(frozen=True)
class SceneReport:
    """All that the report shows of one scene.

    Attributes:
        name: Name of the scene.
        points: Number of points.
        voxels: Number of occupied voxels.
        views: Real and rendered views.
        pruning: Effect of pruning.
        exterior: Points, Gaussians and features, from outside and from above.
        similar: Similarity to each of the picked points.
        picks: Data for picking other points.
        classes: Classes and clusters; None if no point has a class.
        gaussians: Kept Gaussians, in the units of the points.
    """

    name: str
    points: int
    voxels: int
    views: list[ViewReport]
    pruning: Pruning
    exterior: list[list[Panel]]
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
        """Collect all panels of a scene.

        Args:
            method: The trained model, in evaluation mode.
            name: Name of the scene.
            batch: The scene alone, with views.
            places: Positions at which points are picked; chosen by features if empty.
            class_names: Names of the classes; empty if they are not known.

        Returns:
            The scene's part of the report.
        """
        scene = ReportScene.of(method, batch)
        picks = pick_points(scene, places).tolist()
        return cls(
            name=name,
            points=len(batch["points"]),
            voxels=method.count_voxels(batch),
            views=render_views(method, batch, scene.field, unit_of(method.config)),
            pruning=compare_pruning(method, batch, scene),
            exterior=exterior_panels(scene),
            similar=[similarity_panel(scene, pick) for pick in picks],
            picks=PickMap.of(scene, picks[0]),
            classes=compare_classes(scene, class_names),
            gaussians=kept_gaussians(scene),
        )

    @property
    def psnr(self) -> float:
        """Mean PSNR of the views, in dB."""
        return fmean(view.psnr for view in self.views)

    @property
    def gain(self) -> float:
        """Mean PSNR gain of the views over their own mean color, in dB."""
        return fmean(view.psnr - view.baseline for view in self.views)

    @property
    def depth_error(self) -> float:
        """Mean depth error of the views, in the units of the points; NaN without measured depth."""
        known = [view.depth_error for view in self.views if not isnan(view.depth_error)]
        return fmean(known) if known else nan

    @property
    def kept(self) -> float:
        """Fraction of Gaussians kept."""
        return self.pruning.kept / self.pruning.all


def unit_of(config: GaussianCrossConfig) -> str:
    """Return the unit of lengths: meters, unless voxels are relative to each scene.

    Args:
        config: Settings of the method.

    Returns:
        Name of the unit.
    """
    return "m" if config.grid_size is not None else "units"
