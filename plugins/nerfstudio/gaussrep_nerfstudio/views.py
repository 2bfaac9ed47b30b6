"""View: the scene rendered for one of nerfstudio's cameras."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from nerfstudio.data.scene_box import OrientedBox
from torch import Tensor

from gaussrep import Cameras, Gaussians
from gaussrep.fitting import one_each, per_view
from gaussrep.rendering import Rendering, render


@dataclass(frozen=True, eq=False)
class View:
    """The rendering of one camera.

    Attributes:
        gaussians: The scene, with gradients to the model.
        copies: The view's own copy of it, [1, N], whose centers keep their gradients.
        cameras: The one camera.
        background: RGB behind the scene.
        rendering: The image, [1, H, W, ...].
    """

    gaussians: Gaussians
    copies: Gaussians
    cameras: Cameras
    background: Float[Tensor, " 3"]
    rendering: Rendering

    @classmethod
    def render(
        cls,
        gaussians: Gaussians,
        cameras: Cameras,
        background: Float[Tensor, " 3"],
        renderer: str,
    ) -> "View":
        """Render a scene.

        Args:
            gaussians: One scene.
            cameras: One camera.
            background: RGB.
            renderer: Name of a renderer, or `auto`.

        Returns:
            The view.
        """
        copies = per_view(gaussians, 1)
        rendered = render(copies, one_each(cameras), renderer, background)
        features = None if rendered.features is None else rendered.features[:, 0]
        color, alpha, depth = rendered.color[:, 0], rendered.alpha[:, 0], rendered.depth[:, 0]
        rendering = Rendering(color, alpha, depth, features)
        return cls(gaussians, copies, cameras, background, rendering)

    def outputs(self) -> dict[str, Tensor]:
        """Convert to nerfstudio's outputs, channels last.

        Returns:
            `rgb` in [0, 1], `depth` in the units of the model, `accumulation`.
        """
        return {
            "rgb": self.rendering.color[0].clamp(0, 1),
            "depth": self.rendering.depth[0, ..., None],
            "accumulation": self.rendering.alpha[0, ..., None],
        }


def inside(gaussians: Gaussians, box: OrientedBox) -> Gaussians:
    """Make Gaussians outside a box transparent.

    Args:
        gaussians: One scene.
        box: In the units of the scene.

    Returns:
        The scene; the others have opacity 0.
    """
    within = box.within(gaussians.means).reshape(-1).to(torch.bool)
    return gaussians.replace(opacities=gaussians.opacities * within)
