"""Views of a scene and its Gaussians from outside and from above."""

from jaxtyping import Bool, Float
from torch import Tensor

from gaussrep.embedding import PrincipalColors
from gaussrep.gaussians import Gaussians
from gaussrep.neighbors import nearest_neighbors
from gaussrep.report.panel import Panel
from gaussrep_gaussiancross.report.report_scene import SIZE, Look, Outlook, wire_frame

WITNESSES = 8192
"""Points of which the nearest tells which way a Gaussian's surface is turned."""


def kept_gaussians(look: Look) -> Gaussians:
    """The Gaussians of a scene that stay, in the units of its points.

    Args:
        look: The scene.

    Returns:
        One scene without batch axes and features, as files hold it.
    """
    pruned = look.field.cuboid.denormalize(look.field.pruned)
    return pruned[0].replace(features=None)


def outside_panels(look: Look) -> list[list[Panel]]:
    """Draw points, Gaussians and features from outside, and below that from above.

    Args:
        look: The scene.

    Returns:
        Two rows of three panels.
    """
    colors = PrincipalColors.of(look.features).paint(look.features)
    gaussians = kept_gaussians(look)
    normals = _normals_near(look, gaussians.means)
    frame = wire_frame(look.low, look.high)
    return [
        [
            look.paint(f"points{word}", look.cloud.colors, outlook),
            _draw(f"Gaussians{word}", gaussians, outlook.sees(normals), frame, outlook),
            look.paint(f"features{word}", colors, outlook),
        ]
        for word, outlook in (("", look.elevated), (" from above", look.above))
    ]


def _draw(
    title: str,
    gaussians: Gaussians,
    seen: Bool[Tensor, " n"],
    frame: Gaussians,
    outlook: Outlook,
) -> Panel:
    return Panel.of(title, outlook.draw(Gaussians.cat([gaussians[seen], frame])), SIZE)


def _normals_near(look: Look, means: Float[Tensor, "n 3"]) -> Float[Tensor, "n 3"]:
    """Normal of the scene's point that is nearest to each Gaussian."""
    step = max(1, look.cloud.count // WITNESSES)
    points, normals = look.cloud.points[::step], look.cloud.normals[::step]
    return normals[nearest_neighbors(means, points).indices[:, 0]]
