"""Metrics of rendered images, as `ns-eval` reports them."""

from pathlib import Path
from typing import Any, Literal

import torch
from einops import rearrange
from jaxtyping import Float
from nerfstudio.utils import colormaps
from nerfstudio.utils.rich_utils import CONSOLE
from torch import Tensor

from gaussrep.metrics import psnr, ssim

MISSING = (
    "LPIPS is not measured: the weights of its network are not on this machine. PSNR and SSIM are. "
    "--pipeline.model.lpips download fetches them; --pipeline.model.lpips off silences this."
)


class ViewMetrics:
    """Computes PSNR and SSIM, and LPIPS if its weights are available.

    This is not a module, so that checkpoints do not hold LPIPS's weights.

    Args:
        lpips: `off`, `if-there` (only if the weights are on this machine), or `download`.
    """

    def __init__(self, lpips: Literal["off", "if-there", "download"]) -> None:
        self._wanted = lpips
        self._network: Any = None

    def __call__(
        self, rendered: Float[Tensor, "h w 3"], truth: Float[Tensor, "h w 3"]
    ) -> dict[str, float]:
        """Compare two images.

        Args:
            rendered: RGB in [0, 1].
            truth: The captured image.

        Returns:
            `psnr` in dB, `ssim`, and `lpips` unless its weights are missing, which is logged once.
        """
        pair = rendered[None].clamp(0, 1), truth[None]
        measured = {"psnr": psnr(*pair).item(), "ssim": ssim(*pair).item()}
        if self._wanted != "off" and (distance := self._lpips(rendered, truth)) is not None:
            measured["lpips"] = distance
        return measured

    @torch.no_grad()
    def _lpips(self, rendered: Tensor, truth: Tensor) -> float | None:
        if self._network is None and (network := self._load()) is not None:
            self._network = network.to(rendered.device).eval()
        if self._network is None:
            CONSOLE.log(MISSING)
            self._wanted = "off"
            return None
        pair = (rearrange(each.clamp(0, 1), "h w c -> 1 c h w") for each in (rendered, truth))
        return self._network(*pair).item()

    def _load(self) -> Any:
        from torchmetrics.image.lpip import LearnedPerceptualImagePatchSimilarity

        if self._wanted == "if-there" and not _weights().is_file():
            return None
        try:
            return LearnedPerceptualImagePatchSimilarity(normalize=True)
        except OSError as error:
            CONSOLE.log(f"The weights cannot be had: {error}")
            return None


def comparison_images(
    outputs: dict[str, Tensor], truth: Float[Tensor, "h w 3"]
) -> dict[str, Tensor]:
    """Make images for the viewer and the logs.

    Args:
        outputs: Outputs of the model.
        truth: The captured image.

    Returns:
        `img`, the captured beside the rendered image; `accumulation`, `depth` and, if there are
        any, `features` as colors.
    """
    alpha = outputs["accumulation"]
    images = {
        "img": torch.cat([truth, outputs["rgb"]], dim=1),
        "accumulation": colormaps.apply_colormap(alpha),
        "depth": colormaps.apply_depth_colormap(outputs["depth"], accumulation=alpha),
    }
    return images | {name: outputs[name] for name in ("features",) if name in outputs}


def _weights() -> Path:
    """Return the cache path of torchvision's AlexNet weights, which LPIPS uses."""
    from torchvision.models import AlexNet_Weights

    name = AlexNet_Weights.IMAGENET1K_V1.url.rsplit("/", 1)[-1]
    return Path(torch.hub.get_dir()) / "checkpoints" / name
