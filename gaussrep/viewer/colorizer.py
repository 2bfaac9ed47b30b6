"""Colors of the viewer's channels, of splats and of rendered images."""

from dataclasses import dataclass, replace
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

from gaussrep import plugins
from gaussrep.cameras import Cameras
from gaussrep.color_spaces import from_srgb, to_srgb
from gaussrep.embedding.principal_colors import PrincipalColors
from gaussrep.evaluation.device import resolve_device
from gaussrep.gaussians import Gaussians
from gaussrep.rendering.dispatch import render
from gaussrep.rendering.renderer import Rendering
from gaussrep.report.images import near_to_far

Channel = Literal["color", "depth", "alpha", "features"]
EDGE = 0.02
"""Fraction of the depths beyond either end of the palette; a design choice."""


@dataclass(frozen=True, eq=False)
class Colorizer:
    """Computes the colors of a channel, for splats and for images.

    Attributes:
        channel: The channel.
        features: Colors of features; None if the Gaussians have none.
    """

    channel: Channel
    features: PrincipalColors | None = None

    def splats(self, gaussians: Gaussians, depths: Float[Tensor, " n"]) -> Float[Tensor, "n 3"]:
        """Compute the color of every Gaussian.

        Args:
            gaussians: One scene; of spherical harmonics, degree 0 is shown.
            depths: Depths of the centers in scene units.

        Returns:
            RGB in [0, 1]: the Gaussian's color, the color of its depth, white, or the color of its
            features.
        """
        if self.channel == "depth":
            return near_to_far(_depth_fractions(depths, torch.ones_like(depths)))
        if self.channel == "alpha":
            return torch.ones_like(gaussians.means)
        if self.channel == "features" and self.features and gaussians.features is not None:
            return self.features.paint(gaussians.features)
        return to_srgb(gaussians.view_independent_colors(), gaussians.color_space)

    def without_unused_features(self, gaussians: Gaussians) -> Gaussians:
        """Remove features if they are not shown, because rendering them takes time.

        Args:
            gaussians: One scene.

        Returns:
            The scene, with features only in the channel `features`.
        """
        return gaussians if self.channel == "features" else gaussians.replace(features=None)

    def image(self, drawn: Rendering, background: Float[Tensor, " 3"]) -> Float[Tensor, "h w 3"]:
        """Compute the colors of a rendering.

        Args:
            drawn: One view, [1, H, W].
            background: RGB in [0, 1] behind the Gaussians, also of depth and features.

        Returns:
            RGB in [0, 1]; alpha is gray.
        """
        alpha = drawn.alpha[0, ..., None]
        if self.channel == "alpha":
            return alpha.expand(-1, -1, 3)
        if self.channel == "depth":
            painted = near_to_far(_depth_fractions(drawn.depth[0], drawn.alpha[0] > 0.5))
        elif self.channel == "features" and self.features and drawn.features is not None:
            painted = self.features.paint(drawn.features[0])
        else:
            return drawn.color[0].clamp(0, 1)
        return torch.lerp(background.expand_as(painted), painted, alpha)


def _depth_fractions(depths: Tensor, counted: Tensor) -> Tensor:
    """Scale depths to 0 at the nearest and 1 at the farthest of those that count."""
    seen = depths[counted.bool()]
    if not len(seen):
        return torch.zeros_like(depths)
    low, high = seen.sort().values[[int(EDGE * (len(seen) - 1)), int((1 - EDGE) * (len(seen) - 1))]]
    return (depths - low) / (high - low).clamp_min(1e-12)


def render_channel(
    gaussians: Gaussians,
    cameras: Cameras,
    renderer: str,
    colorizer: Colorizer,
    background: Float[Tensor, " 3"],
) -> Float[Tensor, "h w 3"]:
    """Render one view of a channel, on a device that the renderer supports.

    Args:
        gaussians: One scene.
        cameras: One view.
        renderer: Name of the renderer, or `auto`.
        colorizer: Colors of the channel.
        background: RGB in [0, 1].

    Returns:
        RGB in [0, 1], on the CPU.

    Raises:
        GaussrepError: The renderer cannot render it here.
    """
    device = _device_of(renderer)
    needed = colorizer.without_unused_features(gaussians).to(device)
    with torch.no_grad():
        behind = from_srgb(background.to(device), needed.color_space)
        drawn = render(needed, cameras.to(device), renderer, behind)
    drawn = replace(drawn, color=to_srgb(drawn.color, needed.color_space))
    return colorizer.image(drawn, background.to(device)).cpu()


def _device_of(renderer: str) -> torch.device:
    if renderer == "auto":
        return resolve_device("auto")
    devices = plugins.find("renderers", renderer).record.devices
    return resolve_device("cpu" if "cpu" in devices else "auto")
