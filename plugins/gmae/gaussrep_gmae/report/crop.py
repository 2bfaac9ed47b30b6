"""One image of a report."""

from collections.abc import Sequence
from dataclasses import dataclass

from gaussrep import Gaussians
from gaussrep.report.panel import Panel
from gaussrep_gmae.report.measure import Gain


@dataclass(frozen=True)
class Crop:
    """One image: how well it was said, and what is shown of it.

    Args:
        gain: On its masked pixels.
        rows: Its panels, row by row.
        overview: The panels that tell most, for `overview.png`.
        gaussians: What the whole image was said in, [K]; None where a method has none.
    """

    gain: Gain
    rows: Sequence[Sequence[Panel]]
    overview: Sequence[Panel]
    gaussians: Gaussians | None = None
