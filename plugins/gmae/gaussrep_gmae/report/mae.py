"""The report of an `mae` run."""

from pathlib import Path

import torch

from gaussrep.methods import Report, ReportSamples
from gaussrep.report import metrics_charts
from gaussrep_gmae.mae import MAE
from gaussrep_gmae.report.facts import model_facts, target_notes, training_facts
from gaussrep_gmae.report.masked_views import masked_samples
from gaussrep_gmae.report.page import ReportImage, paragraphs, write_page


@torch.no_grad()
def write_mae_report(method: MAE, samples: ReportSamples, run: Path, folder: Path) -> Report:
    """Write the reconstructions of images, with masks from a fixed seed.

    Args:
        method: Trained model, in evaluation mode.
        samples: At least one `image`, in [0, 1].
        run: Folder of the run, for its loss curve.
        folder: Folder of `report.html` and of the folder `report` with PNG files.

    Returns:
        The page, and a summary with the gain over the mean visible color in dB.
    """
    masked = masked_samples(method, samples.batch["image"])
    return write_page(
        title=f"MAE · {run.name}",
        facts=[*training_facts(samples), *model_facts(method)],
        charts=metrics_charts(run),
        caption=paragraphs(_caption(method)),
        images=[
            ReportImage(name, each.psnr, [("", each.panels)], each.panels)
            for name, each in zip(samples.names, masked, strict=True)
        ],
        folder=folder,
    )


def _caption(method: MAE) -> list[str]:
    visible = 1 - method.config.mask_ratio
    caption = [
        f"The input; the {visible:.0%} of its patches that are visible to the encoder; the "
        "reconstruction; the reconstruction with the visible patches of the input."
    ]
    if method.config.loss_region == "masked":
        caption.append(
            "The loss compared masked patches only; predictions of visible ones have no meaning."
        )
    return [*caption, *target_notes(method)]
