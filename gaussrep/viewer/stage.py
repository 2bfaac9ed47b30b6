"""Stage: what stands in one browser's scene."""

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from gaussrep.cuboid import Cuboid
from gaussrep.errors import ValueRangeError
from gaussrep.gaussians import Gaussians
from gaussrep.viewer.lines import camera_edges, cuboid_edges
from gaussrep.viewer.scene import Scene

if TYPE_CHECKING:
    import viser

CUBOID_COLOR, CAMERA_COLOR = (214, 96, 32), (32, 96, 200)
THICKNESS = 2.0
"""Of lines, in pixels."""
REACH = 0.1
"""How far a camera's edges reach, as a share of the cuboid's longest side; ours."""


class Stage:
    """Puts splats, pictures and lines before a browser.

    Args:
        scene: viser's, of one browser.
    """

    def __init__(self, scene: "viser.SceneApi") -> None:
        self._scene = scene
        self._splats: viser.GaussianSplatHandle | None = None
        self._splats_key: Any = None
        self._lines_key: Any = None

    def shows(self, key: Any) -> bool:
        """Tell whether the splats with this key are shown."""
        return self._splats_key == key

    def show_splats(
        self,
        gaussians: Gaussians,
        colors: Float[Tensor, "n 3"],
        background: Float[Tensor, " 3"],
        key: Any,
    ) -> None:
        """Let the browser draw Gaussians.

        The browser holds covariances as half floats, so that they are sent in units of the
        Gaussians' own size.

        Args:
            gaussians: One scene.
            colors: RGB in [0, 1].
            background: RGB in [0, 1].
            key: Tells these splats from others.
        """
        unit = _typical_size(gaussians)
        self._scene.set_background_image(_pixels(background[None, None]), format="png")
        self._splats = self._scene.add_gaussian_splats(
            "/splats",
            centers=(gaussians.means / unit).numpy(),
            covariances=(gaussians.covariances() / unit**2).numpy(),
            rgbs=_pixels(colors),
            opacities=gaussians.opacities[:, None].numpy(),
            scale=unit,
        )
        self._splats_key = key

    def show_picture(self, picture: Float[Tensor, "h w 3"], *, exact: bool) -> None:
        """Show a picture in place of the splats, over the whole canvas.

        Args:
            picture: RGB in [0, 1].
            exact: Whether each byte arrives; otherwise it is sent faster.
        """
        if self._splats is not None:
            self._splats.remove()
            self._splats = self._splats_key = None
        self._scene.set_background_image(_pixels(picture), format="png" if exact else "jpeg")

    def show_lines(self, scene: Scene, *, cuboid: bool, cameras: bool) -> None:
        """Show or hide the box that `Cuboid.fit` puts around the scene, and its cameras."""
        key = (scene, cuboid, cameras)
        if key == self._lines_key:
            return
        self._lines_key = key
        try:
            box = Cuboid.fit(scene.gaussians)
        except ValueRangeError:
            return
        self._put("/cuboid", cuboid_edges(box), CUBOID_COLOR, visible=cuboid)
        if scene.cameras is not None:
            edges = camera_edges(scene.cameras, REACH * box.size.max().item())
            self._put("/cameras", edges, CAMERA_COLOR, visible=cameras)

    def _put(
        self,
        name: str,
        edges: Float[Tensor, "e 2 3"],
        color: tuple[int, int, int],
        *,
        visible: bool,
    ) -> None:
        self._scene.add_line_segments(
            name,
            edges.numpy(),
            color,
            thickness=THICKNESS,
            thickness_units="screen",
            visible=visible,
        )


def _pixels(colors: Float[Tensor, "*shape 3"]) -> np.ndarray:
    return (colors.clamp(0, 1) * 255).round().byte().numpy()


def _typical_size(gaussians: Gaussians) -> float:
    """The median of the largest standard deviations; 1 where there are no Gaussians."""
    largest = gaussians.scales.amax(-1)
    return max(largest.median().item(), torch.finfo(torch.float32).tiny) if len(largest) else 1.0
