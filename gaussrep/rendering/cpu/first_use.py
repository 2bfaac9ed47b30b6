"""Compilation of all kernels of a first call at once, on all cores."""

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from gaussrep.kernels.ahead import compile_ahead
from gaussrep.kernels.threads import split_tasks
from gaussrep.rendering.cpu.layout import ImageBuffers, Scenes, joint_harmonics
from gaussrep.rendering.cpu.stages import composite_tiles, compute_gradients, project_and_bin


@cache
def compile_first(
    *, features: bool, sh: bool, lens: int, medians: bool, order: bool, backward: bool
) -> None:
    """Begin to compile what calls of a kind need and the cache does not hold; once per process.

    Args:
        features: Whether there are features.
        sh: Whether there are spherical harmonics.
        lens: Number of the cameras' coefficients of lenses.
        medians: Whether to compute medians.
        order: Whether gradients to the order in depth are estimated.
        backward: Whether gradients are computed, too.
    """
    forward = list[Any]()
    scenes = _empty_scenes(int(features), int(sh))
    distortion = _empty(1, 1, lens) if lens else None
    note = _recorder(forward)
    state = project_and_bin(
        scenes, 0, 0, ortho=False, antialiased=False, distortion=distortion, launch=note
    )
    images = ImageBuffers(
        color=_empty(1, 1, 1, 3),
        alpha=_empty(1, 1, 1),
        depth=_empty(1, 1, 1),
        features=_empty(1, 1, 1, int(features)),
    )
    background = _empty(1, 3)
    places = np.zeros((1, 1, 1), np.int32) if medians else None
    composite_tiles(state, background, images, places, launch=note)
    after = list[Any]()
    if backward:
        compute_gradients(
            state,
            background,
            images,
            images,
            scenes.sh,
            order_window=int(order),
            launch=_recorder(after),
        )
    compile_ahead(forward[::-1] + after[::-1])


def _recorder(calls: list[Any]) -> Callable[..., None]:
    """Make a function that notes calls of kernels, in the place of `launch`."""
    (tasks,) = split_tasks(1, 1)

    def note(kernel: Callable[..., Any], count: int, *arguments: Any) -> None:
        calls.append((kernel, (tasks, *arguments)))

    return note


def _empty_scenes(channels: int, bases: int) -> Scenes:
    """One scene of no Gaussians, seen by one camera."""
    return Scenes(
        means=_empty(1, 0, 3),
        quats=_empty(1, 0, 4),
        scales=_empty(1, 0, 3),
        opacities=_empty(1, 0),
        colors=_empty(1, 1, 0, 3),
        features=_empty(1, 0, channels),
        sh=joint_harmonics(_empty(1, 0, bases, 3)),
        positions=_empty(1, 1, 3),
        viewmats=_empty(1, 1, 4, 4),
        Ks=_empty(1, 1, 3, 3),
    )


def _empty(*shape: int) -> np.ndarray:
    return np.zeros(shape, np.float32)
