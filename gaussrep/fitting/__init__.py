"""Fitting: optimize the Gaussians of one scene to posed images.

Names are imported when they are first used, so that `gaussrep.fitting.config` stays torch-free.
"""

from typing import TYPE_CHECKING

from gaussrep.lazy_names import lazy_names

if TYPE_CHECKING:
    from gaussrep.fitting.capture import Capture, PosedImages, open_capture
    from gaussrep.fitting.config import CaptureConfig, FitConfig
    from gaussrep.fitting.fitting import Fitting
    from gaussrep.fitting.loop import FitResult, fit
    from gaussrep.fitting.scene_model import SceneModel
    from gaussrep.fitting.strategy import (
        StepInfo,
        Strategy,
        reset_state,
        update_params_and_optimizer_state,
    )

__all__ = [
    "Capture",
    "CaptureConfig",
    "FitConfig",
    "FitResult",
    "Fitting",
    "PosedImages",
    "SceneModel",
    "StepInfo",
    "Strategy",
    "fit",
    "open_capture",
    "reset_state",
    "update_params_and_optimizer_state",
]

_HOMES = {
    "Capture": "gaussrep.fitting.capture",
    "CaptureConfig": "gaussrep.fitting.config",
    "FitConfig": "gaussrep.fitting.config",
    "FitResult": "gaussrep.fitting.loop",
    "Fitting": "gaussrep.fitting.fitting",
    "PosedImages": "gaussrep.fitting.capture",
    "SceneModel": "gaussrep.fitting.scene_model",
    "StepInfo": "gaussrep.fitting.strategy",
    "Strategy": "gaussrep.fitting.strategy",
    "fit": "gaussrep.fitting.loop",
    "open_capture": "gaussrep.fitting.capture",
    "reset_state": "gaussrep.fitting.strategy",
    "update_params_and_optimizer_state": "gaussrep.fitting.strategy",
}

__getattr__ = lazy_names(__name__, _HOMES)
