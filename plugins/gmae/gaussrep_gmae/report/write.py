"""Write the report of a run: one HTML file and the PNGs in it."""

from pathlib import Path
from statistics import mean

import torch
from jaxtyping import Float
from torch import Tensor

from gaussrep.methods.report import Report
from gaussrep.replacing import replacing
from gaussrep_gmae.method import GMAE
from gaussrep_gmae.report.curve import loss_curve
from gaussrep_gmae.report.measure import measure
from gaussrep_gmae.report.page import Crop, build_page
from gaussrep_gmae.report.panels import panels
from gaussrep_gmae.report.sheet import contact_sheet

ROWS = 4
"""Images on `overview.png`."""


def write_report(method: GMAE, images: Float[Tensor, "b 3 h w"], run: Path, folder: Path) -> Report:
    """Show what a trained model makes of images, with masks drawn from a fixed seed.

    Args:
        method: The trained model, in evaluation mode.
        images: Images in [0, 1], at least one.
        run: The run's folder, for its loss curve.
        folder: Where `report.html` and the folder `report` of PNGs are written.

    Returns:
        The page, and how many dB the reconstruction beats the mean visible colour by.
    """
    crops = look_at(method, images)
    pictures = folder / "report"
    pictures.mkdir(parents=True, exist_ok=True)
    rows = [list(crop.panels) for crop in crops]
    for number, row in enumerate(rows):
        _save(contact_sheet([row]), pictures / f"image-{number:02d}.png")
    spread = rows[:: max(1, len(rows) // ROWS)][:ROWS]
    _save(contact_sheet(spread), pictures / "overview.png")
    page = folder / "report.html"
    html = build_page(f"GMAE · {run.name}", _facts(method), loss_curve(run), crops)
    with replacing(page) as temporary:
        temporary.write_text(html, encoding="utf-8")
    return Report(page, _summary(crops))


@torch.no_grad()
def look_at(method: GMAE, images: Float[Tensor, "b 3 h w"]) -> list[Crop]:
    """Mask, encode, draw and measure images.

    Args:
        method: The trained model.
        images: Images in [0, 1].

    Returns:
        One entry per image.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        visible = method.random_visible(len(images))
    gaussians = method.decode(images, visible)
    pictures = method.draw(gaussians).color[:, 0]
    masked = method.masked_pixels(visible)
    gains = measure(images, pictures, masked)
    return [
        Crop(gains[i], panels(images[i], masked[i], pictures[i], gaussians[i], method.background))
        for i in range(len(images))
    ]


def _summary(crops: list[Crop]) -> str:
    gains = [crop.gain.decibels for crop in crops]
    psnr = mean(crop.gain.psnr for crop in crops)
    return (
        f"On masked pixels of {len(crops)} images the reconstruction reaches {psnr:.1f} dB PSNR: "
        f"{mean(gains):+.1f} dB against each image's mean visible colour "
        f"(from {min(gains):+.1f} to {max(gains):+.1f})."
    )


def _facts(method: GMAE) -> list[tuple[str, str]]:
    config = method.config
    weights = sum(parameter.numel() for parameter in method.parameters())
    encoder, decoder = config.encoder, config.decoder
    return [
        ("Image", f"{config.image_size} px, patches of {config.patch_size} px"),
        ("Encoder", f"{encoder.width} wide, {encoder.depth} blocks"),
        ("Decoder", f"{decoder.width} wide, {decoder.depth} blocks"),
        ("Gaussians", f"{config.gaussians} per image"),
        ("Masked", f"{config.mask_ratio:.0%} of {config.patches} patches"),
        ("Parameters", f"{weights / 1e6:.1f} M"),
    ]


def _save(picture, path: Path) -> None:
    with replacing(path) as temporary:
        picture.save(temporary, "PNG", optimize=True)
