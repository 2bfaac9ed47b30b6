import json

import pytest
import yaml

from gaussrep.errors import ConfigError, RunError
from gaussrep.training.run_folder import RunFolder


def test_a_new_run_keeps_what_it_was_told(tmp_path, configure):
    config = configure()
    run = RunFolder.create(tmp_path / "a" / "run", config, {"method": "toy"})
    assert RunFolder.open(run.path).read_config() == config
    assert yaml.safe_load((run.path / "user_config.yaml").read_text()) == {"method": "toy"}
    versions = json.loads((run.path / "versions.json").read_text())
    assert versions["plugins"]["gaussrep-toy"] == "1.0"
    assert {"python", "platform", "packages"} <= versions.keys()


def test_a_run_is_not_overwritten_unasked(tmp_path, configure):
    RunFolder.create(tmp_path, configure(), {})
    (tmp_path / "metrics.csv").write_text("step\n")
    with pytest.raises(RunError, match=r"already holds a run; .*--resume .*--overwrite"):
        RunFolder.create(tmp_path, configure(), {})
    assert (tmp_path / "metrics.csv").exists()


def test_overwriting_removes_the_run_and_nothing_else(tmp_path, configure):
    run = RunFolder.create(tmp_path, configure(), {})
    run.checkpoint(3).mkdir(parents=True)
    run.metrics_file.write_text("step\n")
    (tmp_path / "notes.txt").write_text("mine")
    RunFolder.create(tmp_path, configure("seed=5"), {}, overwrite=True)
    assert run.read_config().seed == 5
    assert not run.checkpoints_folder.exists()
    assert not run.metrics_file.exists()
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_overwriting_removes_a_link_and_not_what_it_leads_to(tmp_path, configure):
    run = RunFolder.create(tmp_path / "run", configure(), {})
    elsewhere = tmp_path / "elsewhere" / "step-00000003"
    elsewhere.mkdir(parents=True)
    run.checkpoints_folder.symlink_to(elsewhere.parent, target_is_directory=True)
    RunFolder.create(run.path, configure("seed=5"), {}, overwrite=True)
    assert run.read_config().seed == 5
    assert not run.checkpoints_folder.is_symlink()
    assert elsewhere.is_dir()


def test_what_could_not_be_overwritten_whole_can_be_again(tmp_path, configure, monkeypatch):
    RunFolder.create(tmp_path, configure(), {})
    (tmp_path / "checkpoints").mkdir()

    def fail(path):
        raise OSError("it is held open")

    with monkeypatch.context() as held:
        held.setattr("shutil.rmtree", fail)
        with pytest.raises(RunError, match=r"cannot write the run folder .*: it is held open"):
            RunFolder.create(tmp_path, configure("seed=5"), {}, overwrite=True)
    run = RunFolder.create(tmp_path, configure("seed=5"), {}, overwrite=True)
    assert run.read_config().seed == 5


def test_an_unknown_key_names_the_file(tmp_path, configure):
    run = RunFolder.create(tmp_path, configure(), {})
    with run.config_file.open("a") as file:
        file.write("zzz: 1\n")
    with pytest.raises(ConfigError, match=rf"{run.config_file}: zzz = 1: unknown key"):
        run.read_config()


def test_overwrite_spares_a_folder_that_holds_no_run(tmp_path, configure):
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "mine").touch()
    RunFolder.create(tmp_path, configure(), {}, overwrite=True)
    assert (tmp_path / "checkpoints" / "mine").exists()


def test_a_file_in_the_way_is_one_sentence(tmp_path, configure):
    (tmp_path / "run").touch()
    with pytest.raises(RunError, match=r"cannot write the run folder"):
        RunFolder.create(tmp_path / "run", configure(), {})


def test_opening_what_is_no_run(tmp_path):
    with pytest.raises(RunError, match="there is no run folder"):
        RunFolder.open(tmp_path / "missing")
    with pytest.raises(RunError, match="is not a run folder"):
        RunFolder.open(tmp_path)


def test_unused_counts_up(tmp_path):
    assert RunFolder.unused(tmp_path, "toy").name == "toy-1"
    (tmp_path / "toy-1").mkdir()
    assert RunFolder.unused(tmp_path, "toy").name == "toy-2"
    assert RunFolder.unused(tmp_path, "gaussrep-toy:toy").name == "gaussrep-toy-toy-1"


def test_checkpoints_are_found_by_step(tmp_path):
    run = RunFolder(tmp_path)
    with pytest.raises(RunError, match="no checkpoint to resume from"):
        run.latest_checkpoint()
    for step in (200, 1000, 30):
        run.checkpoint(step).mkdir(parents=True)
    (run.checkpoints_folder / ".step-00002000.tmp").mkdir()
    assert list(run.checkpoints()) == [30, 200, 1000]
    assert run.latest_checkpoint() == run.checkpoint(1000)


def test_overwrite_spares_what_another_program_wrote(tmp_path, configure):
    (tmp_path / "config.yaml").write_text("model: theirs\n")
    (tmp_path / "checkpoints").mkdir()
    with pytest.raises(RunError, match=r"config\.yaml was not written by gaussrep"):
        RunFolder.create(tmp_path, configure(), {}, overwrite=True)
    assert (tmp_path / "config.yaml").read_text() == "model: theirs\n"
    assert (tmp_path / "checkpoints").exists()


def test_checkpoints_of_another_run_are_not_mixed_in(tmp_path, configure):
    RunFolder(tmp_path).checkpoint(6).mkdir(parents=True)
    with pytest.raises(RunError, match="checkpoints of another run"):
        RunFolder.create(tmp_path, configure(), {})


def test_only_numbers_name_checkpoints(tmp_path):
    run = RunFolder(tmp_path)
    for name in ("step-00000004", "step-00000009.bak", "step-x", "damaged-step-00000003"):
        (run.checkpoints_folder / name).mkdir(parents=True)
    assert list(run.checkpoints()) == [4]


def test_damaged_checkpoints_are_set_aside_under_free_names(tmp_path):
    run = RunFolder(tmp_path)
    for _ in range(2):
        run.checkpoint(4).mkdir(parents=True)
        run.set_aside(run.checkpoint(4))
    found = {folder.name for folder in run.checkpoints_folder.iterdir()}
    assert found == {"damaged-step-00000004", "damaged-step-00000004-2"}
