"""The page: one HTML file with everything in it."""

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from io import BytesIO
from statistics import mean

from jinja2 import Environment

from gaussrep_gmae.report.measure import Gain
from gaussrep_gmae.report.panels import Panel


@dataclass(frozen=True)
class Crop:
    """One image of the page: how well it was said, and its panels."""

    gain: Gain
    panels: Sequence[Panel]


def build_page(
    title: str, facts: Sequence[tuple[str, str]], curve: str | None, crops: Sequence[Crop]
) -> str:
    """Fill the page.

    Args:
        title: Heading.
        facts: Name and value of what is worth knowing about the run.
        curve: The loss curve as an `svg` element, if there is one.
        crops: The images, at least one.

    Returns:
        A self-contained HTML document.
    """
    template = files("gaussrep_gmae.report").joinpath("page.html.j2").read_text(encoding="utf-8")
    gains = [crop.gain.decibels for crop in crops]
    shown = [
        {
            "gain": crop.gain,
            "panels": [{"title": p.title, "source": _data_url(p)} for p in crop.panels],
        }
        for crop in crops
    ]
    return (
        Environment(autoescape=True)
        .from_string(template)
        .render(
            title=title,
            facts=facts,
            curve=curve,
            crops=shown,
            mean_gain=mean(gains),
            worst_gain=min(gains),
            best_gain=max(gains),
        )
    )


def _data_url(panel: Panel) -> str:
    buffer = BytesIO()
    panel.picture.save(buffer, "PNG", optimize=True)
    return f"data:image/png;base64,{b64encode(buffer.getvalue()).decode()}"
