"""Small random scenes whose alphas and transmittances are away from rendering's thresholds."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from gaussrep.cameras import CameraModel, Cameras
from gaussrep.gaussians import Gaussians
from gaussrep.rendering.conventions import MAX_ALPHA, MIN_ALPHA, TRANSMITTANCE_MIN
from gaussrep.rendering.projection import project

MARGIN = 2e-5
"""Smallest relative distance to a threshold."""
SMALLER = 0.4
"""Factor on the scales of antialiased scenes, so that opacities change by a third on average."""

LENSES = {
    "opencv": [-0.2, 0.05, 0.01, -0.02, 0.03, 0.1, -0.05, 0.02],
    "fisheye": [0.05, -0.02, 0.01, -0.01],
}
"""Distortion coefficients of scenes by camera model."""


@dataclass(frozen=True, eq=False)
class RenderInput:
    """Input of a renderer.

    Attributes:
        gaussians: Scenes, [*B, N].
        cameras: Views, [*B, V].
        background: RGB, [*B, V, 3].
    """

    gaussians: Gaussians
    cameras: Cameras
    background: Tensor

    def to(self, *args: Any, **kwargs: Any) -> "RenderInput":
        """Move the tensors to another device or dtype, as `Tensor.to`.

        Args:
            args: Arguments of `Tensor.to`.
            kwargs: Keyword arguments of `Tensor.to`.

        Returns:
            The scene with the moved tensors.
        """
        gaussians, cameras = self.gaussians.to(*args, **kwargs), self.cameras.to(*args, **kwargs)
        return RenderInput(gaussians, cameras, self.background.to(*args, **kwargs))


def random_scene(
    seed: int,
    batch: tuple[int, ...] = (),
    views: int = 1,
    count: int = 12,
    size: tuple[int, int] = (21, 18),
    model: CameraModel = "pinhole",
    sh_degree: int | None = None,
    features: int = 0,
    antialiased: bool = False,
) -> RenderInput:
    """Sample a scene whose image does not depend on rounding.

    Float64 scenes are sampled until no pixel-Gaussian pair is within a relative margin of 2e-5 of
    the bounds of alpha and transmittance, where two correct renderers may differ.

    Args:
        seed: Seed of the generator.
        batch: Leading batch axes.
        views: Views per scene.
        count: Gaussians per scene.
        size: Width and height in pixels.
        model: Camera model.
        sh_degree: Degree of the spherical harmonics; plain colors if None.
        features: Number of feature channels; none if 0.
        antialiased: Whether the scene is antialiased, with smaller Gaussians.

    Returns:
        Float64 scene of about unit size, with cameras at distance 4 and colored backgrounds.
    """
    generator = torch.Generator().manual_seed(seed)
    while True:
        scene = _sample(generator, batch, views, count, size, model, sh_degree, features)
        if antialiased:
            g = scene.gaussians
            smaller = g.replace(scales=SMALLER * g.scales, antialiased=True)
            scene = RenderInput(smaller, scene.cameras, scene.background)
        if _distance_to_thresholds(scene) > MARGIN:
            return scene


def _sample(
    generator: torch.Generator,
    batch: tuple[int, ...],
    views: int,
    count: int,
    size: tuple[int, int],
    model: CameraModel,
    sh_degree: int | None,
    features: int,
) -> RenderInput:
    def normal(*shape: int) -> Tensor:
        return torch.randn(*batch, *shape, generator=generator, dtype=torch.float64)

    gaussians = Gaussians(
        means=normal(count, 3) * 0.7,
        quats=normal(count, 4),
        scales=(normal(count, 3) * 0.5 - 1.5).exp(),
        opacities=(normal(count) + 0.5).sigmoid(),
        colors=normal(count, 3).sigmoid() if sh_degree is None else None,
        sh=None if sh_degree is None else normal(count, (sh_degree + 1) ** 2, 3) * 0.3,
        features=normal(count, features) if features else None,
    )
    eyes = torch.nn.functional.normalize(normal(views, 3), dim=-1) * 4
    target, up = eyes.new_zeros(*batch, 3), eyes.new_tensor([0.1, 0.2, 1.0])
    cameras = Cameras.look_at(eyes, target, up, *size, fov=50.0)
    lens = LENSES.get(model)
    distortion = None if lens is None else eyes.new_tensor(lens).expand(*eyes.shape[:-1], -1)
    cameras = cameras.replace(model=model, distortion=distortion)
    if model == "ortho":
        zoom = cameras.Ks.new_tensor([0.3, 0.3, 1.0])
        cameras = cameras.replace(Ks=cameras.Ks * torch.stack([zoom, zoom, zoom / zoom], -1))
    return RenderInput(gaussians, cameras, normal(views, 3).sigmoid())


def _distance_to_thresholds(scene: RenderInput) -> float:
    """Compute the smallest relative distance of any alpha or transmittance to a threshold."""
    g, cameras = scene.gaussians, scene.cameras
    seen = project(g, cameras)
    order = seen.depths.argsort(-1)
    x = torch.arange(cameras.width, dtype=g.dtype) + 0.5
    y = torch.arange(cameras.height, dtype=g.dtype) + 0.5
    pixels = torch.stack(torch.meshgrid(x, y, indexing="xy"), -1).flatten(0, 1)
    dx, dy = (seen.means2d[..., None, :, :] - pixels[:, None]).unbind(-1)
    xx, xy, yy = seen.conics[..., None, :, :].unbind(-1)
    power = -0.5 * (xx * dx * dx + yy * dy * dy) - xy * dx * dy
    opacities = torch.where(seen.visible, seen.opacities, 0)
    alpha = opacities[..., None, :] * power.exp()
    capped = torch.where(alpha >= MIN_ALPHA, alpha.clamp_max(MAX_ALPHA), 0)
    sorted_alpha = capped.gather(-1, order[..., None, :].expand_as(capped))
    transmittance = (1 - sorted_alpha).cumprod(-1)
    distances = [
        (alpha / MIN_ALPHA - 1).abs(),
        (alpha / MAX_ALPHA - 1).abs(),
        (transmittance / TRANSMITTANCE_MIN - 1).abs(),
    ]
    return min(distance.min().item() for distance in distances)
