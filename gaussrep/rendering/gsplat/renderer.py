"""The renderer for tensors on CUDA devices."""

from importlib.metadata import version

from jaxtyping import Float
from packaging.version import Version
from torch import Tensor

from gaussrep.cameras import Cameras
from gaussrep.gaussians import Gaussians
from gaussrep.rendering.config import GsplatConfig
from gaussrep.rendering.gsplat.kernels import check_runnable, load_rasterization
from gaussrep.rendering.gsplat.splat import Splatter
from gaussrep.rendering.renderer import Renderer
from gaussrep.rendering.rendering import Rendering
from gaussrep.rendering.single_precision import draw_in_float32


class GsplatRenderer(Renderer):
    """Draws on CUDA in float32 with gsplat's kernels, which the first picture has compiled.

    gsplat 1.5.3 and later draw a batch of scenes in one call, earlier ones scene by scene. Before
    1.5.0 gsplat cuts Gaussians off at three standard deviations, so that colors may be off by
    0.011 there.

    Raises:
        UnavailableError: If there is no CUDA device, or neither kernels nor a compiler for them.
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
        return draw_in_float32("gsplat", "cuda", self._draw, gaussians, cameras, background)

    def _draw(self, gaussians: Gaussians, cameras: Cameras, background: Tensor) -> Rendering:
        kernels = load_rasterization(gaussians.device)
        return Splatter(kernels, self.version, self.config).draw(gaussians, cameras, background)
