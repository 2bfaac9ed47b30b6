"""Contracts that the tests of any plugin can subclass; they need pytest."""

from typing import TYPE_CHECKING

import pytest

from gaussrep.runtime.lazy_names import lazy_names

if TYPE_CHECKING:
    from gaussrep.testing.coverage import uncovered
    from gaussrep.testing.image_encoder_contract import ImageEncoderContract
    from gaussrep.testing.loss_contract import LossContract
    from gaussrep.testing.masked_encoder_contract import MaskedImageEncoderContract
    from gaussrep.testing.method_contract import MethodContract
    from gaussrep.testing.point_encoder_contract import PointEncoderContract
    from gaussrep.testing.renderer_contract import RendererContract
    from gaussrep.testing.scene_contracts import (
        CaptureContract,
        SceneSourceContract,
        StrategyContract,
    )
    from gaussrep.testing.training_contracts import (
        CallbackContract,
        OptimizerContract,
        ScheduleContract,
    )

__all__ = [
    "CallbackContract",
    "CaptureContract",
    "ImageEncoderContract",
    "LossContract",
    "MaskedImageEncoderContract",
    "MethodContract",
    "OptimizerContract",
    "PointEncoderContract",
    "RendererContract",
    "SceneSourceContract",
    "ScheduleContract",
    "StrategyContract",
    "uncovered",
]

_HOMES = {
    "CallbackContract": "gaussrep.testing.training_contracts",
    "OptimizerContract": "gaussrep.testing.training_contracts",
    "ScheduleContract": "gaussrep.testing.training_contracts",
    "StrategyContract": "gaussrep.testing.scene_contracts",
    "CaptureContract": "gaussrep.testing.scene_contracts",
    "SceneSourceContract": "gaussrep.testing.scene_contracts",
    "ImageEncoderContract": "gaussrep.testing.image_encoder_contract",
    "LossContract": "gaussrep.testing.loss_contract",
    "MaskedImageEncoderContract": "gaussrep.testing.masked_encoder_contract",
    "MethodContract": "gaussrep.testing.method_contract",
    "PointEncoderContract": "gaussrep.testing.point_encoder_contract",
    "RendererContract": "gaussrep.testing.renderer_contract",
    "uncovered": "gaussrep.testing.coverage",
}

pytest.register_assert_rewrite(  # so that a failure shows what was compared
    f"{__name__}.component_contract",
    f"{__name__}.learning",
    f"{__name__}.renderer_under_test",
    *_HOMES.values(),
)

__getattr__ = lazy_names(__name__, _HOMES)
