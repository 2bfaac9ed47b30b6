"""`reconstruction`: quality of masked pixels that a method reconstructs."""

from collections import defaultdict

import torch
from torch import Tensor

from gaussrep.building import build
from gaussrep.errors import CapabilityError
from gaussrep.evaluation.config import ReconstructionConfig
from gaussrep.evaluation.evaluation import Evaluation, Scores
from gaussrep.evaluation.features import batches
from gaussrep.methods.method import Method
from gaussrep.metrics import mean_visible_color, psnr, ssim

BASELINE = "mean visible color"


class MaskedReconstruction(Evaluation):
    """PSNR and SSIM on masked pixels, averaged over images and over random masks.

    The SSIM map is computed on the whole reconstructed image and averaged over masked pixels and
    channels. The baseline fills the image with the mean color of its visible pixels.

    Args:
        config: Its settings.
    """

    config: ReconstructionConfig

    def measure(self, method: Method) -> Scores:
        """Compute `psnr` in dB and `ssim` of the method and of the baseline.

        Args:
            method: One that reconstructs images.

        Returns:
            A row of the method and one of the baseline.

        Raises:
            CapabilityError: The method does not reconstruct images, or masks nothing.
        """
        dataset = build("datasets", self.config.data, split="val")
        columns: dict[tuple[str, str], list[Tensor]] = defaultdict(list)
        with torch.no_grad():
            for batch in batches(dataset, self.config, method.device):
                for _ in range(self.config.draws):
                    for row, prediction, mask in _reconstructions(method, batch):
                        for name, metric in (("psnr", psnr), ("ssim", ssim)):
                            values = metric(prediction, batch["image"], mask, channel_dim=-3)
                            columns[row, name].append(values)
        means = {key: torch.cat(values).mean().item() for key, values in columns.items()}
        rows = {row: {"psnr": means[row, "psnr"], "ssim": means[row, "ssim"]} for row, _ in means}
        measured = sum(map(len, columns[method.name, "psnr"]))
        return Scores(rows, {"samples": measured // self.config.draws, "draws": self.config.draws})


def _reconstructions(method: Method, batch: dict[str, Tensor]) -> list[tuple[str, Tensor, Tensor]]:
    """Reconstruct a batch by the method and by the baseline: row, images and mask."""
    found = method.reconstruct(batch)
    if not found.masked.flatten(1).any(dim=1).all():
        raise CapabilityError(
            f"{type(method).__name__} masks nothing of some images, so there is nothing to measure"
        )
    filled = mean_visible_color(batch["image"], found.masked)
    return [(method.name, found.images, found.masked), (BASELINE, filled, found.masked)]
