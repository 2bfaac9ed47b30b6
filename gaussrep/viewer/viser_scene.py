"""The content of one browser's scene: splats, an image, and lines."""

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor

from gaussrep.cameras import Cameras
from gaussrep.cuboid import Cuboid
from gaussrep.errors import ValueRangeError
from gaussrep.gaussians import Gaussians
from gaussrep.viewer.scene import ViewerScene

if TYPE_CHECKING:
    import viser

CUBOID_COLOR, CAMERA_COLOR = (214, 96, 32), (32, 96, 200)
LINE_WIDTH = 2.0
"""Width of lines in pixels."""
CAMERA_LENGTH = 0.1
"""Length of a camera's edges as a fraction of the cuboid's longest side; a design choice."""


class ViserScene:
    """Splats, images and lines in the scene of one browser.

    Args:
        scene: viser's scene of the browser.
    """

    def __init__(self, scene: "viser.SceneApi") -> None:
        self._scene = scene
        self._splats: viser.GaussianSplatHandle | None = None
        self._splats_key: Any = None
        self._lines_key: Any = None

    def shows(self, key: Any) -> bool:
        """Return whether the splats of a key are shown.

        Args:
            key: Key of `show_splats`.

        Returns:
            Whether they are.
        """
        return self._splats_key == key

    def show_splats(
        self,
        gaussians: Gaussians,
        colors: Float[Tensor, "n 3"],
        background: Float[Tensor, " 3"],
        key: Any,
    ) -> None:
        """Show Gaussians as splats, rendered by the browser.

        The browser stores covariances as half floats, so they are sent in units of the Gaussians'
        typical size.

        Args:
            gaussians: One scene.
            colors: RGB in [0, 1].
            background: RGB in [0, 1].
            key: Identifies these splats.
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

    def show_image(self, image: Float[Tensor, "h w 3"], *, exact: bool) -> None:
        """Show an image in place of the splats, over the whole canvas.

        Args:
            image: RGB in [0, 1].
            exact: Whether to send it without loss; JPEG is faster.
        """
        if self._splats is not None:
            self._splats.remove()
            self._splats = self._splats_key = None
        self._scene.set_background_image(_pixels(image), format="png" if exact else "jpeg")

    def show_lines(self, scene: ViewerScene, *, cuboid: bool, cameras: bool) -> None:
        """Show or hide the cuboid fitted to the scene, and its cameras.

        Args:
            scene: The scene.
            cuboid: Whether to show the cuboid.
            cameras: Whether to show the cameras.
        """
        key = (scene, cuboid, cameras)
        if key == self._lines_key:
            return
        self._lines_key = key
        try:
            box = Cuboid.fit(scene.gaussians)
        except ValueRangeError:
            return
        self._add_lines("/cuboid", cuboid_edges(box), CUBOID_COLOR, visible=cuboid)
        if scene.cameras is not None:
            edges = camera_edges(scene.cameras, CAMERA_LENGTH * box.size.max().item())
            self._add_lines("/cameras", edges, CAMERA_COLOR, visible=cameras)

    def _add_lines(
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
            thickness=LINE_WIDTH,
            thickness_units="screen",
            visible=visible,
        )


def _pixels(colors: Float[Tensor, "*shape 3"]) -> np.ndarray:
    return (colors.clamp(0, 1) * 255).round().byte().numpy()


def _typical_size(gaussians: Gaussians) -> float:
    """Median of the largest standard deviations; 1 if there are no Gaussians."""
    largest = gaussians.scales.amax(-1)
    return max(largest.median().item(), torch.finfo(torch.float32).tiny) if len(largest) else 1.0


def cuboid_edges(cuboid: Cuboid) -> Float[Tensor, "12 2 3"]:
    """Compute the edges of a cuboid.

    Args:
        cuboid: The cuboid of one scene.

    Returns:
        Both ends of each edge, in scene units.
    """
    corners = torch.tensor(list(itertools.product((-0.5, 0.5), repeat=3)))
    pairs = itertools.combinations(range(8), 2)
    ends = [pair for pair in pairs if (corners[pair[0]] != corners[pair[1]]).sum() == 1]
    return (cuboid.center + corners * cuboid.size)[torch.tensor(ends)]


def camera_edges(cameras: Cameras, length: float) -> Float[Tensor, "edges 2 3"]:
    """Compute the edges of camera frusta: pyramids, or boxes of orthographic cameras.

    Args:
        cameras: Views, [V].
        length: Length of a frustum along the optical axis, in scene units.

    Returns:
        Both ends of each edge: 8 edges of a pyramid, 12 of a box, camera by camera.
    """
    corners = torch.tensor([[0.0, 0], [1, 0], [1, 1], [0, 1]])
    pixels = corners * torch.tensor([cameras.width, cameras.height])
    focal = torch.stack([cameras.Ks[:, 0, 0], cameras.Ks[:, 1, 1]], dim=-1)[:, None]
    plane = (pixels - cameras.Ks[:, None, :2, 2]) / focal
    pinhole = cameras.model != "ortho"  # a lens is left out
    far = torch.cat(
        [plane * length if pinhole else plane, torch.full_like(plane[..., :1], length)], -1
    )
    near = torch.zeros_like(far) if pinhole else far * far.new_tensor([1, 1, 0])
    rims = [far] if pinhole else [far, near]
    edges = [torch.stack([near, far], dim=2)]
    edges += [torch.stack([rim, rim.roll(-1, dims=1)], dim=2) for rim in rims]
    inside = rearrange(torch.cat(edges, dim=1), "v e ends xyz -> v (e ends) xyz")
    moved = inside - cameras.viewmats[:, None, :3, 3]
    world = moved @ cameras.viewmats[:, :3, :3]
    return rearrange(world, "v (e ends) xyz -> (v e) ends xyz", ends=2)
