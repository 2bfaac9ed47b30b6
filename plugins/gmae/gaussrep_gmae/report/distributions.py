"""Histograms of the Gaussians of a run, over all images."""

from gaussrep import Gaussians
from gaussrep.report.figure import Figure
from gaussrep.report.histogram import Histogram


def gaussian_histograms(gaussians: Gaussians) -> list[Figure]:
    """Draw histograms of scales, opacities and depths.

    Args:
        gaussians: Gaussians of a batch of images in [-1, 1]³, [B, K].

    Returns:
        Three charts: scales in percent of the image's width, all three axes of each Gaussian
        together; opacities; depths from -1, nearest, to 1.
    """
    scales = 50 * gaussians.scales
    depths = gaussians.means[..., 2]
    width = "standard deviation, % of the image's width"
    charts = [
        ("Scales", width, Histogram.of(scales, 0.0, float(scales.max()))),
        ("Opacities", "opacity", Histogram.of(gaussians.opacities, 0.0, 1.0)),
        ("Depths", "depth of the center, from near to far", Histogram.of(depths, -1.0, 1.0)),
    ]
    return [Figure(title, histogram.draw(label, title)) for title, label, histogram in charts]
