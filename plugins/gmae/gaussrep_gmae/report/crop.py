"""One image of a report."""

from collections.abc import Sequence
from dataclasses import dataclass

from gaussrep import Gaussians
from gaussrep.report.panel import Panel
from gaussrep_gmae.report.measure import MaskedPSNR


@dataclass(frozen=True)
class ReportImage:
    """One image of a report.

    Args:
        psnr: PSNR of its masked pixels.
        rows: Its panels, row by row.
        overview: Its panels in `overview.png`.
        gaussians: Gaussians of the whole image, [K]; None if the method predicts none.
    """

    psnr: MaskedPSNR
    rows: Sequence[Sequence[Panel]]
    overview: Sequence[Panel]
    gaussians: Gaussians | None = None
