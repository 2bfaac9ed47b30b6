"""Write a report: one HTML file, and beside it image files and Gaussians."""

from pathlib import Path
from statistics import mean

import gaussrep as gr
from gaussrep.atomic_files import atomic_write
from gaussrep.methods import Report
from gaussrep.report.sheet import contact_sheet
from gaussrep.report.write_png import write_png
from gaussrep_gmae.report.crop import ReportImage
from gaussrep_gmae.report.page import ReportPage, render_page

ROWS = 4
"""Images on `overview.png`."""

FOLDER = "report"
"""Folder of the files beside the page."""


def publish(page: ReportPage, folder: Path) -> Report:
    """Write a report and its files.

    Args:
        page: Content of the report.
        folder: Folder of `report.html` and of the folder `report`: `overview.png`, and for each
            image a PNG of its panels and, if it has Gaussians, a `.ply` of them.

    Returns:
        The page and a summary.
    """
    (folder / FOLDER).mkdir(parents=True, exist_ok=True)
    links = [_write_files(image, folder, f"image-{i:02d}") for i, image in enumerate(page.images)]
    spread = page.images[:: max(1, len(page.images) // ROWS)][:ROWS]
    write_png(contact_sheet([image.overview for image in spread]), folder / FOLDER / "overview.png")
    path = folder / "report.html"
    with atomic_write(path) as temporary:
        temporary.write_text(render_page(page, links), encoding="utf-8")
    return Report(path, _summary(page))


def _write_files(image: ReportImage, folder: Path, name: str) -> dict[str, str]:
    """Write one image's files; return their names and their addresses relative to the page."""
    panels, scene = f"{FOLDER}/{name}.png", f"{FOLDER}/{name}.ply"
    write_png(contact_sheet(image.rows), folder / panels)
    if image.gaussians is None:
        return {"panels (.png)": panels}
    gr.save(image.gaussians, folder / scene)
    return {"panels (.png)": panels, "Gaussians (.ply)": scene}


def _summary(page: ReportPage) -> str:
    gains = [image.psnr.gain for image in page.images]
    images = "1 image" if len(gains) == 1 else f"{len(gains)} images"
    psnr = mean(image.psnr.psnr for image in page.images)
    return (
        f"On masked pixels of {images} the reconstruction reaches {psnr:.1f} dB PSNR: "
        f"{mean(gains):+.1f} dB against each image's mean visible color "
        f"(from {min(gains):+.1f} to {max(gains):+.1f})."
    )
