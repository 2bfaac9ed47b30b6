"""SceneReport: all that is shown of one scene."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isnan, nan
from statistics import fmean

from gaussrep.gaussians import Gaussians
from gaussrep.methods.method import Batch
from gaussrep.report.panel import Panel
from gaussrep_gaussiancross.method import GaussianCross
from gaussrep_gaussiancross.report.classes import Classes, classes_of
from gaussrep_gaussiancross.report.facts import count_voxels, unit_of
from gaussrep_gaussiancross.report.look import Look
from gaussrep_gaussiancross.report.outside import kept_gaussians, outside_panels
from gaussrep_gaussiancross.report.pick_map import PickMap
from gaussrep_gaussiancross.report.pruning import Pruning, pruning_of
from gaussrep_gaussiancross.report.similarity import Point, pick_points, similarity_panel
from gaussrep_gaussiancross.report.views import View, views_of


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
            voxels=count_voxels(method.config, batch),
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
