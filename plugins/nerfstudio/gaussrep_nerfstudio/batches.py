"""nerfstudio's batches as pictures that a fit can be compared with."""

from typing import Any

import torch
from einops import rearrange

from gaussrep.cameras import Cameras
from gaussrep.fitting.capture import PosedImages
from gaussrep.rendering import Rendering


def pictures_of(batch: dict[str, Any], cameras: Cameras) -> PosedImages:
    """Take over a batch of one picture.

    Args:
        batch: `image` [H, W, 3 or 4], eight bits or floats in [0, 1]; where there is one,
            `depth_image` [H, W, 1], 0 where it was not measured.
        cameras: The camera that took it; says on which device the pictures are wanted.
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
    batch: dict[str, Any], rendering: Rendering, pictures: PosedImages
) -> tuple[Rendering, PosedImages]:
    """Make black, on both sides, what the batch's `mask` [H, W, 1] leaves out, if it has one.

    Args:
        batch: Of the pictures.
        rendering: What was drawn.
        pictures: What was taken.
    """
    if "mask" not in batch:
        return rendering, pictures
    counts = rearrange(batch["mask"].to(pictures.colors), "h w 1 -> 1 h w")
    ones = torch.ones_like(counts)
    alphas = ones if pictures.alphas is None else torch.where(counts > 0, pictures.alphas, ones)
    depths = None if pictures.depths is None else pictures.depths * counts
    colors = pictures.colors * counts[..., None]
    drawn = Rendering(rendering.color * counts[..., None], rendering.alpha, rendering.depth)
    return drawn, PosedImages(colors, pictures.cameras, alphas, depths)
