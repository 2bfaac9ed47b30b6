"""nerfstudio's batches as posed images, and the losses of a step."""

from dataclasses import replace
from typing import Any

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor

from gaussrep import Cameras, Rendering
from gaussrep.fitting import FittedViews, PosedImages, SceneFitter
from gaussrep_nerfstudio.distillation import FeatureTargets, feature_error


def images_of(batch: dict[str, Any], cameras: Cameras) -> PosedImages:
    """Convert a batch of one image.

    Args:
        batch: `image` [H, W, 3 or 4], eight bits or floats in [0, 1]; optionally `depth_image`
            [H, W, 1], 0 where it was not measured.
        cameras: The camera of the image, whose device the result is on.

    Returns:
        One view.
    """
    image = batch["image"].to(cameras.viewmats.device)
    values = rearrange(image / 255 if image.dtype == torch.uint8 else image, "h w c -> 1 h w c")
    alphas = values[..., 3] if values.shape[-1] == 4 else None
    colors = values[..., :3] if alphas is None else values[..., :3] * alphas[..., None]
    depths = batch.get("depth_image")
    if depths is not None:
        depths = rearrange(depths.to(image.device).float(), "h w 1 -> 1 h w")
    return PosedImages(colors, cameras, alphas, depths)


def masked(
    batch: dict[str, Any], rendering: Rendering, images: PosedImages
) -> tuple[Rendering, PosedImages]:
    """Set pixels outside the batch's mask to black on both sides.

    Args:
        batch: Optionally `mask` [H, W, 1], 0 outside.
        rendering: The rendered view.
        images: The captured view.

    Returns:
        Both, unchanged if the batch has no mask.
    """
    if "mask" not in batch:
        return rendering, images
    counts = rearrange(batch["mask"].to(images.colors), "h w 1 -> 1 h w")
    ones = torch.ones_like(counts)
    alphas = ones if images.alphas is None else torch.where(counts > 0, images.alphas, ones)
    depths = None if images.depths is None else images.depths * counts
    colors = images.colors * counts[..., None]
    rendered = Rendering(rendering.color * counts[..., None], rendering.alpha, rendering.depth)
    return rendered, PosedImages(colors, images.cameras, alphas, depths)


def image_loss(fitter: SceneFitter, views: FittedViews, batch: dict[str, Any]) -> Float[Tensor, ""]:
    """Compute the loss of `gaussrep fit` between a rendered and a captured view.

    Args:
        fitter: Its loss, and the weight of depth.
        views: The rendered view.
        batch: The captured view.

    Returns:
        A scalar.
    """
    rendering, images = masked(batch, views.rendering, images_of(batch, views.cameras))
    return fitter.compute_loss(replace(views, rendering=rendering), images).total


def feature_loss(
    rendering: Rendering, batch: dict[str, Any], targets: FeatureTargets
) -> Float[Tensor, ""]:
    """Compute one minus the cosine between rendered and target features.

    Args:
        rendering: The view, with features.
        batch: `image_idx`, the index of the training image.
        targets: The encoder's maps of the training images.

    Returns:
        A scalar in [0, 2].
    """
    assert rendering.features is not None
    return feature_error(rendering.features[0], targets.maps[batch["image_idx"]])
