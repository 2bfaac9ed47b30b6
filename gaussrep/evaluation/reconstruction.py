"""`reconstruction`: how well a method says again what it did not see."""

from collections import defaultdict

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from gaussrep.building import build
from gaussrep.errors import CapabilityError
from gaussrep.evaluation.config import ReconstructionConfig
from gaussrep.evaluation.evaluation import Evaluation, Scores, name_of
from gaussrep.evaluation.features import batches, device_of
from gaussrep.metrics.ssim import ssim_map
from gaussrep.methods.hidden_pixels import mean_of, mean_visible_color, psnr
from gaussrep.methods.method import Method

BASELINE = "mean visible color"


class MaskedReconstruction(Evaluation):
    """PSNR and SSIM on hidden pixels, averaged over images and over random masks.

    The SSIM map is taken of the whole image as the method says it again, and averaged over hidden
    pixels and channels. The baseline fills the image with the mean color of what is visible.

    Args:
        config: Its settings.
    """

    config: ReconstructionConfig

    def measure(self, method: Method) -> Scores:
        """Give `psnr` in dB and `ssim` of the method, and of the baseline."""
        dataset = build("datasets", self.config.data, split="val")
        columns: dict[tuple[str, str], list[Tensor]] = defaultdict(list)
        with torch.no_grad():
            for batch in batches(dataset, self.config, device_of(method)):
                for _ in range(self.config.draws):
                    for row, said, hidden in _pictures(method, batch):
                        columns[row, "psnr"].append(psnr(said, batch["image"], hidden))
                        columns[row, "ssim"].append(ssim(said, batch["image"], hidden))
        means = {key: torch.cat(values).mean().item() for key, values in columns.items()}
        rows = {row: {"psnr": means[row, "psnr"], "ssim": means[row, "ssim"]} for row, _ in means}
        measured = sum(map(len, columns[name_of(method), "psnr"]))
        return Scores(rows, {"samples": measured // self.config.draws, "draws": self.config.draws})


def _pictures(method: Method, batch: dict[str, Tensor]) -> list[tuple[str, Tensor, Tensor]]:
    said = method.reconstruct(batch)
    if not said.hidden.flatten(1).any(dim=1).all():
        raise CapabilityError(
            f"{type(method).__name__} hides nothing of some images, so there is nothing to measure"
        )
    filled = mean_visible_color(batch["image"], said.hidden)
    return [(name_of(method), said.images, said.hidden), (BASELINE, filled, said.hidden)]


def ssim(
    said: Float[Tensor, "b c h w"], images: Float[Tensor, "b c h w"], hidden: Bool[Tensor, "b h w"]
) -> Float[Tensor, " b"]:
    """Mean of the SSIM map over hidden pixels and channels.

    Args:
        said: Values in [0, 1].
        images: The truth.
        hidden: Which pixels count.

    Returns:
        Values in [-1, 1], one per image.
    """
    return mean_of(ssim_map(said, images), hidden)
