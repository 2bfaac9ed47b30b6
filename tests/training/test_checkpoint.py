import pytest
import torch
from torch import nn

from gaussrep.errors import RunError
from gaussrep.plugins import registry
from gaussrep.training.checkpoint import load_run, load_weights, read_checkpoint, write_checkpoint
from gaussrep.training.run_folder import RunFolder
from gaussrep.training.trainer import train


@pytest.fixture
def checkpoint(tmp_path):
    folder = tmp_path / "step-00000001"
    write_checkpoint(folder, nn.Linear(3, 2), {"moment": torch.arange(4.0)}, {"step": 1})
    return folder


def test_what_is_read_is_what_was_written(tmp_path):
    model, other = nn.Linear(3, 2), nn.Linear(3, 2)
    tensors, state = {"moment": torch.arange(4.0), "rest": [(1, None, "a", 0.5)]}, {"step": 1}
    write_checkpoint(tmp_path / "c", model, tensors, state)
    found, found_state = read_checkpoint(tmp_path / "c", other)
    assert torch.equal(other.weight, model.weight)
    assert torch.equal(found["moment"], tensors["moment"])
    assert (found["rest"], found_state) == (tensors["rest"], state)


def test_shared_weights_stay_shared(tmp_path):
    def tied():
        model = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3))
        model[1].weight = model[0].weight
        return model

    model, other = tied(), tied()
    write_checkpoint(tmp_path / "c", model, {}, {})
    read_checkpoint(tmp_path / "c", other)
    assert torch.equal(other[0].weight, model[0].weight)
    assert other[0].weight is other[1].weight


class Trap:
    def __reduce__(self):
        return (print, ("a checkpoint ran code",))


def test_code_in_a_checkpoint_is_not_run(checkpoint, capsys):
    torch.save({"trap": Trap()}, checkpoint / "training.pt")
    with pytest.raises(RunError, match="damaged"):
        read_checkpoint(checkpoint, nn.Linear(3, 2))
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("name", ["training.pt", "state.json"])
@pytest.mark.parametrize("keep", [0, 10])
def test_a_truncated_file_is_one_sentence(checkpoint, name, keep):
    file = checkpoint / name
    file.write_bytes(file.read_bytes()[:keep])
    with pytest.raises(RunError, match=r"step-00000001 is damaged"):
        read_checkpoint(checkpoint, nn.Linear(3, 2))


@pytest.mark.parametrize("value", [float("inf"), float("nan")])
def test_an_optimizer_that_is_not_finite_is_damaged(tmp_path, value):
    folder, states = (
        tmp_path / "step-00000001",
        [{"step": 1, "exp_avg": torch.tensor([1.0, value])}],
    )
    write_checkpoint(folder, nn.Linear(2, 2), {"engine": {"optimizers": states}}, {})
    with pytest.raises(RunError, match=r"step-00000001 is damaged"):
        read_checkpoint(folder, nn.Linear(2, 2))


def test_truncated_weights_are_one_sentence(checkpoint):
    file = checkpoint / "model.safetensors"
    file.write_bytes(file.read_bytes()[:20])
    with pytest.raises(RunError, match=r"step-00000001 is damaged"):
        read_checkpoint(checkpoint, nn.Linear(3, 2))


def test_missing_weights_are_one_sentence(tmp_path):
    with pytest.raises(RunError, match="there are no weights at"):
        load_weights(tmp_path / "model.safetensors", nn.Linear(3, 2))


@pytest.mark.parametrize(
    "other", [nn.Linear(4, 2), nn.Linear(3, 2, bias=False), nn.Bilinear(3, 3, 2)]
)
def test_weights_of_another_architecture_are_one_sentence(checkpoint, other):
    with pytest.raises(RunError, match=f"do not fit {type(other).__name__}") as caught:
        load_weights(checkpoint / "model.safetensors", other)
    assert "\n" not in str(caught.value)


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


def test_a_fit_of_0_1_is_explained(run):
    run.config_file.write_text("data: {path: 'synthetic:balls'}\nstrategy: {type: default}\n")
    with pytest.raises(RunError, match="fit of an older gaussrep"):
        load_run(run.path)


@pytest.mark.parametrize("text", ["", "seed: 1", "method: 3", "method: {width: 3}", "{"])
def test_a_damaged_configuration_is_one_sentence(run, text):
    run.config_file.write_text(text)
    with pytest.raises(RunError, match="is damaged"):
        load_run(run.path)


def test_a_missing_plugin_is_one_sentence(run, monkeypatch):
    monkeypatch.setenv("GAUSSREP_PLUGINS", "")
    registry.reset()
    with pytest.raises(RunError, match=r"cannot be loaded: .*'toy'"):
        load_run(run.path)


def test_the_data_set_need_not_be_there(run):
    text = run.config_file.read_text()
    run.config_file.write_text(text.replace("data:\n  type: toy", "data:\n  type: gone"))
    assert load_run(run.path) is not None
