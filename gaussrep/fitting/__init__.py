"""Fitting: optimize the Gaussians of one scene to posed images.

Names are imported when they are first used, so that their settings stay torch-free.
"""

from typing import TYPE_CHECKING

from gaussrep.runtime.lazy_names import lazy_names

if TYPE_CHECKING:
    from gaussrep.fitting.capture import Capture
    from gaussrep.fitting.capture_config import CaptureConfig
    from gaussrep.fitting.config import BaseFitConfig, FitConfig
    from gaussrep.fitting.fitter import FittedViews, SceneFitter
    from gaussrep.fitting.posed_images import PosedImages
    from gaussrep.fitting.run_fit import FitResult, fit
    from gaussrep.fitting.scene_model import SceneModel
    from gaussrep.fitting.strategy import (
        StepInfo,
        Strategy,
        update_params_and_optimizer_state,
    )
    from gaussrep.fitting.synthetic import known_scene, synthetic_capture
    from gaussrep.fitting.transforms import write_transforms

__all__ = [
    "BaseFitConfig",
    "Capture",
    "CaptureConfig",
    "FitConfig",
    "FitResult",
    "FittedViews",
    "PosedImages",
    "SceneFitter",
    "SceneModel",
    "StepInfo",
    "Strategy",
    "fit",
    "known_scene",
    "synthetic_capture",
    "update_params_and_optimizer_state",
    "write_transforms",
]

_HOMES = {
    "BaseFitConfig": "gaussrep.fitting.config",
    "Capture": "gaussrep.fitting.capture",
    "CaptureConfig": "gaussrep.fitting.capture_config",
    "FitConfig": "gaussrep.fitting.config",
    "FitResult": "gaussrep.fitting.run_fit",
    "FittedViews": "gaussrep.fitting.fitter",
    "PosedImages": "gaussrep.fitting.posed_images",
    "SceneFitter": "gaussrep.fitting.fitter",
    "SceneModel": "gaussrep.fitting.scene_model",
    "StepInfo": "gaussrep.fitting.strategy",
    "Strategy": "gaussrep.fitting.strategy",
    "fit": "gaussrep.fitting.run_fit",
    "known_scene": "gaussrep.fitting.synthetic",
    "synthetic_capture": "gaussrep.fitting.synthetic",
    "update_params_and_optimizer_state": "gaussrep.fitting.strategy",
    "write_transforms": "gaussrep.fitting.transforms",
}

__getattr__ = lazy_names(__name__, _HOMES)
