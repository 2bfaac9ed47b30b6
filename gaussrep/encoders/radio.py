"""`radio`: NVIDIA's RADIO and C-RADIO through torch.hub."""

from typing import Any

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor

from gaussrep.encoders.encoder import ImageEncoder
from gaussrep.encoders.resizing import resize_to_patch_grid
from gaussrep.encoders.teacher_config import RadioConfig
from gaussrep.errors import UnavailableError
from gaussrep.runtime.console import paused_progress


class RadioEncoder(ImageEncoder):
    """The patch features of a RADIO model (arXiv 2412.07679).

    Weights named C-RADIO are under the NVIDIA Open Model License, which allows commercial use;
    those named RADIO are under NVIDIA's NSCL, for non-commercial use only. This encoder runs the
    code of `repo` and lets it unpickle its weights file, so `repo` must be trusted by name.

    Args:
        config: Version, where the code comes from, size of the images.

    Raises:
        UntrustedError: `repo` is not trusted.
        UnavailableError: The code or the weights cannot be had.
    """

    def __init__(self, config: RadioConfig) -> None:
        super().__init__()
        self.config = config
        self.network = _load(config).eval()
        with torch.no_grad():
            step = self.network.min_resolution_step
            self._width = self(torch.zeros(1, 3, step, step)).shape[-1]

    @property
    def width(self) -> int:
        """Length of a feature vector."""
        return self._width

    def forward(
        self, images: Float[Tensor, "batch 3 height width"]
    ) -> Float[Tensor, "batch rows columns channels"]:
        """Encode a batch of images; RADIO normalizes them itself.

        Args:
            images: RGB in [0, 1].

        Returns:
            One vector per patch.
        """
        step, patch = self.network.min_resolution_step, self.network.patch_size
        sized = resize_to_patch_grid(images, step, self.config.image_side)
        _, tokens = self.network(sized)
        return rearrange(
            tokens, "b (rows columns) c -> b rows columns c", rows=sized.shape[-2] // patch
        )


def _load(config: RadioConfig) -> Any:
    config.preflight()
    try:
        with paused_progress():  # torch.hub shows a bar of its own
            return torch.hub.load(
                config.repo,
                "radio_model",
                source=config.source,
                version=config.version,
                trust_repo=True,  # pyright: ignore[reportArgumentType] - questions would halt a job
                skip_validation=True,  # which would only ask GitHub's API
                verbose=False,
            )
    except Exception as error:  # whatever torch.hub and the repository's code raise
        raise UnavailableError(_sentence(config, error)) from error


def _sentence(config: RadioConfig, error: Exception) -> str:
    reason = " ".join(str(error).split())[:200]
    return (
        f"RADIO {config.version!r} cannot be loaded from {config.repo} ({type(error).__name__}: "
        f"{reason}); its code comes from github.com and its weights from huggingface.co: if "
        f"there is no network, copy {torch.hub.get_dir()} from a machine that has loaded it, or "
        "set source=local, repo=FOLDER and version=WEIGHTS_FILE, or take type=statistics, which "
        "needs no weights"
    )
