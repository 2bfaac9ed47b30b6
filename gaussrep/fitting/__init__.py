"""Fitting: Gaussians of a single scene, optimized to posed pictures.

Names are imported when they are first used, so that `gaussrep.fitting.config` stays torch-free.
"""

from typing import TYPE_CHECKING

from gaussrep.lazy_names import lazy_names

if TYPE_CHECKING:
    from gaussrep.fitting.capture import Capture, PosedPictures
    from gaussrep.fitting.fitting import Fitting
    from gaussrep.fitting.loop import FitResult, fit
    from gaussrep.fitting.scene_model import SceneModel
    from gaussrep.fitting.strategy import StepMade, Strategy

__all__ = [
    "Capture",
    "FitResult",
    "Fitting",
    "PosedPictures",
    "SceneModel",
    "StepMade",
    "Strategy",
    "fit",
]

_HOMES = {
    "Capture": "gaussrep.fitting.capture",
    "FitResult": "gaussrep.fitting.loop",
    "Fitting": "gaussrep.fitting.fitting",
    "PosedPictures": "gaussrep.fitting.capture",
    "SceneModel": "gaussrep.fitting.scene_model",
    "StepMade": "gaussrep.fitting.strategy",
    "Strategy": "gaussrep.fitting.strategy",
    "fit": "gaussrep.fitting.loop",
}

__getattr__ = lazy_names(__name__, _HOMES)
