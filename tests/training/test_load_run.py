import pytest
import torch

from gaussrep import plugins
from gaussrep.errors import RunError
from gaussrep.training.load_run import load_run
from gaussrep.training.run_folder import RunFolder
from gaussrep.training.train import train


@pytest.fixture
def run(tmp_path, configure):
    return RunFolder(train(configure("method.width=5"), tmp_path / "run").run)


def test_gives_the_trained_method_ready_to_use(run):
    method = load_run(str(run.path))
    assert not method.training
    assert method.inner.weight.shape == (5, 4)
    state = torch.load(run.latest_checkpoint() / "training.pt", weights_only=True)
    assert state["engine"]["optimizers"][0]["state"]
    embedding = method.embed({"image": torch.rand(3, 4)})
    assert embedding.pooled.shape == (3, 5)


def test_two_loads_are_equal(run):
    first, second = load_run(run.path).state_dict(), load_run(run.path).state_dict()
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_missing_things_are_one_sentence(run, tmp_path):
    with pytest.raises(RunError, match="there is no run folder"):
        load_run(tmp_path / "nowhere")
    with pytest.raises(RunError, match="is not a run folder"):
        load_run(tmp_path)
    run.weights_file.unlink()
    with pytest.raises(RunError, match="there are no weights at"):
        load_run(run.path)


@pytest.mark.parametrize("text", ["", "seed: 1", "method: 3", "method: {width: 3}", "{"])
def test_a_damaged_configuration_is_one_sentence(run, text):
    run.config_file.write_text(text)
    with pytest.raises(RunError, match="is damaged"):
        load_run(run.path)


def test_a_missing_plugin_is_one_sentence(run, monkeypatch):
    monkeypatch.setenv("GAUSSREP_PLUGINS", "")
    plugins.reset()
    with pytest.raises(RunError, match=r"cannot be loaded: .*'toy'"):
        load_run(run.path)


def test_the_data_set_need_not_be_there(run):
    text = run.config_file.read_text()
    run.config_file.write_text(text.replace("data:\n  type: toy", "data:\n  type: gone"))
    assert load_run(run.path) is not None
