"""Every component meets gaussrep's contract for its kind."""

from pathlib import Path

import numpy as np
import pytest
from gaussrep.fitting import synthetic_capture
from gaussrep.testing import (
    CallbackContract,
    CaptureContract,
    ImageEncoderContract,
    LossContract,
    MethodContract,
    OptimizerContract,
    RendererContract,
    SceneSourceContract,
    ScheduleContract,
    StrategyContract,
    uncovered,
)


class TestBlobs(RendererContract):
    name = "new-plugin-blobs"


class TestPatches(ImageEncoderContract):
    name = "new-plugin-patches"


class TestHuber(LossContract):
    name = "new-plugin-huber"


class TestSketch(MethodContract):
    name = "new-plugin"


class TestWeightNorm(CallbackContract):
    name = "new-plugin-weight-norm"


class TestLion(OptimizerContract):
    name = "new-plugin-lion"


class TestStepDecay(ScheduleContract):
    name = "new-plugin-step-decay"


class TestPruneFaint(StrategyContract):
    name = "new-plugin-prune-faint"


class TestArrays(CaptureContract):
    name = "new-plugin-arrays"

    @pytest.fixture
    def path(self, tmp_path: Path) -> Path:
        views = synthetic_capture(views=4, size=16).train
        arrays = {"viewmats": views.cameras.viewmats.numpy(), "Ks": views.cameras.Ks.numpy()}
        np.savez(tmp_path / "capture.npz", colors=views.colors.numpy(), **arrays)
        return tmp_path


class TestBoxes(SceneSourceContract):
    name = "new-plugin-boxes"
    has_frames = False


def test_every_component_has_its_contract():
    assert uncovered("new-plugin", globals()) == []
