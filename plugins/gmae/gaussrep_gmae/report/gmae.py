"""The report of a `gmae` run."""

from pathlib import Path

import torch

from gaussrep import Gaussians
from gaussrep.methods import Report, ReportSamples
from gaussrep.report.curve import loss_curve
from gaussrep.report.palette import css, layer_colors
from gaussrep_gmae.method import GMAE
from gaussrep_gmae.report.crop import Crop
from gaussrep_gmae.report.distributions import distributions
from gaussrep_gmae.report.facts import facts_of
from gaussrep_gmae.report.masked_views import MaskedView, masked_views
from gaussrep_gmae.report.page import Page
from gaussrep_gmae.report.publish import publish
from gaussrep_gmae.report.zero_shot import CHANGE, LAYERS, ZeroShot, zero_shot


@torch.no_grad()
def write_report(method: GMAE, shown: ReportSamples, run: Path, folder: Path) -> Report:
    """Show what a trained model makes of images.

    Reconstructions are made through masks drawn from a fixed seed; all else shows the Gaussians
    of whole images.

    Args:
        method: The trained model, in evaluation mode.
        shown: At least one `image`, in [0, 1].
        run: The run's folder, for its loss curve.
        folder: Where `report.html` and the folder `report` of PNG and PLY files are written.

    Returns:
        The page, and how many dB the reconstruction beats the mean visible color by.
    """
    images = shown.batch["image"]
    gaussians = method.gaussians(shown.batch)
    crops = [
        _crop(view, zero_shot(method, images[i], gaussians[i : i + 1]), gaussians[i])
        for i, view in enumerate(masked_views(method, images))
    ]
    page = Page(
        title=f"GMAE · {run.name}",
        facts=facts_of(method),
        figures=[*loss_curve(run), *distributions(gaussians)],
        caption=_caption(method),
        layers=[css(color) for color in layer_colors(min(LAYERS, gaussians.count))],
        crops=crops,
    )
    return publish(page, folder)


def _crop(view: MaskedView, found: ZeroShot, gaussians: Gaussians) -> Crop:
    truth, seen, said, whole = view.panels
    rows = [
        [truth, seen, said, whole, found.whole, found.ellipses],
        [found.layers, found.depth, found.edges, found.mask, found.figure, found.ground],
        found.nearest,
    ]
    overview = [
        *(truth, seen, said, found.ellipses, found.nearest[-2]),
        *(found.layers, found.figure, found.edges),
    ]
    return Crop(view.gain, rows, overview, gaussians)


def _caption(method: GMAE) -> list[str]:
    shown = 1 - method.config.mask_ratio
    return [
        f"Row 1. The input; the {shown:.0%} of its patches that the encoder saw; the picture drawn "
        "from the Gaussians it was said in; the same with the seen patches put back; the picture "
        "said from all patches; and its Gaussians as ellipses of one standard deviation.",
        "Row 2, from all patches, with nothing trained for it. The last of "
        f"{min(LAYERS, method.config.gaussians)} groups of Gaussians, of equal count and nearest "
        f"first, that changes a pixel by more than {CHANGE:.0%}, white where none does; the depth "
        "of the Gaussians, from 0 at the near face of their cube to 1 at the far face, in each "
        "image's own range of colors; edges; a soft mask of the figure; the input under the mask; "
        "the input under the rest.",
        "Row 3. Only the nearest Gaussians, over the background.",
    ]
