"""A renderer of round blobs."""

import torch
from gaussrep import Cameras, Gaussians, Renderer, Rendering
from gaussrep.rendering import Projection, project, view_colors
from jaxtyping import Float
from torch import Tensor

FAINT = 1e-12
"""Sum of weights below which nothing is visible and depth falls to 0."""


class Blobs(Renderer):
    """Renders every Gaussian as a round blob, whose scale is the mean of the three.

    The blobs of a pixel are mixed like one layer of fog, without depth order:
    with wᵢ the opacity of a blob times its Gaussian at the pixel, alpha is 1 - exp(-Σ wᵢ), and
    color and depth are the means weighted by wᵢ. Images differ from those of other renderers,
    so the record sets `is_reference_equivalent=False`.
    """

    def rasterize(
        self,
        gaussians: Gaussians,
        cameras: Cameras,
        background: Float[Tensor, "*batch views 3"],
    ) -> Rendering:
        """See `Renderer.rasterize`."""
        size = gaussians.scales.mean(-1, keepdim=True)
        blobs = gaussians.replace(scales=size.expand_as(gaussians.scales))
        seen = project(blobs, cameras)
        values = torch.cat([seen.depths[..., None], view_colors(blobs, cameras)], -1)
        weight, sums = _sums(seen, gaussians.opacities[..., None, :], values, cameras)
        alpha = -torch.expm1(-weight)
        mixed = sums / weight.clamp_min(FAINT)[..., None]
        behind = (1 - alpha)[..., None] * background[..., None, None, :]
        return Rendering(alpha[..., None] * mixed[..., 1:] + behind, alpha, mixed[..., 0])


def _sums(
    seen: Projection, opacities: Tensor, values: Tensor, cameras: Cameras
) -> tuple[Float[Tensor, "*batch v h w"], Float[Tensor, "*batch v h w c"]]:
    """Sum weights and weighted values at every pixel."""
    lead, count = seen.visible.shape[:-1], seen.visible.shape[-1]
    here = seen.visible.flatten().nonzero().squeeze(1)
    means, conics = (t.reshape(-1, t.shape[-1])[here] for t in (seen.means2d, seen.conics))
    dx, dy = (means[:, None] - _pixel_centers(cameras)).unbind(-1)
    xx, xy, yy = conics[:, None].unbind(-1)
    falloff = (-0.5 * (xx * dx * dx + yy * dy * dy) - xy * dx * dy).exp()
    weights = opacities.expand_as(seen.visible).reshape(-1, 1)[here] * falloff
    weighted = weights[..., None] * values.reshape(-1, 1, values.shape[-1])[here]
    parts = torch.cat([weights[..., None], weighted], -1)
    image = here // max(count, 1)
    sums = parts.new_zeros(lead.numel(), *parts.shape[1:]).index_add(0, image, parts)
    sums = sums.view(*lead, cameras.height, cameras.width, parts.shape[-1])
    return sums[..., 0], sums[..., 1:]


def _pixel_centers(cameras: Cameras) -> Float[Tensor, "pixels 2"]:
    x = torch.arange(cameras.width).to(cameras.Ks) + 0.5
    y = torch.arange(cameras.height).to(cameras.Ks) + 0.5
    return torch.stack(torch.meshgrid(x, y, indexing="xy"), -1).flatten(0, 1)
