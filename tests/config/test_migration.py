from typing import Annotated, ClassVar

import pytest
from pydantic import ValidationError

from gaussrep.config import ComponentConfig, Config, component, load_config, resolve
from gaussrep.config.migration import rename_keys
from gaussrep.errors import ConfigError, RenamedKeyError

PLUGIN = """
@hookimpl
def register_losses():
    yield LossRecord(name="near", summary="S.", target="codes:Near", config="near_config:Near")
"""
CONFIG = """
from typing import ClassVar

from gaussrep.config import ComponentConfig


class Near(ComponentConfig):
    renamed_keys: ClassVar = {"most": "max_points"}
    max_points: int = 1
"""


class Optimizer(Config):
    betas: tuple[float, float] = (0.9, 0.95)
    lr: float = 1.0


class Trainer(Config):
    renamed_keys: ClassVar = {"workers": "num_workers", "betas": "optimizer.betas"}
    num_workers: int = 0
    optimizer: Optimizer = Optimizer()


class Longer(Trainer):
    renamed_keys: ClassVar = {"length": "steps"}
    steps: int = 1


Loss = Annotated[ComponentConfig, component("losses")]


class Run(Config):
    renamed_keys: ClassVar = {"trainer.rate": "trainer.optimizer.lr"}
    trainer: Trainer = Trainer()
    loss: Loss = ComponentConfig(type="near")
    named: dict[str, Loss] = {}
    listed: list[Loss] = []


@pytest.fixture(autouse=True)
def near(site, monkeypatch):
    site.add("near", PLUGIN, modules={"near_config": CONFIG})
    monkeypatch.setenv("GAUSSREP_PLUGINS", "near")


@pytest.mark.parametrize(
    ("override", "line"),
    [
        ("trainer.workers=2", "trainer.workers was renamed to trainer.num_workers."),
        ("trainer.betas=[0.9, 1]", "trainer.betas was renamed to trainer.optimizer.betas."),
        ("trainer.rate=2", "trainer.rate was renamed to trainer.optimizer.lr."),
        ("loss.most=2", "loss.most was renamed to loss.max_points."),
        ("named={a: {type: near, most: 2}}", "named.a.most was renamed to named.a.max_points."),
        ("listed=[{type: near, most: 2}]", "listed.0.most was renamed to listed.0.max_points."),
    ],
)
def test_an_old_key_is_one_line_with_its_new_name(override, line):
    with pytest.raises(RenamedKeyError) as caught:
        load_config(Run, overrides=[override])
    assert str(caught.value) == line


def test_a_file_with_old_keys_gives_a_line_for_each_and_for_other_mistakes(tmp_path):
    file = tmp_path / "a.yaml"
    file.write_text("trainer: {workers: 1, betas: [1, 2], wrokers: 3}\n")
    with pytest.raises(RenamedKeyError) as caught:
        load_config(Run, files=[file])
    assert str(caught.value).splitlines() == [
        "trainer.workers was renamed to trainer.num_workers.",
        "trainer.betas was renamed to trainer.optimizer.betas.",
        "trainer.wrokers = 3: unknown key; did you mean 'trainer.num_workers'?",
    ]


def test_a_key_that_was_never_there_is_no_renamed_key():
    with pytest.raises(ConfigError) as caught:
        load_config(Run, overrides=["trainer.wrokers=1"])
    assert not isinstance(caught.value, RenamedKeyError)


def test_settings_of_one_component_and_of_a_class():
    with pytest.raises(RenamedKeyError, match=r"^most was renamed to max_points\.$"):
        resolve("losses", {"type": "near", "most": 2})
    with pytest.raises(ValidationError, match="was renamed to num_workers"):
        Trainer.model_validate({"workers": 1})


def test_old_keys_are_inherited():
    with pytest.raises(RenamedKeyError) as caught:
        load_config(Longer, overrides=["workers=1", "length=2"])
    assert len(str(caught.value).splitlines()) == 2


def test_renaming_reaches_every_place():
    settings = {
        "trainer": {"workers": 2, "betas": [0.1, 0.2], "rate": 3.0, "optimizer": {}},
        "loss": {"most": 4},
        "named": {"a": {"type": "near", "most": 5}},
        "listed": [{"type": "near", "most": 6}, "near"],
    }
    renamed, changes = rename_keys(Run, settings)
    config = load_config(Run, renamed)
    assert config.trainer == Trainer(num_workers=2, optimizer=Optimizer(betas=(0.1, 0.2), lr=3.0))
    points = [config.loss, config.named["a"], *config.listed]
    assert [each.model_dump()["max_points"] for each in points] == [4, 5, 6, 1]
    assert sorted(map(str, changes)) == [
        "listed.0.most was renamed to listed.0.max_points",
        "loss.most was renamed to loss.max_points",
        "named.a.most was renamed to named.a.max_points",
        "trainer.betas was renamed to trainer.optimizer.betas",
        "trainer.rate was renamed to trainer.optimizer.lr",
        "trainer.workers was renamed to trainer.num_workers",
    ]
    assert settings["trainer"]["workers"] == 2


def test_settings_without_old_keys_stay_as_they_are():
    settings = {"trainer": {"num_workers": 2}, "loss": "near", "unknown": {"a": 1}}
    assert rename_keys(Run, settings) == (settings, [])


def test_a_key_may_move_into_a_component_given_by_its_name():
    class Moved(Config):
        renamed_keys: ClassVar = {"most": "loss.max_points"}
        loss: Loss = ComponentConfig(type="near")

    renamed, _ = rename_keys(Moved, {"loss": "near", "most": 3})
    assert renamed == {"loss": {"type": "near", "max_points": 3}}
    renamed, _ = rename_keys(Moved, {"most": 3})
    assert load_config(Moved, renamed).loss.model_dump()["max_points"] == 3


def test_a_removed_key_is_named_and_dropped():
    class Removed(Config):
        renamed_keys: ClassVar = {"gone": ""}
        size: int = 1

    class Kept(Removed):
        gone: int = 2

    with pytest.raises(RenamedKeyError, match=r"^gone was removed\.$"):
        load_config(Removed, overrides=["gone=1"])
    renamed, changes = rename_keys(Removed, {"gone": 1, "size": 3})
    assert (renamed, list(map(str, changes))) == ({"size": 3}, ["gone was removed"])
    assert load_config(Kept, overrides=["gone=3"]).gone == 3


def test_old_and_new_key_together_are_refused():
    with pytest.raises(ConfigError, match=r"both are there; remove trainer\.workers"):
        rename_keys(Run, {"trainer": {"workers": 1, "num_workers": 2}})
