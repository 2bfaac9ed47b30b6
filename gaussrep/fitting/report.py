"""The report of `gaussrep inspect` on fits: views beside their renderings."""

from collections.abc import Sequence
from pathlib import Path
from statistics import mean

import torch
from torch import Tensor

from gaussrep.fitting.dataset import images_of
from gaussrep.fitting.losses import ImageMetrics, compute_image_metrics
from gaussrep.fitting.method import SceneFit
from gaussrep.fitting.posed_images import PosedImages
from gaussrep.methods.report import Report, ReportSamples
from gaussrep.rendering.renderer import Rendering
from gaussrep.report import (
    Article,
    Panel,
    ReportPage,
    Row,
    histogram_chart,
    metrics_charts,
    near_to_far,
)

OVERVIEW_VIEWS = 3
"""Views on `overview.png`."""
AMPLIFIED = 4
"""Factor on the error image."""
CAPTION = (
    "Of each view: the image; the rendering; their absolute difference, "
    f"{AMPLIFIED} times; the expected depth, near bright and far dark, where alpha is above one "
    "half. Pixels outside of a mask are black."
)


@torch.no_grad()
def write_report(method: SceneFit, samples: ReportSamples, run: Path, folder: Path) -> Report:
    """Write views beside their renderings.

    Args:
        method: A fitted scene.
        samples: Views of its capture.
        run: Folder of the run, for its loss curve.
        folder: Folder of `report.html` and of the folder `report` with PNG and PLY files.

    Returns:
        The page, and a summary with PSNR and SSIM.
    """
    images = images_of(samples.batch)
    views = method.fitter.render(images.cameras)
    target, shown = images.over(views.background), views.rendering
    rows = [_panels(images, target, shown, view) for view in range(images.count)]
    scores = [
        compute_image_metrics(
            shown.color[view : view + 1],
            target[view : view + 1],
            None if images.masks is None else images.masks[view : view + 1],
        )
        for view in range(images.count)
    ]
    gaussians = method.scene.gaussians().detach().replace(features=None)
    summary = _summary(scores)
    page = ReportPage(
        title=f"Fit · {run.name}",
        summary=summary,
        facts=_facts(method, samples, images),
        charts=[
            *metrics_charts(run),
            histogram_chart("Opacities", "opacity", gaussians.opacities, (0.0, 1.0)),
        ],
        articles=[
            Article(
                name=f"view-{view:02d}",
                head=f"{name}: {score.psnr:.1f} dB, SSIM {score.ssim:.3f}",
                blocks=[Row(rows[view])],
                gaussians=gaussians if view == 0 else None,
            )
            for view, (name, score) in enumerate(zip(samples.names, scores, strict=True))
        ],
        overview=rows[:: max(1, len(rows) // OVERVIEW_VIEWS)][:OVERVIEW_VIEWS],
        caption=CAPTION,
    )
    return Report(page.write(folder), summary)


def _summary(scores: Sequence[ImageMetrics]) -> str:
    psnr, ssim = mean(each.psnr for each in scores), mean(each.ssim for each in scores)
    count = "1 view" if len(scores) == 1 else f"{len(scores)} views"
    return f"PSNR {psnr:.2f} dB, SSIM {ssim:.3f} on {count}."


def _facts(method: SceneFit, samples: ReportSamples, images: PosedImages) -> list[tuple[str, str]]:
    cameras = images.cameras
    return [
        *([] if samples.step is None else [("Step", f"{samples.step:,}")]),
        ("Gaussians", f"{method.scene.count:,}"),
        ("Harmonics", f"degree {method.fitter.sh_degree}"),
        ("Images", f"{cameras.width} x {cameras.height} px, {cameras.model}"),
    ]


def _panels(images: PosedImages, target: Tensor, shown: Rendering, view: int) -> list[Panel]:
    counts = 1.0 if images.masks is None else images.masks[view, ..., None].float()
    wanted, color = target[view] * counts, shown.color[view].clamp(0, 1) * counts
    covered = shown.alpha[view] > 0.5
    depth = shown.depth[view]
    low, high = depth[covered].aminmax() if covered.any() else (depth.min(), depth.max())
    painted = near_to_far((depth - low) / (high - low).clamp_min(1e-12)).to(color)
    width = round(Panel.SIDE * images.cameras.width / images.cameras.height)
    panels = {
        "image": wanted,
        "rendering": color,
        "difference": AMPLIFIED * (wanted - color).abs(),
        "depth": painted * covered[..., None],
    }
    return [
        Panel.from_pixels(title, pixels, (width, Panel.SIDE)) for title, pixels in panels.items()
    ]
