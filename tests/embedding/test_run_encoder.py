import pytest
import torch
import yaml
from safetensors.torch import save_model

from gaussrep.building import build
from gaussrep.embedding.run_encoder import RunEncoder
from gaussrep.encoders.teacher import build_teacher
from gaussrep.encoders.teacher_config import RunEncoderConfig
from gaussrep.errors import CapabilityError, ConfigError, RunError

PLUGIN = """
@hookimpl
def register_methods():
    yield MethodRecord(
        name="patches", summary="Mean colors.", target="patches_method:Patches",
        config="patches_config:PatchesConfig",
    )
"""
CONFIG = """
from gaussrep.config import ComponentConfig

class PatchesConfig(ComponentConfig):
    image_size: int | None = 8
    grid: tuple[int, int] = (2, 2)
    wants: str = "image"
"""
METHOD = """
import torch
from gaussrep.methods import Embedding, Method, StepOutput

class Patches(Method):
    def __init__(self, config):
        super().__init__(config)
        self.gain = torch.nn.Parameter(torch.ones(()))

    def training_loss(self, batch):
        return StepOutput(self.gain)

    def embed(self, batch):
        image = batch[self.config.wants]
        assert self.config.image_size in (None, image.shape[-1])
        pooled = torch.nn.functional.adaptive_avg_pool2d(image, self.config.grid)
        tokens = self.gain * pooled.flatten(2).mT
        return Embedding(tokens, tokens.mean(1))
"""


@pytest.fixture
def make_run(site, tmp_path, monkeypatch):
    """Write runs of a method whose tokens are the mean colors of an image's parts."""
    site.add("patches", PLUGIN, modules={"patches_config": CONFIG, "patches_method": METHOD})

    def make(**settings):
        method = build("methods", {"type": "patches", **settings})
        torch.nn.init.constant_(method.gain, 3.0)
        run = tmp_path / "run"
        run.mkdir()
        config = {"method": {"type": "patches", **settings}, "data": {"type": "gone"}}
        (run / "config.yaml").write_text(yaml.safe_dump(config))
        save_model(method, str(run / "model.safetensors"))
        return run

    return make


def test_tokens_become_a_map_row_by_row(make_run):
    teacher = build_teacher({"type": "run", "run": str(make_run())})
    assert not any(parameter.requires_grad for parameter in teacher.parameters())
    quarters = torch.zeros(1, 3, 16, 32)
    quarters[:, 0, :8, 16:] = 1
    quarters[:, 1, 8:, :16] = 1
    maps = teacher(quarters)
    assert maps.shape == (1, 2, 2, teacher.width)
    assert teacher.width == 3
    wanted = torch.tensor([[[0.0, 0, 0], [3, 0, 0]], [[0, 3, 0], [0, 0, 0]]])
    assert torch.allclose(maps[0], wanted, atol=0.5)


def test_the_size_can_be_given(make_run):
    run = make_run(image_size=None)
    with pytest.raises(ConfigError, match=r"'patches', which has no image_size; set image_side"):
        RunEncoder(RunEncoderConfig(run=run))
    assert RunEncoder(RunEncoderConfig(run=run, image_side=4)).width == 3


def test_tokens_that_are_no_square_are_refused(make_run):
    run = make_run(grid=[2, 3])
    with pytest.raises(CapabilityError, match="embeds an image as 6 tokens"):
        RunEncoder(RunEncoderConfig(run=run))


def test_a_run_that_sees_no_images_is_refused(make_run):
    run = make_run(wants="points")
    with pytest.raises(CapabilityError, match="embeds no images: its method needs 'points'"):
        RunEncoder(RunEncoderConfig(run=run))


def test_a_missing_run_is_one_sentence(tmp_path):
    with pytest.raises(RunError, match="there is no run folder"):
        RunEncoder(RunEncoderConfig(run=tmp_path / "nowhere"))
