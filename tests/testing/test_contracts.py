"""Every component of the core keeps the contract for its kind."""

from pathlib import Path

import pytest
import torch

from gaussrep.cli.main import app
from gaussrep.fitting.synthetic import synthetic_capture
from gaussrep.fitting.transforms import write_transforms
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
from gaussrep.trust import trusting

RADIO = Path(__file__).parent / "radio"
SMALL = {"width": 32, "depth": 1, "heads": 2}
GMAE = {"type": "gmae", "image_size": 32, "patch_size": 8, "queries": 20}
GMAE |= {"encoder": SMALL, "decoder": SMALL, "renderer": "reference"}


class TestReference(RendererContract):
    name = "reference"


class TestCpu(RendererContract):
    name = "cpu"


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
class TestTriton(RendererContract):
    name = "triton"
    device = "cuda"


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
class TestGsplat(RendererContract):
    name = "gsplat"
    device = "cuda"
    repeatable_gradients = False


class TestStatistics(ImageEncoderContract):
    name = "statistics"


class TestTimm(ImageEncoderContract):
    name = "timm"
    settings = {"model": "test_vit", "pretrained": False}


class TestRadio(ImageEncoderContract):
    name = "radio"
    settings = {"source": "local", "repo": str(RADIO)}

    @pytest.fixture(autouse=True)
    def trusted(self):
        with trusting([str(RADIO)]):
            yield


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A run of one step."""
    run = tmp_path_factory.mktemp("runs") / "gmae"
    settings = [f"method.{key}={value}" for key, value in GMAE.items() if key != "type"]
    settings += ["data={type: shapes, image_size: 32}", "trainer.steps=1", "trainer.batch_size=2"]
    settings += ["trainer.tensorboard=false", "trainer.validate_every=0"]
    app(["train", "gmae", "--run", str(run), *settings], standalone_mode=False)
    return run


class TestRun(ImageEncoderContract):
    name = "run"

    @pytest.fixture(autouse=True)
    def its_run(self, trained):
        self.settings = {"run": trained}


class TestMSE(LossContract):
    name = "mse"


class TestL1(LossContract):
    name = "l1"


class TestSmoothL1(LossContract):
    name = "smooth-l1"


class TestSSIM(LossContract):
    name = "ssim"


class TestL1SSIM(LossContract):
    name = "l1-ssim"


class TestCosine(LossContract):
    name = "cosine"


class TestClassifier(MethodContract):
    name = "classifier"
    settings = {"base_method": GMAE, "width": 32, "classes": 5}

    def make_batch(self):
        return {**super().make_batch(), "label": torch.tensor([0, 4, 2])}


class TestFit(MethodContract):
    name = "fit"
    settings = {"init": {"count": 50}, "sh_degree": 1}
    data = {"type": "capture", "capture": {"path": "synthetic:balls", "image_size": 16}}
    spared = frozenset({"scene.raw.shN"})
    """The spherical harmonics of the first step have degree 0."""


class TestEMA(CallbackContract):
    name = "ema"


class TestOnlineEvaluations(CallbackContract):
    name = "online-evaluations"
    settings = {"evaluations": {}, "data": {"type": "shapes"}, "every": 2}


class TestAdamW(OptimizerContract):
    name = "adamw"


class TestSGD(OptimizerContract):
    name = "sgd"
    lr = 0.01


class TestWarmupCosine(ScheduleContract):
    name = "warmup-cosine"
    settings = {"warmup_fraction": 0.2}


class TestConstant(ScheduleContract):
    name = "constant"


class TestDefaultStrategy(StrategyContract):
    name = "default"
    settings = {"max_gaussians": 700}
    max_gaussians = 700


class TestMCMC(StrategyContract):
    name = "mcmc"
    settings = {"max_gaussians": 500}
    max_gaussians = 500


class TestSynthetic(CaptureContract):
    name = "synthetic"
    settings = {"image_size": 16}

    @pytest.fixture
    def path(self):
        return "synthetic:balls"


class TestTransforms(CaptureContract):
    name = "transforms"

    @pytest.fixture
    def path(self, tmp_path):
        write_transforms(synthetic_capture(views=4, size=16).train, tmp_path / "capture")
        return tmp_path / "capture"


class TestColmap(CaptureContract):
    name = "colmap"

    @pytest.fixture
    def path(self, tmp_path):
        folder = tmp_path / "capture"
        write_transforms(synthetic_capture(views=4, size=16).train, folder)
        (folder / "transforms.json").unlink()
        model = folder / "sparse"
        model.mkdir()
        (model / "cameras.txt").write_text("1 SIMPLE_PINHOLE 16 16 20 8 8\n")
        rows = [f"{n} 1 0 0 0 0 0 {n} 1 {n:05}.png\n\n" for n in range(4)]
        (model / "images.txt").write_text("".join(rows))
        (model / "points3D.txt").write_text("1 0 0 4 255 0 0 0.5 1 0 2 0\n")
        return folder


class TestRecording(CaptureContract):
    name = "recording"
    settings = {"hold_out_every": 5}

    @pytest.fixture
    def path(self, recording):
        return recording


class TestRgbd(SceneSourceContract):
    name = "rgbd"

    @pytest.fixture(autouse=True)
    def its_recording(self, recording):
        self.settings = {"root": recording}


class TestScannet(SceneSourceContract):
    name = "scannet"

    @pytest.fixture(autouse=True)
    def its_scenes(self, scannet_root):
        self.settings = {"root": scannet_root}


class TestS3dis(SceneSourceContract):
    name = "s3dis"
    has_frames = False

    @pytest.fixture(autouse=True)
    def its_rooms(self, s3dis_root):
        self.settings = {"root": s3dis_root}


def test_every_component_has_its_contract():
    assert uncovered("gaussrep", globals()) == []
