"""The report of an `mae` run."""

from pathlib import Path

import torch

from gaussrep.methods import Report, ReportSamples
from gaussrep.report.curve import loss_curve
from gaussrep_gmae.mae import MAE
from gaussrep_gmae.report.crop import Crop
from gaussrep_gmae.report.facts import facts_of
from gaussrep_gmae.report.masked_views import masked_views
from gaussrep_gmae.report.page import Page
from gaussrep_gmae.report.publish import publish


@torch.no_grad()
def write_mae_report(method: MAE, shown: ReportSamples, run: Path, folder: Path) -> Report:
    """Show what a trained model makes of images, with masks drawn from a fixed seed.

    Args:
        method: The trained model, in evaluation mode.
        shown: At least one `image`, in [0, 1].
        run: The run's folder, for its loss curve.
        folder: Where `report.html` and the folder `report` of PNG files are written.

    Returns:
        The page, and how many dB the reconstruction beats the mean visible color by.
    """
    views = masked_views(method, shown.batch["image"])
    page = Page(
        title=f"MAE · {run.name}",
        facts=facts_of(method),
        figures=loss_curve(run),
        caption=_caption(method),
        layers=[],
        crops=[Crop(view.gain, [view.panels], view.panels) for view in views],
    )
    return publish(page, folder)


def _caption(method: MAE) -> list[str]:
    shown = 1 - method.config.mask_ratio
    caption = [
        f"The input; the {shown:.0%} of its patches that the encoder saw; the reconstruction; the "
        "same with the seen patches put back."
    ]
    if method.config.loss_region == "masked":
        caption.append("Only masked patches were trained; what is said of seen ones means nothing.")
    if method.config.target == "normalized":
        caption.append(
            "The target is normalized: mean and deviation of each patch are borrowed from the "
            "input, so pictures and PSNR are better than what was said."
        )
    return caption
