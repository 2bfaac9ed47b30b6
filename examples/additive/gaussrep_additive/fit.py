"""One picture as a sum of Gaussians, each of them a parameter, as the paper does it."""

from collections.abc import Callable
from dataclasses import dataclass
from math import log

import torch
from jaxtyping import Float
from torch import Tensor, nn

import gaussrep as gr
from gaussrep import Gaussians
from gaussrep.metrics import psnr
from gaussrep_additive.config import FitPictureConfig
from gaussrep_additive.flat import flat_gaussians, frame

LAST_RATE = 0.01
"""What is left of the learning rate at the last step."""


@dataclass(frozen=True, eq=False)
class PictureFit:
    """A fitted picture.

    Attributes:
        gaussians: What it is the sum of, without batch axes.
        picture: That sum, in [0, 1], [3, H, W].
        psnr: In dB.
    """

    gaussians: Gaussians
    picture: Float[Tensor, "3 h w"]
    psnr: float


class FreeGaussians(nn.Module):
    """Flat Gaussians whose eight numbers are parameters.

    Args:
        count: Their number.
        frame_size: Half the frame's width and height; the longer one is 1.
        generator: Draws the first places, evenly over the frame (paper).
    """

    def __init__(
        self, count: int, frame_size: Float[Tensor, " 2"], generator: torch.Generator
    ) -> None:
        super().__init__()
        spacing = (4 * frame_size.prod().item() / count) ** 0.5
        places = 2 * torch.rand(count, 2, generator=generator) - 1
        self.centers = nn.Parameter(places * frame_size)
        self.raw_sigmas = nn.Parameter(torch.full((count, 2), log(0.5 * spacing)))
        self.angles = nn.Parameter(torch.zeros(count))
        self.colors = nn.Parameter(torch.full((count, 3), 0.25))

    def forward(self) -> Gaussians:
        """The Gaussians, without batch axes."""
        return flat_gaussians(self.centers, self.raw_sigmas.exp(), self.angles, self.colors)


def fit_picture(
    image: Float[Tensor, "3 h w"],
    config: FitPictureConfig,
    on_step: Callable[[int], None] = lambda step: None,
) -> PictureFit:
    """Fit a sum of Gaussians to a picture by its mean squared error (paper).

    Args:
        image: RGB in [0, 1].
        config: How many Gaussians and steps.
        on_step: Called after each step with how many were made.

    Returns:
        The Gaussians, and how near they come.
    """
    height, width = image.shape[1:]
    target = image.movedim(0, -1)
    size = torch.tensor([width, height]) / max(width, height)
    model = FreeGaussians(config.gaussians, size, torch.Generator().manual_seed(config.seed))
    model.to(image.device)
    cameras = frame(1, height, width, image.device)[0]
    optimizer = torch.optim.Adam(model.parameters(), lr=config.lr)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(
        optimizer, config.steps, eta_min=LAST_RATE * config.lr
    )
    for step in range(config.steps):
        optimizer.zero_grad()
        drawn = gr.render(model(), cameras, renderer="additive").color[0]
        (drawn - target).square().mean().backward()
        optimizer.step()
        schedule.step()
        on_step(step + 1)
    with torch.no_grad():
        gaussians = model()
        picture = gr.render(gaussians, cameras, renderer="additive").color[0].clamp(0, 1)
    return PictureFit(gaussians.detach(), picture.movedim(-1, 0), psnr(picture, target).item())
