"""How far a renderer is from the reference on the scenes that are timed, and how fast both are."""

import statistics
from typing import Any

import torch
from torch import Tensor

from gaussrep.rendering import Renderer
from harness.pairs import pixel_gaussian_pairs
from harness.scenes import Scene
from harness.timing import one_call, time_calls

DEFINITION = (
    "max and mean are absolute differences, of features relative to their largest value; close is "
    "the share of values within 2e-5; psnr is in dB for values of range 1; depth is relative, "
    "where the reference's alpha is above 0.01; gradients are norms of differences, relative to "
    "the norms of the reference's. Single values may differ by up to 1/255, where rounding decides "
    "whether a contribution is skipped."
)
CLOSE = 2e-5


def compare(scene: Scene, renderer: Renderer, reference: Renderer) -> dict[str, Any]:
    """Compare images and gradients.

    Args:
        scene: Scene to render.
        renderer: The one to judge.
        reference: The one that is right.

    Returns:
        Plain data for JSON; see `DEFINITION`.
    """
    with torch.no_grad():
        ours, theirs = (
            one.render(scene.gaussians, scene.cameras, scene.background)
            for one in (renderer, reference)
        )
    seen = theirs.alpha > 0.01
    values = {
        "color": differences(ours.color, theirs.color),
        "alpha": differences(ours.alpha, theirs.alpha),
        "depth": differences(ours.depth[seen] / theirs.depth[seen], torch.ones_like(seen[seen])),
    }
    if ours.features is not None and theirs.features is not None:
        size = theirs.features.abs().max()
        values["features"] = differences(ours.features / size, theirs.features / size)
    return {**values, "gradients": _gradient_differences(scene, renderer, reference)}


def differences(ours: Tensor, theirs: Tensor) -> dict[str, float]:
    """Summarize the differences between two tensors.

    Args:
        ours: Any shape.
        theirs: The same shape.

    Returns:
        `max`, `mean`, `close` and `psnr`; see `DEFINITION`.
    """
    apart = (ours.double() - theirs.double()).abs()
    if not apart.numel():
        return {"max": 0.0, "mean": 0.0, "close": 1.0, "psnr": 300.0}
    noise = apart.square().mean().clamp_min(1e-30)
    return {
        "max": apart.max().item(),
        "mean": apart.mean().item(),
        "close": (apart <= CLOSE).double().mean().item(),
        "psnr": -10 * noise.log10().item(),
    }


def _gradient_differences(scene: Scene, *renderers: Renderer) -> dict[str, float]:
    names = [name for name, _ in scene.gaussians.tensors()]
    ours, theirs = (one_call(scene, renderer, backward=True)() for renderer in renderers)
    return {
        name: ((one - two).norm() / two.norm().clamp_min(1e-30)).item()
        for name, one, two in zip(names, ours, theirs, strict=True)
    }


def rates(scene: Scene, renderer: Renderer, repeats: int, device: str) -> dict[str, Any]:
    """Time a renderer forward and forward with backward.

    Args:
        scene: Scene to render.
        renderer: Renderer under test.
        repeats: How often to time each.
        device: Device type of the scene.

    Returns:
        Milliseconds and pairs per second, by pass.
    """
    pairs = pixel_gaussian_pairs(scene.gaussians, scene.cameras)
    found = {}
    for name, backward in (("forward", False), ("forward+backward", True)):
        call = one_call(scene, renderer, backward=backward)
        first, times = time_calls(call, repeats, device)
        median = statistics.median(times)
        found[name] = {
            "first_ms": first,
            "median_ms": median,
            "times_ms": times,
            "pairs_per_second": round(pairs / median * 1e3),
        }
    return {"pairs": pairs, **found}
