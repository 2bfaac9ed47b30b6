"""A densification strategy and a capture format for `gaussrep fit`."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from gaussrep import Cameras, Capture, Strategy
from gaussrep.errors import DataError
from gaussrep.fitting import (
    CaptureConfig,
    PosedImages,
    SceneModel,
    StepInfo,
    update_params_and_optimizer_state,
)

EVERY = 100
"""Steps between removals."""


class PruneFaint(Strategy):
    """Removes the Gaussians of opacity below 0.01; never all of them.

    Args:
        steps: Total number of optimizer steps; not needed.
        extent: Size of the scene in scene units; not needed.
    """

    def __init__(self, *, steps: int, extent: float) -> None:
        super().__init__()

    def after_step(
        self, scene: SceneModel, optimizers: Mapping[str, torch.optim.Optimizer], info: StepInfo
    ) -> None:
        """See `Strategy.after_step`."""
        if info.step % EVERY == 0:
            kept = (scene.raw["opacities"].sigmoid() >= 0.01).nonzero()[:, 0]
            if len(kept):
                update_params_and_optimizer_state(scene, optimizers, kept)


def read_arrays(config: CaptureConfig, path: str) -> Capture:
    """Read images and cameras from `capture.npz`; images keep their size.

    Args:
        config: How many views to hold out.
        path: The folder with `capture.npz`: `colors` [V, H, W, 3] in [0, 1], `viewmats` [V, 4, 4]
            and `Ks` [V, 3, 3].

    Returns:
        The capture.

    Raises:
        DataError: If the file is missing or damaged.
    """
    try:
        with np.load(Path(path) / "capture.npz") as arrays:
            colors, viewmats, Ks = (
                torch.from_numpy(arrays[name]).float() for name in ("colors", "viewmats", "Ks")
            )
    except (OSError, KeyError, ValueError) as error:
        raise DataError(f"{path}: capture.npz cannot be read: {error}") from error
    height, width = colors.shape[1:3]
    images = PosedImages(colors, Cameras(viewmats, Ks, width, height))
    return Capture.split(images, config.hold_out_every)
