from typing import ClassVar

import pytest
import yaml
from typer.testing import CliRunner

from gaussrep.cli.main import app
from gaussrep.config import Config
from gaussrep.errors import ConfigError, RunError
from gaussrep.training.checkpoint import load_run
from gaussrep.training.migrate import migrate_run
from gaussrep.training.run_folder import RunFolder


class Settings(Config):
    renamed_keys: ClassVar = {"workers": "num_workers"}
    num_workers: int = 0
    seed: int = 0


OLD = "seed: 3\nworkers: 2\n"


@pytest.fixture
def run(tmp_path):
    run = RunFolder(tmp_path / "run")
    run.path.mkdir()
    run.config_file.write_text(OLD)
    (run.path / "fidelity.json").write_text("{}")
    return run


def test_opening_an_old_run_names_the_command(run):
    with pytest.raises(RunError) as caught:
        run.load_config(Settings)
    assert str(caught.value).splitlines()[1:] == [
        "workers was renamed to num_workers.",
        f"convert it with: gaussrep migrate {run.path}",
    ]


def test_an_override_with_an_old_name_is_no_fault_of_the_folder(run):
    run.config_file.write_text("seed: 3\n")
    with pytest.raises(ConfigError, match="workers was renamed to num_workers"):
        run.load_config(Settings, ["workers=1"])


def test_migration_renames_keys_and_files_and_keeps_the_original(run):
    lines = migrate_run(run, Settings, {"fidelity.json": "metrics.json", "no.ply": "yes.ply"})
    assert run.load_config(Settings) == Settings(num_workers=2, seed=3)
    assert (run.path / "config.yaml.old").read_text() == OLD
    assert (run.path / "metrics.json").exists()
    assert sorted(path.name for path in run.path.iterdir()) == [
        "config.yaml", "config.yaml.old", "metrics.json",
    ]  # fmt: skip
    assert lines == [
        f"{run.path / 'fidelity.json'} was renamed to metrics.json",
        f"{run.config_file}: workers was renamed to num_workers",
        f"{run.config_file} was converted; the original is config.yaml.old",
    ]
    assert migrate_run(run, Settings, {"fidelity.json": "metrics.json"}) == []


def test_an_earlier_original_stays(run):
    migrate_run(run, Settings, {})
    run.config_file.write_text("workers: 5\n")
    migrate_run(run, Settings, {})
    assert (run.path / "config.yaml.old").read_text() == OLD
    assert (run.path / "config.yaml.old2").read_text() == "workers: 5\n"


def test_a_configuration_that_stays_wrong_changes_nothing(run):
    run.config_file.write_text("workers: many\n")
    with pytest.raises(ConfigError, match="num_workers = 'many': expected a valid integer"):
        migrate_run(run, Settings, {"fidelity.json": "metrics.json"})
    assert run.config_file.read_text() == "workers: many\n"
    assert (run.path / "fidelity.json").exists()


def test_the_command_converts_a_run_whose_method_renamed_a_key(tmp_path, configure, monkeypatch):
    from gaussrep.training.config import TrainerConfig

    run = RunFolder.create(tmp_path, configure(), {})
    result = CliRunner().invoke(app, ["migrate", str(run.path)])
    assert (result.exit_code, result.stdout) == (0, f"{run.path} needs no conversion\n")
    settings = yaml.safe_load(run.config_file.read_text())
    settings["trainer"]["was_called"] = settings["trainer"].pop("log_every")
    run.config_file.write_text(yaml.safe_dump(settings))
    monkeypatch.setattr(TrainerConfig, "renamed_keys", {"was_called": "log_every"})
    refused = CliRunner().invoke(app, ["train", "--resume", str(run.path)])
    assert refused.exit_code == 2
    assert f"gaussrep migrate {run.path}" in refused.stderr
    result = CliRunner().invoke(app, ["migrate", str(run.path)])
    assert result.exit_code == 0, result.output
    assert "trainer.was_called was renamed to trainer.log_every" in result.stdout
    assert run.read_config() == configure()


def test_loading_a_method_with_old_keys_names_the_command(tmp_path, configure, monkeypatch):
    run = RunFolder.create(tmp_path, configure(), {})
    settings = yaml.safe_load(run.config_file.read_text())
    settings["method"]["was_called"] = 1
    run.config_file.write_text(yaml.safe_dump(settings))
    from gaussrep.config import ComponentConfig

    monkeypatch.setattr(ComponentConfig, "renamed_keys", {"was_called": "type"})
    with pytest.raises(RunError, match="gaussrep migrate"):
        load_run(run.path)
