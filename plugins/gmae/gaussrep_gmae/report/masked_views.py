"""What a masked autoencoder makes of images of which it sees a part."""

from dataclasses import dataclass

import torch
from einops import rearrange
from jaxtyping import Bool, Float
from torch import Tensor

from gaussrep.report.panel import Panel
from gaussrep_gmae.masked import MaskedMethod
from gaussrep_gmae.report.measure import Gain, measure

SEED = 0
"""Of the masks, so that reports on the same images show the same patches."""

HIDDEN = 0.88
"""Gray level of patches that the encoder did not see."""


@dataclass(frozen=True)
class MaskedView:
    """One image through the mask.

    Args:
        gain: How well its masked pixels were said.
        panels: Input, seen patches, reconstruction, and that with the seen patches put back.
    """

    gain: Gain
    panels: tuple[Panel, Panel, Panel, Panel]


def masked_views(method: MaskedMethod, images: Float[Tensor, "b 3 h w"]) -> list[MaskedView]:
    """Mask images at the method's ratio, and let it say them.

    Args:
        method: The trained model, in evaluation mode.
        images: Images in [0, 1].

    Returns:
        One view per image.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        visible = method.random_visible(len(images))
    masked = method.masked_pixels(visible)
    said = rearrange(method.predict(images, visible).images, "b c h w -> b h w c")
    gains = measure(images, said, masked)
    return [
        MaskedView(gain, _panels(image, picture, hidden))
        for gain, image, picture, hidden in zip(gains, images, said, masked, strict=True)
    ]


def _panels(
    image: Float[Tensor, "3 h w"], said: Float[Tensor, "h w 3"], masked: Bool[Tensor, "h w"]
) -> tuple[Panel, Panel, Panel, Panel]:
    truth, hidden = rearrange(image, "c h w -> h w c"), masked[..., None]
    return (
        Panel.of("input", truth),
        Panel.of("seen", torch.where(hidden, HIDDEN, truth)),
        Panel.of("reconstruction", said),
        Panel.of("completed", torch.where(hidden, said, truth)),
    )
