"""How a field of features is shown: as colors, and as likeness to one place."""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import cosine_similarity

from gaussrep import Cameras, Gaussians
from gaussrep.embedding import PrincipalColors
from gaussrep.rendering import render
from gaussrep_nerfstudio.picker import Ray
from gaussrep_nerfstudio.views import View

OPAQUE = 0.5
"""Gaussians of at least this opacity decide what the colors are."""
PROBE, PROBE_FOV = 3, 0.35
"""The pixels across, and the degrees, of the picture whose middle is what lies on a ray: as wide as
three pixels of 60 degrees over 512."""


def feature_outputs(view: View, ray: Ray | None, renderer: str) -> dict[str, Tensor]:
    """Make what nerfstudio shows of features.

    Args:
        view: Drawn with features.
        ray: What was picked, if anything was.
        renderer: Draws what lies on the ray.

    Returns:
        `features` [H, W, 3], their three principal components as colors that stay the same from
        every side, black where there is nothing; `similarity` [H, W, 1] to what was picked, the
        cosine or 0 where that is negative.
    """
    gaussians, picture = view.gaussians, view.rendering
    assert gaussians.features is not None
    assert picture.features is not None
    clear = gaussians.opacities >= OPAQUE
    rows = gaussians.features[clear] if clear.sum() > 3 else gaussians.features
    colors = PrincipalColors.of(rows).paint(picture.features[0])
    shown = {"features": colors * picture.alpha[0, ..., None]}
    if ray is not None:
        wanted = _feature_on(gaussians, ray, renderer)
        likeness = cosine_similarity(picture.features[0], wanted, dim=-1)
        shown["similarity"] = likeness.clamp_min(0)[..., None]
    return shown


def _feature_on(gaussians: Gaussians, ray: Ray, renderer: str) -> Float[Tensor, " c"]:
    """The feature that a camera sees along a ray."""
    origin, direction = (
        torch.tensor(part, dtype=torch.float32) for part in (ray.origin, ray.direction)
    )
    up = torch.eye(3)[1 if direction[2].abs() > 0.9 * direction.norm() else 2]
    camera = Cameras.look_at(origin[None], origin + direction, up, PROBE, PROBE, PROBE_FOV)
    drawn = render(gaussians, camera.to(gaussians.device), renderer)
    assert drawn.features is not None
    return drawn.features[0, PROBE // 2, PROBE // 2]
