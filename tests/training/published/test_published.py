"""Publishing runs in folders, packages and on a stand-in of the Hugging Face Hub."""

import shutil
import threading
from http.server import ThreadingHTTPServer
from importlib.metadata import EntryPoint

import pytest
import torch
import yaml
from hub_stand_in import COMMIT, Hub
from safetensors.torch import load_file, save_file
from typer.testing import CliRunner

import gaussrep as gr
from gaussrep.cli.main import app
from gaussrep.errors import RunError, ValueRangeError
from gaussrep.training import published
from gaussrep.training.run_folder import RunFolder


@pytest.fixture
def run(configure, tmp_path):
    return gr.train(configure("seed=3"), tmp_path / "run", user_config={"seed": 3}).run


def same_weights(first, second):
    return all(map(torch.equal, first.state_dict().values(), second.state_dict().values()))


@pytest.fixture
def installed(run, tmp_path, monkeypatch):
    """A package with the published run; importing it would fail."""
    package = tmp_path / "site" / "some_models"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("raise AssertionError('imported')")
    gr.push(run, str(package / "small"))
    monkeypatch.syspath_prepend(str(package.parent))
    entry = EntryPoint("small", "some_models", published.GROUP)
    monkeypatch.setattr(published, "entry_points", lambda group: [entry])
    monkeypatch.chdir(tmp_path)
    return package / "small"


def test_a_published_folder_is_a_run(run, tmp_path):
    folder = gr.push(run, str(tmp_path / "small"), license_name="apache-2.0", notes="Known: none.")
    assert folder == str(tmp_path / "small")
    assert same_weights(gr.load_run(folder), gr.load_run(run))
    assert sorted(path.name for path in (tmp_path / "small").iterdir()) == [
        "README.md", "config.yaml", "model.safetensors", "versions.json",
    ]  # fmt: skip
    assert RunFolder.open(folder).trusted() is None
    with pytest.raises(RunError, match="is there already, or no folder"):
        gr.push(run, folder)


def test_the_card_states_license_settings_scores_and_notes(run, tmp_path):
    gr.evaluate(run, "effective-rank")
    gr.push(run, str(tmp_path / "small"), license_name="mit", notes="Rough.")
    _, metadata, text = (tmp_path / "small" / "README.md").read_text().split("---\n", 2)
    assert yaml.safe_load(metadata)["license"] == "mit"
    assert yaml.safe_load(metadata)["library_name"] == "gaussrep"
    for part in ("# small", "`toy`", "Rough.", "| `seed` | 3 |", "| `trainer.steps` | 6 |",
                 "## effective-rank", "stored numbers"):  # fmt: skip
        assert part in text


def test_the_card_lists_settings_that_were_given_on_the_command_line(run, tmp_path):
    given = {"preset": "demo", "config": {}, "overrides": ["trainer.lr=0.01", "seed=3"]}
    (RunFolder(run).path / "user_config.yaml").write_text(yaml.safe_dump(given))
    gr.push(run, str(tmp_path / "small"))
    card = (tmp_path / "small" / "README.md").read_text()
    assert "| `trainer.lr` | 0.01 |" in card
    assert card.count("| `seed` | 3 |") == 1


def test_folders_of_the_machine_are_not_published(run, tmp_path):
    config = RunFolder(run).config_file
    settings = yaml.safe_load(config.read_text())
    settings["data"]["root"] = str(tmp_path / "secret" / "photos")
    config.write_text(yaml.safe_dump(settings))
    gr.push(run, str(tmp_path / "small"))
    for name in ("config.yaml", "README.md"):
        assert str(tmp_path) not in (tmp_path / "small" / name).read_text()
    assert "root: photos" in (tmp_path / "small" / "config.yaml").read_text()


def test_half_precision_is_half_as_large_and_loads_as_float32(run, tmp_path):
    folder = gr.push(run, str(tmp_path / "small"), half=True)
    tensors = load_file(f"{folder}/model.safetensors")
    assert {each.dtype for each in tensors.values() if each.is_floating_point()} == {torch.float16}
    loaded, whole = (gr.load_run(each).state_dict() for each in (folder, run))
    for name, tensor in whole.items():
        assert loaded[name].dtype == tensor.dtype
        torch.testing.assert_close(loaded[name], tensor, rtol=1e-3, atol=1e-6)


def test_weights_beyond_half_precision_are_refused(run, tmp_path):
    file = RunFolder(run).weights_file
    tensors = load_file(file)
    name = next(iter(tensors))
    save_file({**tensors, name: torch.full_like(tensors[name], 7e4)}, file)
    with pytest.raises(ValueRangeError, match=rf"{name} has a weight of 7e\+04, beyond 65504"):
        gr.push(run, str(tmp_path / "small"), half=True)
    assert not (tmp_path / "small").exists()


def test_a_model_of_an_installed_package_is_loaded_without_running_its_code(run, installed):
    assert published.installed_models() == {"small": installed}
    assert same_weights(gr.load_run("models:small"), gr.load_run(run))
    with pytest.raises(RunError, match="no installed package has the model 'large', there are sm"):
        gr.load_run("models:large")


def test_results_of_a_published_run_are_written_beside_the_user(installed, tmp_path):
    before = {path: path.stat().st_mtime_ns for path in installed.iterdir()}
    result = CliRunner().invoke(app, ["evaluate", "effective-rank", "models:small"])
    assert result.exit_code == 0, result.output
    assert (tmp_path / "small" / "evaluations" / "effective-rank.json").is_file()
    assert {path: path.stat().st_mtime_ns for path in installed.iterdir()} == before


def test_a_published_run_is_a_start_and_is_never_changed(configure, installed, tmp_path):
    started = gr.train(configure("trainer.steps=1"), tmp_path / "next", start_from="models:small")
    assert started.steps == 1
    for call in (["train", "--resume", "models:small"], ["migrate", "models:small"]):
        result = CliRunner().invoke(app, call)
        assert result.exit_code == 2
        assert "small is a published run, which is only read" in result.output


@pytest.fixture
def hub(monkeypatch, tmp_path):
    """The Hub, on this machine."""
    pytest.importorskip("huggingface_hub")
    from huggingface_hub import constants

    Hub.repositories = {}
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_address[1]}"
    monkeypatch.setattr(constants, "ENDPOINT", url)
    template = "{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", f"{url}/{template}")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_TOKEN", "right")
    published._download.cache_clear()
    yield url
    server.shutdown()
    server.server_close()
    published._download.cache_clear()


def test_a_run_goes_to_the_hub_and_back(run, hub):
    assert gr.push(run, "hf:me/small", license_name="mit") == f"{hub}/me/small"
    assert set(Hub.repositories["me/small"]) >= {"config.yaml", "model.safetensors", "README.md"}
    assert b'gr.load_run("hf:me/small")' in Hub.repositories["me/small"]["README.md"]
    method = gr.load_run("hf:me/small")
    assert same_weights(method, gr.load_run(run))
    assert COMMIT in str(published.find_published("hf:me/small"))
    assert RunFolder.open("hf:me/small").trusted() is None


def test_what_the_hub_refuses_is_one_sentence(run, hub, monkeypatch):
    with pytest.raises(RunError, match=r"^hf:me/none cannot be read: .*$"):
        gr.load_run("hf:me/none")
    with pytest.raises(RunError, match="hf:a/b/c cannot be read"):
        gr.load_run("hf:a/b/c")
    monkeypatch.setenv("HF_TOKEN", "wrong")
    with pytest.raises(RunError, match=r"^hf:me/small cannot be written: .*$"):
        gr.push(run, "hf:me/small")


def test_without_the_hubs_client_the_package_is_named(run, monkeypatch):
    monkeypatch.setattr(published, "unmet", tuple)
    for call in (lambda: gr.load_run("hf:me/small"), lambda: gr.push(run, "hf:me/small")):
        with pytest.raises(gr.GaussrepError, match=r'pip install "gaussrep\[hub\]"'):
            call()


def test_a_run_without_weights_is_not_published(run, tmp_path):
    copy = shutil.copytree(run, tmp_path / "copy")
    (copy / "model.safetensors").unlink()
    with pytest.raises(RunError, match="holds no weights yet; train it first"):
        gr.push(copy, str(tmp_path / "small"))


def test_notes_that_are_missing_are_one_sentence(run, tmp_path):
    call = ["push", str(run), str(tmp_path / "small"), "--notes", str(tmp_path / "none.md")]
    result = CliRunner().invoke(app, call)
    assert result.exit_code == 2
    assert "--notes is" in result.output
    assert "which cannot be read" in result.output


def test_half_a_run_folder_is_not_published(run, tmp_path):
    copy = shutil.copytree(run, tmp_path / "copy")
    (copy / "versions.json").unlink()
    with pytest.raises(RunError, match=r"cannot be published: .*versions\.json"):
        gr.push(copy, str(tmp_path / "small"))
    assert not (tmp_path / "small").exists()
