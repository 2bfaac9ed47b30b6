"""Pages of masked autoencoders: one article per image."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean

from markupsafe import Markup

from gaussrep import Gaussians
from gaussrep.methods import Report
from gaussrep.report import (
    Article,
    Chart,
    Panel,
    ReportPage,
    Row,
    Text,
)
from gaussrep_gmae.report.masked_views import MaskedPSNR

OVERVIEW_IMAGES = 3
"""Images on `overview.png`."""

CSS = """\
h3 { font-size: .85rem; margin: .7rem 0 .35rem; }
.legend { display: flex; align-items: center; gap: 2px; padding-top: .3rem; }
.legend span:first-child { margin-right: .4rem; } .legend span:last-child { margin-left: .4rem; }
.layer { width: 2.4rem; text-align: center; font-size: .75rem; line-height: 1.35rem; }
@media print { .layer { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
"""


@dataclass(frozen=True)
class ReportImage:
    """One image of a report.

    Attributes:
        name: Name of the image, such as its file.
        psnr: PSNR of its masked pixels.
        rows: Its panels, row by row, each with a heading; empty for none.
        overview: Its panels in `overview.png`.
        gaussians: Gaussians of the whole image, [K]; None if the method predicts none.
    """

    name: str
    psnr: MaskedPSNR
    rows: Sequence[tuple[str, Sequence[Panel]]]
    overview: Sequence[Panel]
    gaussians: Gaussians | None = None


def write_page(
    title: str,
    facts: Sequence[tuple[str, str]],
    charts: Sequence[Chart],
    caption: Markup,
    images: Sequence[ReportImage],
    folder: Path,
) -> Report:
    """Write the report of a masked autoencoder.

    Args:
        title: Title of the page.
        facts: Names and values that describe the model.
        charts: Charts of the run.
        caption: Description of the panels.
        images: Images, at least one.
        folder: Folder of `report.html` and of the folder `report` with PNG and PLY files.

    Returns:
        The page, and a summary with the gain over the mean visible color in dB.
    """
    spread = images[:: max(1, len(images) // OVERVIEW_IMAGES)][:OVERVIEW_IMAGES]
    page = ReportPage(
        title=title,
        summary=_headline(images),
        facts=facts,
        charts=charts,
        articles=[_article(image, number) for number, image in enumerate(images)],
        overview=[image.overview for image in spread],
        caption=caption,
        css=CSS,
    )
    return Report(page.write(folder), _summary(images))


def paragraphs(texts: Sequence[str]) -> Markup:
    """Wrap texts in HTML paragraphs.

    Args:
        texts: Plain text.

    Returns:
        One `p` element per text.
    """
    return Markup("\n").join(Markup("<p>{}</p>").format(text) for text in texts)


def layer_legend(colors: Sequence[str]) -> Markup:
    """Build the legend of the layer map.

    Args:
        colors: CSS colors of the layers, nearest first.

    Returns:
        A `p` element.
    """
    cell = Markup('<span class="layer" style="background: {}; color: {}">{}</span>')
    cells = (
        cell.format(color, "#222" if number < len(colors) / 2 else "#fff", number + 1)
        for number, color in enumerate(colors)
    )
    return Markup('\n<p class="legend"><span>near</span>{}<span>far</span></p>').format(
        Markup("").join(cells)
    )


def _article(image: ReportImage, number: int) -> Article:
    head = Markup(
        "<b>{}</b>{}: {:.1f} dB on masked pixels, {:+.1f} dB against the mean visible color"
    )
    return Article(
        name=f"image-{number:02d}",
        head=head.format(number + 1, image.name, image.psnr.psnr, image.psnr.gain),
        blocks=[block for row in image.rows for block in _blocks(*row)],
        gaussians=image.gaussians,
    )


def _blocks(heading: str, panels: Sequence[Panel]) -> list[Text | Row]:
    return [*([Text(heading, "heading")] if heading else []), Row(panels)]


def _headline(images: Sequence[ReportImage]) -> Markup:
    gains = [image.psnr.gain for image in images]
    spread = f" ({min(gains):+.1f} to {max(gains):+.1f} dB)" if len(images) > 1 else ""
    return Markup(
        "On the masked pixels of {} the reconstruction is <strong>{:+.1f} dB</strong> PSNR against "
        "{} mean visible color{}."
    ).format(_count(images), mean(gains), _whose(images), spread)


def _summary(images: Sequence[ReportImage]) -> str:
    gains = [image.psnr.gain for image in images]
    psnr = mean(image.psnr.psnr for image in images)
    spread = f" (from {min(gains):+.1f} to {max(gains):+.1f})" if len(images) > 1 else ""
    return (
        f"On masked pixels of {_count(images)} the reconstruction reaches {psnr:.1f} dB PSNR: "
        f"{mean(gains):+.1f} dB against {_whose(images)} mean visible color{spread}."
    )


def _count(images: Sequence[ReportImage]) -> str:
    return "1 image" if len(images) == 1 else f"{len(images)} images"


def _whose(images: Sequence[ReportImage]) -> str:
    return "its" if len(images) == 1 else "each image's"
