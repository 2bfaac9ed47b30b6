"""Nerfstudio's outputs of a rendered view, those of features included, and cropping to a box."""

import torch
from jaxtyping import Float
from nerfstudio.data.scene_box import OrientedBox
from torch import Tensor
from torch.nn.functional import cosine_similarity

from gaussrep import Cameras, Gaussians, Rendering, render
from gaussrep.embedding import PrincipalColors
from gaussrep.fitting import FittedViews
from gaussrep_nerfstudio.picker import Ray

OPAQUE = 0.5
"""Smallest opacity of the Gaussians from which the principal components are computed."""
PROBE, PROBE_FOV = 3, 0.35
"""Size in pixels and field of view in degrees of the image whose center is the feature on a ray: as
wide as three pixels of a view of 60 degrees and 512 pixels."""


def outputs_of(rendering: Rendering) -> dict[str, Tensor]:
    """Convert the rendering of one camera to nerfstudio's outputs, channels last.

    Args:
        rendering: One view, [1, H, W, ...].

    Returns:
        `rgb` in [0, 1], `depth` in the units of the model, `accumulation`.
    """
    return {
        "rgb": rendering.color[0].clamp(0, 1),
        "depth": rendering.depth[0, ..., None],
        "accumulation": rendering.alpha[0, ..., None],
    }


def inside(gaussians: Gaussians, box: OrientedBox) -> Gaussians:
    """Make Gaussians outside a box transparent.

    Args:
        gaussians: One scene.
        box: In the units of the scene.

    Returns:
        The scene; the others have opacity 0.
    """
    within = box.within(gaussians.means).reshape(-1).to(torch.bool)
    return gaussians.replace(opacities=gaussians.opacities * within)


def feature_outputs(view: FittedViews, ray: Ray | None, renderer: str) -> dict[str, Tensor]:
    """Compute the images of features that nerfstudio shows.

    Args:
        view: Rendered with features.
        ray: The picked ray, if any.
        renderer: Renderer of the picked feature.

    Returns:
        `features` [H, W, 3], their three principal components as colors that do not depend on
        the view, black where nothing is rendered; `similarity` [H, W, 1] to the picked feature, the
        cosine or 0 where that is negative.
    """
    gaussians, rendering = view.gaussians, view.rendering
    assert gaussians.features is not None
    assert rendering.features is not None
    clear = gaussians.opacities >= OPAQUE
    rows = gaussians.features[clear] if clear.sum() > 3 else gaussians.features
    colors = PrincipalColors.of(rows).paint(rendering.features[0])
    outputs = {"features": colors * rendering.alpha[0, ..., None]}
    if ray is not None:
        target = _feature_on(gaussians, ray, renderer)
        similarity = cosine_similarity(rendering.features[0], target, dim=-1)
        outputs["similarity"] = similarity.clamp_min(0)[..., None]
    return outputs


def _feature_on(gaussians: Gaussians, ray: Ray, renderer: str) -> Float[Tensor, " c"]:
    """Render the feature along a ray."""
    origin, direction = (
        torch.tensor(part, dtype=torch.float32) for part in (ray.origin, ray.direction)
    )
    up = torch.eye(3)[1 if direction[2].abs() > 0.9 * direction.norm() else 2]
    camera = Cameras.look_at(origin[None], origin + direction, up, PROBE, PROBE, PROBE_FOV)
    rendered = render(gaussians, camera.to(gaussians.device), renderer)
    assert rendered.features is not None
    return rendered.features[0, PROBE // 2, PROBE // 2]
