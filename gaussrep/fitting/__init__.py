"""Fitting: optimize the Gaussians of one scene to posed images.

Names are imported when they are first used, so that `gaussrep.fitting.config` stays torch-free.
"""

from typing import TYPE_CHECKING

from gaussrep.lazy_names import lazy_names

if TYPE_CHECKING:
    from gaussrep.fitting.calibration import (
        Calibration,
    )
    from gaussrep.fitting.capture import (
        Capture,
        PosedImages,
        open_capture,
    )
    from gaussrep.fitting.config import (
        BaseFitConfig,
        CaptureConfig,
        FitConfig,
        LearningRatesConfig,
    )
    from gaussrep.fitting.distillation import (
        FeatureTargets,
        compute_feature_targets,
        feature_error,
    )
    from gaussrep.fitting.image_gradient import (
        one_each,
        per_view,
        pixel_gradients,
    )
    from gaussrep.fitting.images import (
        shrink_size,
    )
    from gaussrep.fitting.initialization import (
        init_gaussians,
        predict_gaussians,
        scene_extent,
    )
    from gaussrep.fitting.losses import (
        compute_fit_loss,
        compute_image_metrics,
    )
    from gaussrep.fitting.method import (
        SceneFit,
    )
    from gaussrep.fitting.rng import (
        RngStream,
        generator,
    )
    from gaussrep.fitting.run_fit import (
        FitResult,
        fit,
        resume_fit,
    )
    from gaussrep.fitting.scene_model import (
        SceneModel,
        make_optimizers,
        means_lr,
        placeholder_gaussians,
        set_lr,
    )
    from gaussrep.fitting.strategy import (
        StepInfo,
        Strategy,
        reset_state,
        update_params_and_optimizer_state,
    )
    from gaussrep.fitting.synthetic import known_scene, synthetic_capture
    from gaussrep.fitting.transforms import (
        write_transforms,
    )

__all__ = [
    "BaseFitConfig",
    "Calibration",
    "Capture",
    "CaptureConfig",
    "FeatureTargets",
    "FitConfig",
    "FitResult",
    "LearningRatesConfig",
    "PosedImages",
    "RngStream",
    "SceneFit",
    "SceneModel",
    "StepInfo",
    "Strategy",
    "compute_feature_targets",
    "compute_fit_loss",
    "compute_image_metrics",
    "feature_error",
    "fit",
    "generator",
    "init_gaussians",
    "known_scene",
    "make_optimizers",
    "means_lr",
    "one_each",
    "open_capture",
    "per_view",
    "pixel_gradients",
    "placeholder_gaussians",
    "predict_gaussians",
    "reset_state",
    "resume_fit",
    "scene_extent",
    "set_lr",
    "shrink_size",
    "synthetic_capture",
    "update_params_and_optimizer_state",
    "write_transforms",
]

_HOMES = {
    "synthetic_capture": "gaussrep.fitting.synthetic",
    "make_optimizers": "gaussrep.fitting.scene_model",
    "known_scene": "gaussrep.fitting.synthetic",
    "BaseFitConfig": "gaussrep.fitting.config",
    "Calibration": "gaussrep.fitting.calibration",
    "Capture": "gaussrep.fitting.capture",
    "CaptureConfig": "gaussrep.fitting.config",
    "FeatureTargets": "gaussrep.fitting.distillation",
    "FitConfig": "gaussrep.fitting.config",
    "FitResult": "gaussrep.fitting.run_fit",
    "LearningRatesConfig": "gaussrep.fitting.config",
    "PosedImages": "gaussrep.fitting.capture",
    "RngStream": "gaussrep.fitting.rng",
    "SceneFit": "gaussrep.fitting.method",
    "SceneModel": "gaussrep.fitting.scene_model",
    "StepInfo": "gaussrep.fitting.strategy",
    "Strategy": "gaussrep.fitting.strategy",
    "compute_feature_targets": "gaussrep.fitting.distillation",
    "compute_fit_loss": "gaussrep.fitting.losses",
    "compute_image_metrics": "gaussrep.fitting.losses",
    "feature_error": "gaussrep.fitting.distillation",
    "fit": "gaussrep.fitting.run_fit",
    "generator": "gaussrep.fitting.rng",
    "init_gaussians": "gaussrep.fitting.initialization",
    "means_lr": "gaussrep.fitting.scene_model",
    "one_each": "gaussrep.fitting.image_gradient",
    "open_capture": "gaussrep.fitting.capture",
    "per_view": "gaussrep.fitting.image_gradient",
    "pixel_gradients": "gaussrep.fitting.image_gradient",
    "placeholder_gaussians": "gaussrep.fitting.scene_model",
    "predict_gaussians": "gaussrep.fitting.initialization",
    "reset_state": "gaussrep.fitting.strategy",
    "resume_fit": "gaussrep.fitting.run_fit",
    "scene_extent": "gaussrep.fitting.initialization",
    "set_lr": "gaussrep.fitting.scene_model",
    "shrink_size": "gaussrep.fitting.images",
    "update_params_and_optimizer_state": "gaussrep.fitting.strategy",
    "write_transforms": "gaussrep.fitting.transforms",
}

__getattr__ = lazy_names(__name__, _HOMES)
