"""The renderer for tensors on CUDA devices."""

from importlib.metadata import version

import torch
from jaxtyping import Float
from packaging.version import Version
from torch import Tensor

from gaussrep.cameras import Cameras
from gaussrep.errors import CapabilityError
from gaussrep.gaussians import Gaussians
from gaussrep.rendering.config import GsplatConfig
from gaussrep.rendering.gsplat.kernels import check_runnable, load_rasterization
from gaussrep.rendering.gsplat.splat import Splatter
from gaussrep.rendering.renderer import Renderer
from gaussrep.rendering.rendering import Rendering


class GsplatRenderer(Renderer):
    """Draws on CUDA in float32 with gsplat's kernels, which the first picture has compiled.

    gsplat 1.5.3 and later draw a batch of scenes in one call, earlier ones scene by scene. Before
    1.5.0 gsplat cuts Gaussians off at three standard deviations, so that colours may be off by
    0.011 there.

    Raises:
        Unavailable: If there is no CUDA device, or neither kernels nor a compiler for them.
    """

    def __init__(self, config: GsplatConfig | None = None) -> None:
        self.config = config or GsplatConfig()
        self.version = Version(version("gsplat"))
        check_runnable()

    def draw(
        self,
        gaussians: Gaussians,
        cameras: Cameras,
        background: Float[Tensor, "*batch views 3"],
    ) -> Rendering:
        """See `Renderer.draw`."""
        if gaussians.device.type != "cuda" or gaussians.dtype == torch.float64:
            raise CapabilityError(
                f"renderer 'gsplat' draws float32 tensors on CUDA, got {gaussians.dtype} on "
                f"{gaussians.device}; move them with .to(), or use renderer='reference'."
            )
        splatter = Splatter(load_rasterization(gaussians.device), self.version, self.config)
        with torch.autocast("cuda", enabled=False):
            gaussians, cameras = gaussians.to(torch.float32), cameras.to(torch.float32)
            return splatter.draw(gaussians, cameras, background.float())
