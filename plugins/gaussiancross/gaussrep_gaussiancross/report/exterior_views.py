"""Views of a scene and its Gaussians from outside and from above."""

from jaxtyping import Bool, Float
from torch import Tensor

from gaussrep import Gaussians
from gaussrep.embedding import PrincipalColors
from gaussrep.neighbors import nearest_neighbors
from gaussrep.report import Panel
from gaussrep_gaussiancross.report.report_scene import SIZE, ReportCamera, ReportScene, wire_frame

MAX_NORMALS = 8192
"""Largest number of points among which the nearest gives a Gaussian its normal."""


def kept_gaussians(scene: ReportScene) -> Gaussians:
    """Return the Gaussians of a scene above the threshold, in the units of its points.

    Args:
        scene: The scene.

    Returns:
        One scene without batch axes and features, ready to be saved.
    """
    pruned = scene.field.cuboid.denormalize(scene.field.pruned)
    return pruned[0].replace(features=None)


def exterior_panels(scene: ReportScene) -> list[list[Panel]]:
    """Render points, Gaussians and features from outside, and from above.

    Args:
        scene: The scene.

    Returns:
        Two rows of three panels.
    """
    colors = PrincipalColors.of(scene.features).paint(scene.features)
    gaussians = kept_gaussians(scene)
    normals = _nearest_normals(scene, gaussians.means)
    frame = wire_frame(scene.low, scene.high)
    return [
        [
            scene.paint(f"points{suffix}", scene.cloud.colors, camera),
            _render_panel(
                f"Gaussians{suffix}", gaussians, camera.is_visible(normals), frame, camera
            ),
            scene.paint(f"features{suffix}", colors, camera),
        ]
        for suffix, camera in (("", scene.elevated), (" from above", scene.above))
    ]


def _render_panel(
    title: str,
    gaussians: Gaussians,
    visible: Bool[Tensor, " n"],
    frame: Gaussians,
    camera: ReportCamera,
) -> Panel:
    return Panel.from_pixels(title, camera.render(Gaussians.cat([gaussians[visible], frame])), SIZE)


def _nearest_normals(scene: ReportScene, means: Float[Tensor, "n 3"]) -> Float[Tensor, "n 3"]:
    """Return the normal of the scene's point nearest to each Gaussian."""
    step = max(1, scene.cloud.count // MAX_NORMALS)
    points, normals = scene.cloud.points[::step], scene.cloud.normals[::step]
    return normals[nearest_neighbors(means, points).indices[:, 0]]
