"""The `pulsar` renderer: PyTorch3D's sphere renderer."""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from gaussrep import Cameras, Gaussians
from gaussrep.rendering import Renderer, Rendering, to_float32
from gaussrep.rendering.compositing import blend_channels, to_rendering
from gaussrep.rendering.conventions import MIN_ALPHA, NEAR
from gaussrep_pytorch3d.config import PulsarConfig
from gaussrep_pytorch3d.library import explain_missing_cuda, pytorch3d

MIN_RELATIVE_DISTANCE = 1e-3
"""Spheres nearer than this fraction of the farthest distance are omitted: Pulsar's focal length
must be shorter than any distance, and it is inexact at distances of 10,000 focal lengths."""

DEPTH_MARGIN = 1e-4
"""Fraction of the nearest sphere's distance by which the depth range starts before it."""

MAX_COLOR_ERROR = 1e-6
"""Largest relative color error that Pulsar may make to be faster (PyTorch3D's default: 0.01)."""


class PulsarRenderer(Renderer):
    """Renders every Gaussian as a sphere (Pulsar, arXiv 2004.07484).

    With o the opacity of a sphere, c in [0, 1] the closeness of the ray to its center and n in
    [0, 1] the nearness of its surface between the image's farthest and nearest spheres, its weight
    in a pixel is c · o · exp(o · n / gamma), and that of the background 1; weights are normalized.
    Alpha is 1 minus the background's weight, depth the weighted mean of the centers' depths. There
    are no ellipsoids and no transmittance, so images differ from those of the other renderers.
    Images are rendered one by one.

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
        channels = blend_channels(gaussians, cameras, spheres.centers[..., 2])
        opacities = gaussians.opacities.unsqueeze(-2).expand_as(spheres.radii)
        rows = torch.cat(
            [spheres.centers, spheres.radii[..., None], opacities[..., None], channels], -1
        )
        inputs = zip(
            rows.flatten(0, -3),
            spheres.visible.flatten(0, -2),
            spheres.focal.flatten(),
            strict=True,
        )
        with explain_missing_cuda():
            images = [self._image(row[seen], focal, cameras) for row, seen, focal in inputs]
        empty = channels.new_empty(0, cameras.width * cameras.height, channels.shape[-1])
        composited = torch.stack(images) if images else empty
        return to_rendering(composited, gaussians, cameras, background)

    def _image(
        self, rows: Float[Tensor, "n row"], focal: Float[Tensor, ""], cameras: Cameras
    ) -> Float[Tensor, "p c"]:
        """Render one image from visible spheres: weighted means of the channels."""
        count = rows.shape[-1] - 5
        if not len(rows):
            return rows.new_zeros(cameras.width * cameras.height, count)
        centers, radii, opacities, channels = rows.split([3, 1, 1, count], -1)
        with torch.no_grad():
            distances = centers.norm(dim=-1, keepdim=True)
            farthest = (distances + radii).max()
            nearest = (distances - radii).min() / farthest * (1 - DEPTH_MARGIN)
            nearest = nearest.clamp_min(MIN_RELATIVE_DISTANCE)
        width, height = padded_image_size(cameras)
        pulsar_focal = MIN_RELATIVE_DISTANCE / 2
        sensor = pulsar_focal * width / focal
        pose = rows.new_tensor([0, 0, 0, 1, 0, 0, 0, 1, 0, pulsar_focal, sensor.item()])
        pulsar = pytorch3d("renderer.points.pulsar").Renderer(
            width,
            height,
            max_num_balls=len(rows),
            n_channels=count,
            n_track=self.config.n_track,
        )
        image, info = pulsar.to(rows.device)(
            centers / farthest,
            channels.contiguous(),
            radii[:, 0] / farthest,
            pose,
            gamma=self.config.gamma,
            max_depth=1.0,
            min_depth=nearest.item(),
            bg_col=rows.new_zeros(count),
            opacity=opacities[:, 0].contiguous(),
            percent_allowed_difference=MAX_COLOR_ERROR,
            return_forward_info=True,
        )
        if rows.requires_grad:
            tracked = pulsar.sphere_ids_from_result_info_nograd(info.detach()).flatten()
            pixels = torch.bincount(tracked[tracked >= 0].long(), minlength=len(rows))
            # Pulsar divides the gradients of a sphere by the number of its pixels.
            rows.register_hook(lambda gradient: gradient * pixels[:, None])
        return image[: cameras.height, : cameras.width].flatten(0, 1)


@dataclass(frozen=True, eq=False)
class Spheres:
    """Spheres in Pulsar's camera space: x right, y up, z forward, the camera at the origin.

    Pulsar has one focal length, and a principal point in the middle of the image (or whole pixels
    off it). Any pinhole camera is equivalent to such a camera after a linear map of camera space
    that preserves depths; so centers project exactly as in all other renderers.

    Args:
        centers: In scene units, [*B, V, N, 3].
        radii: In scene units, [*B, V, N]; if pixels are not square, of the sphere whose disc has
            the area of the projected ellipse.
        focal: Focal length in pixels, without gradient, [*B, V].
        visible: Whether a sphere is rendered, [*B, V, N].
    """

    centers: Float[Tensor, "*batch v n 3"]
    radii: Float[Tensor, "*batch v n"]
    focal: Float[Tensor, "*batch v"]
    visible: Bool[Tensor, "*batch v n"]


def to_spheres(gaussians: Gaussians, cameras: Cameras, radius: float) -> Spheres:
    """Convert every Gaussian to a sphere in the camera space of every view.

    Args:
        gaussians: Scenes, [*B, N].
        cameras: Pinhole views, [*B, V].
        radius: Radius of a sphere in geometric means of the Gaussian's standard deviations.

    Returns:
        Spheres; visible are those whose Gaussian every renderer would render, that overlap the
        image, and that do not contain the camera.
    """
    rotation = cameras.viewmats[..., None, :3, :3]
    offset = cameras.viewmats[..., None, :3, 3]
    x, y, z = ((rotation @ gaussians.means[..., None, :, :, None])[..., 0] + offset).unbind(-1)
    Ks = cameras.Ks[..., None, :, :]
    zoom = (Ks[..., 0, 0] * Ks[..., 1, 1]).sqrt()
    focal = zoom.detach()
    shift = Ks[..., :2, 2] - Ks.new_tensor(padded_image_size(cameras)) / 2
    centers = [
        (Ks[..., 0, 0] * x + shift[..., 0] * z) / focal,
        -(Ks[..., 1, 1] * y + shift[..., 1] * z) / focal,
        z,
    ]
    mean_scale = gaussians.scales.log().mean(-1).exp()[..., None, :]
    spheres = torch.stack(centers, -1), radius * mean_scale * zoom / focal
    visible = _overlaps_image(*spheres, focal, padded_image_size(cameras))
    visible = visible & (gaussians.opacities[..., None, :] >= MIN_ALPHA)
    return Spheres(*spheres, focal[..., 0], visible)


def padded_image_size(cameras: Cameras) -> tuple[int, int]:
    """Compute the image size for Pulsar, which needs at least two pixels per side.

    Args:
        cameras: Views.

    Returns:
        Width and height in pixels.
    """
    return max(2, cameras.width), max(2, cameras.height)


def _overlaps_image(
    centers: Tensor, radii: Tensor, focal: Tensor, size: tuple[int, int]
) -> Bool[Tensor, "*batch v n"]:
    """Test whether spheres are in front of the camera and overlap the viewing frustum."""
    z = centers[..., 2]
    outside = centers.norm(dim=-1) > radii
    half = centers.new_tensor(size) / 2
    beyond = centers[..., :2].abs() * focal[..., None] - half * z[..., None]
    edges = torch.hypot(focal[..., None], half)  # of the planes' normals
    return (z >= NEAR) & outside & (beyond < radii[..., None] * edges).all(-1)
