"""One image as a sum of Gaussians, each of them optimized, as in the paper."""

from collections.abc import Callable
from dataclasses import dataclass
from math import log

import torch
from jaxtyping import Float
from torch import Tensor, nn

import gaussrep as gr
from gaussrep import Gaussians
from gaussrep.metrics import psnr
from gaussrep_additive.config import FitImageConfig
from gaussrep_additive.flat import flat_gaussians, image_cameras

FINAL_LR_FACTOR = 0.01
"""Learning rate of the last step, as a fraction of the first."""


@dataclass(frozen=True, eq=False)
class ImageFit:
    """A fitted image.

    Attributes:
        gaussians: The fitted Gaussians, without batch axes.
        image: Their sum, in [0, 1], [3, H, W].
        psnr: PSNR of that sum, in dB.
    """

    gaussians: Gaussians
    image: Float[Tensor, "3 h w"]
    psnr: float


class FreeGaussians(nn.Module):
    """Flat Gaussians whose eight numbers are parameters.

    Args:
        count: Number of Gaussians.
        frame_size: Half the frame's width and height; the longer one is 1.
        generator: Generator of the initial centers, uniform over the frame (paper).
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
        """Return the Gaussians.

        Returns:
            Gaussians without batch axes.
        """
        return flat_gaussians(self.centers, self.raw_sigmas.exp(), self.angles, self.colors)


def fit_image(
    image: Float[Tensor, "3 h w"],
    config: FitImageConfig,
    on_step: Callable[[int], None] = lambda step: None,
) -> ImageFit:
    """Fit a sum of Gaussians to an image by its mean squared error (paper).

    Args:
        image: RGB in [0, 1].
        config: Number of Gaussians and steps, learning rate, seed.
        on_step: Called after each step with the number of steps so far.

    Returns:
        The Gaussians, their sum and its PSNR.
    """
    height, width = image.shape[1:]
    target = image.movedim(0, -1)
    size = torch.tensor([width, height]) / max(width, height)
    model = FreeGaussians(config.gaussians, size, torch.Generator().manual_seed(config.seed))
    model.to(image.device)
    cameras = image_cameras(1, height, width, image.device)[0]
    optimizer = torch.optim.Adam(model.parameters(), lr=config.lr)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(
        optimizer, config.steps, eta_min=FINAL_LR_FACTOR * config.lr
    )
    for step in range(config.steps):
        optimizer.zero_grad()
        rendered = gr.render(model(), cameras, renderer="additive").color[0]
        (rendered - target).square().mean().backward()
        optimizer.step()
        schedule.step()
        on_step(step + 1)
    with torch.no_grad():
        gaussians = model()
        fitted = gr.render(gaussians, cameras, renderer="additive").color[0].clamp(0, 1)
    decibels = psnr(fitted, target).item()
    return ImageFit(gaussians.detach(), fitted.movedim(-1, 0), decibels)
