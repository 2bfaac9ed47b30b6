"""The `gsplat` renderer."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import torch
from jaxtyping import Float
from packaging.version import Version
from torch import Tensor

from gaussrep.cameras import Cameras
from gaussrep.errors import CapabilityError
from gaussrep.gaussians import Gaussians
from gaussrep.rendering.config import GsplatConfig
from gaussrep.rendering.conventions import EPS2D, MIN_ALPHA, NEAR
from gaussrep.rendering.gsplat.kernels import check_runnable, load_rasterization
from gaussrep.rendering.projection import view_colors
from gaussrep.rendering.renderer import Renderer, Rendering, to_float32


class GsplatRenderer(Renderer):
    """Rasterizes on CUDA in float32 with gsplat's kernels, which are compiled on first use.

    gsplat 1.5.3 and later take a batch of scenes in one call, earlier versions one scene. Before
    1.5.0 gsplat cuts Gaussians off at three standard deviations, which changes colors by up to
    0.011.

    Raises:
        UnavailableError: If there is no CUDA device, or neither kernels nor a compiler for them.
    """

    camera_models = frozenset({"pinhole", "ortho", "fisheye"})
    outputs = frozenset({"normals"})

    def __init__(self, config: GsplatConfig | None = None) -> None:
        self.config = config or GsplatConfig()
        self.version = Version(version("gsplat"))
        check_runnable()

    @torch.autocast("cuda", enabled=False)
    def rasterize(
        self,
        gaussians: Gaussians,
        cameras: Cameras,
        background: Float[Tensor, "*batch views 3"],
    ) -> Rendering:
        """See `Renderer.rasterize`."""
        inputs = to_float32("gsplat", "cuda", gaussians, cameras, background)
        rasterization = load_rasterization(gaussians.device)
        return GsplatRasterizer(rasterization, self.version, self.config).rasterize(*inputs)


BATCHED_SINCE = Version("1.5.3")
PER_GAUSSIAN = ("means", "quats", "scales", "opacities")


@dataclass(frozen=True)
class GsplatRasterizer:
    """Calls one version of gsplat.

    Args:
        rasterization: `gsplat.rasterization`.
        version: gsplat's version; before 1.5.3 it takes one scene per call.
        config: Settings of the renderer.
    """

    rasterization: Callable[..., tuple[Tensor, Tensor, Any]]
    version: Version
    config: GsplatConfig

    def rasterize(
        self,
        gaussians: Gaussians,
        cameras: Cameras,
        background: Float[Tensor, "*batch views 3"],
    ) -> Rendering:
        """Rasterize color, depth and features in one pass; see `Renderer.rasterize`.

        Raises:
            CapabilityError: If a fisheye has coefficients, or its intrinsics require a gradient.
        """
        if cameras.model == "fisheye":
            _require_ideal_fisheye(cameras)
        lead = gaussians.batch_shape
        channels = _channels(gaussians, cameras)
        posed = move_intrinsics_gradients(cameras)
        scenes = {name: getattr(gaussians, name) for name in PER_GAUSSIAN}
        scenes |= {"colors": channels, "viewmats": posed.viewmats, "Ks": posed.Ks}
        scenes = {
            name: tensor.reshape(lead.numel(), *tensor.shape[len(lead) :]).contiguous()
            for name, tensor in scenes.items()
        }
        mode = "antialiased" if gaussians.antialiased else "classic"
        mixed, alpha = self._rasterize_all(scenes, cameras, mode)
        mixed = mixed.reshape(*lead, *mixed.shape[1:])
        alpha = alpha.reshape(*lead, *alpha.shape[1:])
        behind = (1 - alpha)[..., None] * background[..., None, None, :]
        return Rendering(
            color=mixed[..., :3] + behind,
            alpha=alpha,
            depth=mixed[..., -1],
            features=None if gaussians.features is None else mixed[..., 3:-1],
        )

    def _rasterize_all(
        self, scenes: dict[str, Tensor], cameras: Cameras, mode: str
    ) -> tuple[Tensor, Tensor]:
        if self.version >= BATCHED_SINCE or not len(scenes["means"]):
            return self._rasterize(scenes, cameras, mode)
        parts = []
        for i in range(len(scenes["means"])):
            scene = _without_padding({name: tensor[i] for name, tensor in scenes.items()})
            parts.append(self._rasterize(scene, cameras, mode))
        mixed, alpha = zip(*parts, strict=True)
        return torch.stack(mixed), torch.stack(alpha)

    def _rasterize(
        self, scene: dict[str, Tensor], cameras: Cameras, mode: str
    ) -> tuple[Tensor, Tensor]:
        """Rasterize in one call: channels with the expected depth last, and alpha.

        The caller adds the background: gsplat 1.5.3 refuses it in packed mode.
        """
        if not scene["opacities"].numel() or not scene["viewmats"].numel():
            image = [*scene["viewmats"].shape[:-2], cameras.height, cameras.width]
            channels = scene["colors"].shape[-1] + 1
            zero = torch.stack([tensor.sum() for tensor in scene.values()]).sum() * 0
            return zero.expand(*image, channels), zero.expand(image)
        mixed, alpha, _ = self.rasterization(
            **scene,
            width=cameras.width,
            height=cameras.height,
            near_plane=NEAR,
            eps2d=EPS2D,
            radius_clip=0.0,
            packed=self.config.packed,
            render_mode="RGB+ED",
            rasterize_mode=mode,
            channel_chunk=self.config.channel_chunk,
            camera_model=cameras.model,
        )
        return mixed, alpha.squeeze(-1)


def _require_ideal_fisheye(cameras: Cameras) -> None:
    distortion = cameras.distortion
    if distortion is not None and distortion.any():
        raise CapabilityError(
            "gsplat renders fisheyes without distortion coefficients, and these have some; use the "
            "renderer 'triton', or undistort the images."
        )
    wanted = cameras.Ks.requires_grad or (distortion is not None and distortion.requires_grad)
    if wanted and torch.is_grad_enabled():
        raise CapabilityError(
            "gsplat computes no gradients of a fisheye's intrinsics and coefficients; use the "
            "renderer 'triton'."
        )


def _channels(gaussians: Gaussians, cameras: Cameras) -> Tensor:
    """Concatenate color and features, [*B, N, C]; [*B, V, N, C] if color depends on the view."""
    colors = gaussians.colors
    if colors is None:
        colors = view_colors(gaussians, cameras)
    if gaussians.features is None:
        return colors
    features = gaussians.features
    if colors.ndim > features.ndim:
        features = features.unsqueeze(-3).expand(*colors.shape[:-1], -1)
    return torch.cat([colors, features], dim=-1)


def _without_padding(scene: dict[str, Tensor]) -> dict[str, Tensor]:
    """Remove invisible Gaussians from a scene, which gsplat 1.4 would sort and rasterize."""
    visible = scene["opacities"] >= MIN_ALPHA
    kept = {name: scene[name][visible] for name in PER_GAUSSIAN}
    return {**scene, **kept, "colors": scene["colors"][..., visible, :]}


def move_intrinsics_gradients(cameras: Cameras) -> Cameras:
    """Move the gradients of the intrinsics to the view matrices; gsplat computes none for Ks.

    A camera with intrinsics K is equivalent to a camera with constant intrinsics K' after the
    linear map K'⁻¹ K of camera space (partly a translation for an orthographic camera). With
    K' = K that map changes no value, but its gradients are those of K.

    Args:
        cameras: Views, [*B, V].

    Returns:
        The same views, with intrinsics that require no gradient.
    """
    if not cameras.Ks.requires_grad:
        return cameras
    fixed = cameras.Ks.detach()
    focal = fixed[..., :2, :2].diagonal(dim1=-2, dim2=-1)
    zoom = cameras.Ks[..., :2, :2].diagonal(dim1=-2, dim2=-1) / focal
    shift = (cameras.Ks[..., :2, 2] - fixed[..., :2, 2]) / focal
    row = 2 if cameras.model == "pinhole" else 3
    top = cameras.viewmats[..., :2, :] * zoom[..., None]
    top = top + shift[..., None] * cameras.viewmats[..., row : row + 1, :]
    return cameras.replace(viewmats=torch.cat([top, cameras.viewmats[..., 2:, :]], -2), Ks=fixed)
