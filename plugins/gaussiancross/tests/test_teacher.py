"""The teacher, which is built by training only."""

from contextlib import nullcontext

import pytest
import torch
from safetensors.torch import load_file, save_file

from gaussrep.config import load_config, resolve
from gaussrep.config.preflight import preflight
from gaussrep.errors import ConfigError, UntrustedError
from gaussrep.training.checkpoint import load_run
from gaussrep.training.config import TrainConfig
from gaussrep.training.run_folder import RunFolder
from gaussrep.trust import trusting
from gaussrep_gaussiancross.method import GaussianCross

HUBCONF = """
import pathlib
pathlib.Path({mark!r}).touch()

def radio_model(**settings):
    raise ValueError("no model")
"""


@pytest.fixture
def method(make_method):
    return make_method()


@pytest.fixture
def repository(tmp_path):
    """A repository that leaves a mark when its code runs, as settings of a teacher."""
    folder, mark = tmp_path / "repository", tmp_path / "mark"
    folder.mkdir()
    (folder / "hubconf.py").write_text(HUBCONF.format(mark=str(mark)))
    return {"type": "radio", "source": "local", "repo": str(folder)}, mark


def test_a_strangers_run_with_a_teacher_of_code_is_loaded_without_it(
    method, make_batch, repository, tmp_path
):
    teacher, mark = repository
    settings = method.config.model_dump(mode="json")
    settings |= {"teacher": teacher, "teacher_cache": str(tmp_path / "cache")}
    given = {
        "method": settings,
        "data": {"type": "scannet", "root": str(tmp_path)},
        "trainer": {"steps": 1, "device": "cpu"},
    }
    run = RunFolder.create(tmp_path / "run", load_config(TrainConfig, given, [], []), {})
    weights = method.state_dict()
    save_file({name: tensor.contiguous() for name, tensor in weights.items()}, run.weights_file)
    loaded = load_run(run.path)
    assert not mark.exists()
    assert not (tmp_path / "cache").exists()
    assert loaded.state_dict().keys() == load_file(run.weights_file).keys()
    batch = make_batch()
    with torch.no_grad():
        assert torch.equal(loaded.gaussians(batch).means, method.eval().gaussians(batch).means)
    with pytest.raises(UntrustedError, match=f"add --trust {teacher['repo']}"):
        loaded.training_loss(batch)
    assert not mark.exists()
    with pytest.raises(Exception, match="no model"), trusting([teacher["repo"]]):
        loaded.training_loss(batch)
    assert mark.exists()


def test_a_teacher_of_another_width_is_refused(method, make_batch):
    weights = method.state_dict()
    changed = method.config.model_copy(
        update={
            "teacher": resolve(
                "encoders", {"type": "timm", "model": "test_vit", "pretrained": False}
            )
        }
    )
    other = GaussianCross(changed)
    assert other.projector.width is None
    other.load_state_dict(weights)
    assert other.projector.width == method.projector.width
    with pytest.raises(ConfigError, match="take the teacher that they were trained with"):
        other.training_loss(make_batch())


def test_setup_sizes_the_projector_before_the_optimizer_is_built(method):
    teacher = resolve("encoders", {"type": "timm", "model": "test_vit", "pretrained": False})
    other = GaussianCross(method.config.model_copy(update={"teacher": teacher}))
    assert not list(other.projector.parameters())
    other.setup(None)
    assert other.projector.width == other.teacher.width


@pytest.mark.parametrize(("weight", "is_needed"), [(0.5, True), (0, False)])
def test_a_teacher_must_be_trusted_only_if_it_is_used(weight, is_needed):
    config = resolve(
        "methods",
        {"type": "gaussiancross", "semantic_weight": weight, "teacher": {"type": "radio"}},
    )
    with pytest.raises(UntrustedError, match="NVlabs/RADIO") if is_needed else nullcontext():
        preflight(config)
