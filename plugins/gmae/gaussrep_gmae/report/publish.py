"""Write a report: one HTML file, and beside it pictures and Gaussians to take away."""

from pathlib import Path
from statistics import mean

import gaussrep as gr
from gaussrep.atomic_files import atomic_write
from gaussrep.methods import Report
from gaussrep.report.sheet import contact_sheet
from gaussrep.report.write_png import write_png
from gaussrep_gmae.report.crop import Crop
from gaussrep_gmae.report.page import Page, render_page

ROWS = 4
"""Images on `overview.png`."""

FOLDER = "report"
"""Of the files beside the page."""


def publish(page: Page, folder: Path) -> Report:
    """Write a page and its files.

    Args:
        page: What the page says.
        folder: Where `report.html` is written, and the folder `report`: `overview.png`, and for
            each image a PNG of its panels and a `.ply` of its Gaussians, where it has some.

    Returns:
        The page and a summary.
    """
    (folder / FOLDER).mkdir(parents=True, exist_ok=True)
    links = [_write_files(crop, folder, f"image-{i:02d}") for i, crop in enumerate(page.crops)]
    spread = page.crops[:: max(1, len(page.crops) // ROWS)][:ROWS]
    write_png(contact_sheet([crop.overview for crop in spread]), folder / FOLDER / "overview.png")
    path = folder / "report.html"
    with atomic_write(path) as temporary:
        temporary.write_text(render_page(page, links), encoding="utf-8")
    return Report(path, _summary(page))


def _write_files(crop: Crop, folder: Path, name: str) -> dict[str, str]:
    """Names and addresses, seen from the page, of one image's files."""
    picture, scene = f"{FOLDER}/{name}.png", f"{FOLDER}/{name}.ply"
    write_png(contact_sheet(crop.rows), folder / picture)
    if crop.gaussians is None:
        return {"panels (.png)": picture}
    gr.save(crop.gaussians, folder / scene)
    return {"panels (.png)": picture, "Gaussians (.ply)": scene}


def _summary(page: Page) -> str:
    gains = [crop.gain.decibels for crop in page.crops]
    images = "1 image" if len(gains) == 1 else f"{len(gains)} images"
    psnr = mean(crop.gain.psnr for crop in page.crops)
    return (
        f"On masked pixels of {images} the reconstruction reaches {psnr:.1f} dB PSNR: "
        f"{mean(gains):+.1f} dB against each image's mean visible color "
        f"(from {min(gains):+.1f} to {max(gains):+.1f})."
    )
