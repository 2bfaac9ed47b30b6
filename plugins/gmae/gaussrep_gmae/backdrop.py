"""What lies behind the Gaussians."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from gaussrep_gmae.config import GMAEConfig


class Backdrop(nn.Module):
    """One color for all images: white, black, or learned.

    Args:
        config: The method's configuration.
    """

    color: Tensor

    def __init__(self, config: GMAEConfig) -> None:
        super().__init__()
        self.learned = config.background == "learned"
        if self.learned:
            self.raw_color = nn.Parameter(torch.zeros(3))
        else:
            level = 1.0 if config.background == "white" else 0.0
            self.register_buffer("color", torch.full((3,), level), persistent=False)

    def forward(self) -> Float[Tensor, " 3"]:
        """RGB in [0, 1]; a learned one starts as middle gray and has a gradient."""
        return self.raw_color.sigmoid() if self.learned else self.color
