"""The report of a `gmae` run."""

from pathlib import Path

import torch

from gaussrep import Gaussians
from gaussrep.methods import Report, ReportSamples
from gaussrep.report import Chart, css_color, histogram_chart, metrics_charts
from gaussrep_gmae.method import GMAE
from gaussrep_gmae.report.facts import model_facts, target_notes, training_facts
from gaussrep_gmae.report.masked_views import MaskedSample, masked_samples
from gaussrep_gmae.report.page import ReportImage, layer_legend, paragraphs, write_page
from gaussrep_gmae.report.zero_shot import (
    CHANGE,
    LAYERS,
    ZeroShotPanels,
    depth_range,
    layer_colors,
    zero_shot_panels,
)

MASKED_ROW = "Reconstruction of masked patches"
ZERO_SHOT_ROW = "Zero-shot, from all patches"
NEAREST_ROW = "Nearest Gaussians only"


@torch.no_grad()
def write_report(method: GMAE, samples: ReportSamples, run: Path, folder: Path) -> Report:
    """Write the reconstructions and the Gaussians of images.

    Reconstructions use masks from a fixed seed; all other panels show the Gaussians of whole
    images.

    Args:
        method: Trained model, in evaluation mode.
        samples: At least one `image`, in [0, 1].
        run: Folder of the run, for its loss curve.
        folder: Folder of `report.html` and of the folder `report` with PNG and PLY files.

    Returns:
        The page, and a summary with the gain over the mean visible color in dB.
    """
    images = samples.batch["image"]
    gaussians = method.gaussians(samples.batch)
    depths = depth_range(gaussians)
    reported = [
        _image(
            name,
            masked,
            zero_shot_panels(method, images[i], gaussians[i : i + 1], depths),
            gaussians[i],
        )
        for i, (name, masked) in enumerate(
            zip(samples.names, masked_samples(method, images), strict=True)
        )
    ]
    legend = layer_legend([css_color(c) for c in layer_colors(min(LAYERS, gaussians.count))])
    return write_page(
        title=f"GMAE · {run.name}",
        facts=[*training_facts(samples), *model_facts(method)],
        charts=[*metrics_charts(run), *gaussian_histograms(gaussians)],
        caption=paragraphs(_caption(method)) + legend,
        images=reported,
        folder=folder,
    )


def gaussian_histograms(gaussians: Gaussians) -> list[Chart]:
    """Draw histograms of scales, opacities and depths.

    Args:
        gaussians: Gaussians of a batch of images in [-1, 1]³, [B, K].

    Returns:
        Three charts: scales in percent of the image's width, all three axes of each Gaussian
        together; opacities; depths from 0, the near face of the cube, to 1, the far face.
    """
    scales = 50 * gaussians.scales
    depths = (gaussians.means[..., 2] + 1) / 2
    width = "standard deviation, % of the image's width"
    depth = "depth of the center, near to far"
    return [
        histogram_chart("Scales", width, scales, (0.0, float(scales.max()))),
        histogram_chart("Opacities", "opacity", gaussians.opacities, (0.0, 1.0)),
        histogram_chart("Depths", depth, depths, (0.0, 1.0)),
    ]


def _image(
    name: str, masked: MaskedSample, panels: ZeroShotPanels, gaussians: Gaussians
) -> ReportImage:
    original, visible, reconstruction, completed = masked.panels
    rows = [
        (
            MASKED_ROW,
            [original, visible, reconstruction, completed, panels.whole, panels.ellipses],
        ),
        (
            ZERO_SHOT_ROW,
            [panels.layers, panels.depth, panels.edges, panels.mask, panels.figure, panels.ground],
        ),
        (NEAREST_ROW, panels.nearest),
    ]
    overview = [original, visible, reconstruction, panels.ellipses]
    return ReportImage(name, masked.psnr, rows, overview, gaussians)


def _caption(method: GMAE) -> list[str]:
    visible = 1 - method.config.mask_ratio
    return [
        f"{MASKED_ROW}: the input; the {visible:.0%} of its patches that are visible to the "
        "encoder; the rendering of the Gaussians predicted from them; the same with the visible "
        "patches of the input; the rendering predicted from all patches; and its Gaussians as "
        "ellipses of one standard deviation.",
        f"{ZERO_SHOT_ROW}: the last of "
        f"{min(LAYERS, method.config.gaussians)} groups of Gaussians, of equal count and nearest "
        f"first, that changes a pixel by more than {CHANGE:.0%}, white where none does; the depth "
        "of the Gaussians, from 0 at the near face of their cube to 1 at the far face, bright to "
        "dark over the range of all images; edges; a soft mask of the figure; the input under the "
        "mask; the input under the rest.",
        f"{NEAREST_ROW}, over the background.",
        *target_notes(method),
    ]
