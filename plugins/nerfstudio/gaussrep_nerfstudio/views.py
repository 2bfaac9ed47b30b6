"""One view: the scene as one of nerfstudio's cameras sees it."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from nerfstudio.data.scene_box import OrientedBox
from torch import Tensor

from gaussrep.cameras import Cameras
from gaussrep.fitting.image_gradient import one_each, per_view
from gaussrep.gaussians import Gaussians
from gaussrep.rendering import Rendering, render


@dataclass(frozen=True, eq=False)
class View:
    """What was drawn for one camera.

    Attributes:
        gaussians: The scene, with gradients to the model.
        copies: The view's own copy of it, [1, N], whose centers keep their gradients.
        cameras: The one camera.
        background: RGB behind the scene.
        rendering: The picture, [1, H, W, ...].
    """

    gaussians: Gaussians
    copies: Gaussians
    cameras: Cameras
    background: Float[Tensor, " 3"]
    rendering: Rendering

    @classmethod
    def draw(
        cls,
        gaussians: Gaussians,
        cameras: Cameras,
        background: Float[Tensor, " 3"],
        renderer: str,
    ) -> "View":
        """Draw a scene.

        Args:
            gaussians: One scene.
            cameras: One camera.
            background: RGB.
            renderer: Name of a renderer, or `auto`.
        """
        copies = per_view(gaussians, 1)
        drawn = render(copies, one_each(cameras), renderer, background)
        features = None if drawn.features is None else drawn.features[:, 0]
        picture = Rendering(drawn.color[:, 0], drawn.alpha[:, 0], drawn.depth[:, 0], features)
        return cls(gaussians, copies, cameras, background, picture)

    def outputs(self) -> dict[str, Tensor]:
        """The picture as nerfstudio wants it, channels last: `rgb`, `depth`, `accumulation`."""
        return {
            "rgb": self.rendering.color[0].clamp(0, 1),
            "depth": self.rendering.depth[0, ..., None],
            "accumulation": self.rendering.alpha[0, ..., None],
        }


def inside(gaussians: Gaussians, box: OrientedBox) -> Gaussians:
    """Make everything outside a box transparent.

    Args:
        gaussians: One scene.
        box: In the units of the scene.
    """
    within = box.within(gaussians.means).reshape(-1).to(torch.bool)
    return gaussians.replace(opacities=gaussians.opacities * within)
