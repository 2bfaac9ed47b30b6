"""`pulsar`: PyTorch3D's sphere renderer."""

import torch
from jaxtyping import Float
from torch import Tensor

from gaussrep.cameras import Cameras
from gaussrep.gaussians import Gaussians
from gaussrep.rendering import Renderer, Rendering, blend_channels, to_float32, to_rendering
from gaussrep_pytorch3d.config import PulsarConfig
from gaussrep_pytorch3d.library import built_for_the_device, pytorch3d
from gaussrep_pytorch3d.spheres import film, to_spheres

CLOSEST = 1e-3
"""Spheres nearer than this share of the farthest one's distance are left out: Pulsar's focal length
must be shorter than any distance, and it is not exact where a distance is 10,000 focal lengths."""

SLACK = 1e-4
"""Share of its distance by which depths begin before the nearest sphere, lest rounding drop it."""

DIFFERENCE = 1e-6
"""Largest share of a color by which Pulsar may be off to be faster (PyTorch3D's default: 0.01)."""


class PulsarRenderer(Renderer):
    """Draws every Gaussian as a sphere (Pulsar, arXiv 2004.07484).

    A sphere counts in a pixel by how near its surface is and how near the ray is to its middle:
    with o its opacity, c in [0, 1] the closeness of the ray to the center and n in [0, 1] the
    nearness of the surface between the picture's farthest and nearest spheres, its weight is
    c · o · exp(o · n / gamma), and that of the background 1; weights are divided by their sum.
    Alpha is what the background lost, depth the weighted mean of the centers' depths. There are no
    ellipsoids and no transmittance: the picture is Pulsar's own. Pictures are drawn one by one.

    Args:
        config: Softness and sizes.

    Raises:
        UnavailableError: If PyTorch3D cannot be imported.
    """

    def __init__(self, config: PulsarConfig | None = None) -> None:
        self.config = config or PulsarConfig()
        pytorch3d("_C")

    def rasterize(
        self,
        gaussians: Gaussians,
        cameras: Cameras,
        background: Float[Tensor, "*batch views 3"],
    ) -> Rendering:
        """See `Renderer.rasterize`."""
        device = gaussians.device.type
        gaussians, cameras, background = to_float32(
            "pulsar", device, gaussians, cameras, background
        )
        with torch.autocast(device, enabled=False):
            return self._rasterize(gaussians, cameras, background)

    def _rasterize(self, gaussians: Gaussians, cameras: Cameras, background: Tensor) -> Rendering:
        spheres = to_spheres(gaussians, cameras, self.config.radius)
        mixed = blend_channels(gaussians, cameras, spheres.centers[..., 2])
        opacities = gaussians.opacities.unsqueeze(-2).expand_as(spheres.radii)
        rows = torch.cat(
            [spheres.centers, spheres.radii[..., None], opacities[..., None], mixed], -1
        )
        images = zip(
            rows.flatten(0, -3),
            spheres.visible.flatten(0, -2),
            spheres.focal.flatten(),
            strict=True,
        )
        with built_for_the_device():
            sums = [self._image(row[seen], focal, cameras) for row, seen, focal in images]
        empty = mixed.new_empty(0, cameras.width * cameras.height, mixed.shape[-1])
        sums = torch.stack(sums) if sums else empty
        return to_rendering(sums, gaussians, cameras, background)

    def _image(
        self, rows: Float[Tensor, "n row"], focal: Float[Tensor, ""], cameras: Cameras
    ) -> Float[Tensor, "p c"]:
        """Weighted means of the values in one picture, whose spheres are all visible."""
        channels = rows.shape[-1] - 5
        if not len(rows):
            return rows.new_zeros(cameras.width * cameras.height, channels)
        centers, radii, opacities, mixed = rows.split([3, 1, 1, channels], -1)
        with torch.no_grad():
            distances = centers.norm(dim=-1, keepdim=True)
            farthest = (distances + radii).max()
            nearest = (distances - radii).min() / farthest * (1 - SLACK)
            nearest = nearest.clamp_min(CLOSEST)
        width, height = film(cameras)
        sensor = CLOSEST / 2 * width / focal
        pose = rows.new_tensor([0, 0, 0, 1, 0, 0, 0, 1, 0, CLOSEST / 2, sensor.item()])
        pulsar = pytorch3d("renderer.points.pulsar").Renderer(
            width,
            height,
            max_num_balls=len(rows),
            n_channels=channels,
            n_track=self.config.tracked,
        )
        picture, info = pulsar.to(rows.device)(
            centers / farthest,
            mixed.contiguous(),
            radii[:, 0] / farthest,
            pose,
            gamma=self.config.gamma,
            max_depth=1.0,
            min_depth=nearest.item(),
            bg_col=rows.new_zeros(channels),
            opacity=opacities[:, 0].contiguous(),
            percent_allowed_difference=DIFFERENCE,
            return_forward_info=True,
        )
        if rows.requires_grad:
            tracked = pulsar.sphere_ids_from_result_info_nograd(info.detach()).flatten()
            pixels = torch.bincount(tracked[tracked >= 0].long(), minlength=len(rows))
            rows.register_hook(lambda means: means * pixels[:, None])  # Pulsar divides by these
        return picture[: cameras.height, : cameras.width].flatten(0, 1)
