import subprocess
import sys
from typing import Annotated

import pytest
from pydantic import Field, ValidationError

from gaussrep.config import ComponentConfig, Config, component, resolve
from gaussrep.errors import ConfigError, PluginError, UnknownNameError
from gaussrep.plugins import registry


class Scene(Config):
    renderer: Annotated[ComponentConfig, component("renderers")] = ComponentConfig(type="small")


class Auto(Config):
    renderer: Annotated[ComponentConfig, component("renderers", auto=True)] = ComponentConfig(
        type="auto"
    )


class Several(Config):
    renderers: list[Annotated[ComponentConfig, component("renderers")]] = Field(default=[])
    other: Annotated[ComponentConfig, component("renderers")] | None = None


def problem(cls, data):
    with pytest.raises(ValidationError) as caught:
        cls.model_validate(data)
    (error,) = caught.value.errors()
    return ".".join(map(str, error["loc"])), error["msg"]


@pytest.mark.parametrize("given", ["large", {"type": "large"}, ComponentConfig(type="large")])
def test_a_name_becomes_the_components_own_config(zoo, given):
    assert Scene(renderer=given).renderer == zoo.Large(type="large")


def test_the_default_is_resolved_too(zoo):
    assert Scene().renderer == zoo.Small(type="small", tile=16)


def test_settings_are_validated_by_the_components_own_config(zoo):
    assert Scene.model_validate({"renderer": {"type": "small", "tile": 8}}).renderer.tile == 8
    assert problem(Scene, {"renderer": {"type": "small", "tile": 0}})[0] == "renderer.tile"
    assert problem(Scene, {"renderer": {"type": "small", "tlie": 8}}) == (
        "renderer.tlie",
        "unknown key; did you mean 'tile'?",
    )


def test_a_component_without_settings_takes_none(zoo):
    assert Scene.model_validate({"renderer": "plain"}).renderer == ComponentConfig(type="plain")
    assert problem(Scene, {"renderer": {"type": "plain", "tile": 1}})[0] == "renderer.tile"


def test_an_instance_is_kept_and_its_type_filled_in(zoo):
    given = zoo.Small(type="zoo:small", tile=2)
    assert Scene(renderer=given).renderer is given
    assert Scene(renderer=zoo.Large(tile=2)).renderer == zoo.Large(type="large", tile=2)


def test_an_instance_of_another_component_is_refused(zoo):
    given = zoo.Small(type="large")
    assert "configured by Large, got a Small" in problem(Scene, {"renderer": given})[1]


def test_an_instance_whose_class_tells_nothing_must_say_its_type(zoo):
    class Own(zoo.Small):
        pass

    assert (
        "Own belongs to none or several of the renderers" in problem(Scene, {"renderer": Own()})[1]
    )
    assert isinstance(Scene(renderer=Own(type="small")).renderer, Own)


@pytest.mark.usefixtures("zoo")
@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("smal", "There is no renderer 'smal'; did you mean 'small'?"),
        ({"type": "smal"}, "did you mean 'small'?"),
        ({"tile": 3}, "expected one of the renderers by its type; there are: "),
        ("", "expected one of the renderers by its type"),
        (3, "expected one of the renderers by its type"),
        ({"type": 3}, "expected one of the renderers by its type"),
        (None, "expected one of the renderers by its type"),
        (ComponentConfig(), "expected one of the renderers by its type"),
        ("gone", "is broken: No module named 'configs_of_nothing'"),
        ("wrong", "should be a subclass of gaussrep.config.ComponentConfig"),
        ("auto", "There is no renderer 'auto'"),
    ],
)
def test_what_cannot_be_resolved_is_one_mistake(given, message):
    path, output = problem(Scene, {"renderer": given})
    assert path == "renderer"
    assert message in output


@pytest.mark.usefixtures("zoo")
@pytest.mark.parametrize("given", ["auto", {"type": "auto"}, ComponentConfig(type="auto")])
def test_auto_stays_auto_where_it_is_allowed(given):
    assert Auto(renderer=given).renderer == Auto().renderer == ComponentConfig(type="auto")


@pytest.mark.usefixtures("zoo")
def test_auto_takes_no_settings():
    path, output = problem(Auto, {"renderer": {"type": "auto", "tile": 3}})
    assert (path, output) == (
        "renderer",
        "auto takes no settings; name one of the renderers by its type",
    )


def test_components_may_stand_in_lists_and_unions(zoo):
    given = Several.model_validate({"renderers": ["small", {"type": "large"}], "other": "large"})
    assert [type(item) for item in given.renderers] == [zoo.Small, zoo.Large]
    assert given.other == zoo.Large(type="large")
    assert problem(Several, {"renderers": ["small", {"type": "small", "tlie": 1}]}) == (
        "renderers.1.tlie",
        "unknown key; did you mean 'tile'?",
    )


@pytest.mark.usefixtures("zoo")
def test_everything_the_resolved_class_has_is_written_out():
    dumped = Scene.model_validate({"renderer": {"type": "large", "tile": 2}}).model_dump()
    assert dumped == {
        "renderer": {"type": "large", "tile": 2, "levels": [1, 2], "weights": {"a": 1.0}}
    }


@pytest.mark.usefixtures("zoo")
def test_the_schema_can_be_written():
    assert "renderer" in Scene.model_json_schema()["properties"]


def test_resolve_outside_a_config(zoo):
    assert resolve("renderers", "small") == zoo.Small(type="small")
    with pytest.raises(UnknownNameError):
        resolve("renderers", "smal")
    for broken in ("gone", "wrong"):
        with pytest.raises(PluginError, match="is broken"):
            resolve("renderers", broken)
    with pytest.raises(ConfigError, match=r"^tile = 0: expected greater than or equal to 1$"):
        resolve("renderers", {"type": "small", "tile": 0})


def test_a_short_name_that_is_ambiguous_is_filled_in_qualified(zoo, site, monkeypatch):
    site.add(
        "twin",
        "@hookimpl\ndef register_renderers():\n    yield RendererRecord(name='small', summary='S.',"
        " target='a:B', devices=frozenset(), capabilities=frozenset())",
    )
    monkeypatch.setenv("GAUSSREP_PLUGINS", "zoo,twin")

    registry.reset()
    assert Scene(renderer=zoo.Small()).renderer.type == "zoo:small"
    _, output = problem(Scene, {"renderer": "small"})
    assert "'twin:small' or 'zoo:small'" in output


def test_only_the_named_components_config_is_imported(site):
    code = "{0} = __import__('gaussrep.config').config.ComponentConfig"
    record = "LossRecord(name={0!r}, summary='S.', target='code_{0}:X', config='code_{0}:{0}')"
    hook = "@hookimpl\ndef register_losses():\n"
    records = [f"    yield {record.format(name)}\n" for name in ("one", "two")]
    modules = {f"code_{name}": code.format(name) for name in ("one", "two")}
    site.add("lazy", hook + "".join(records), modules=modules)
    probe = (
        "import sys; from gaussrep.config import resolve; resolve('losses', 'one');"
        "print([m for m in ('code_one', 'code_two', 'torch', 'numpy') if m in sys.modules])"
    )
    environment = {"PYTHONPATH": str(site.folder), "GAUSSREP_PLUGINS": "lazy"}
    ran = subprocess.run(
        [sys.executable, "-c", probe], env=environment, capture_output=True, text=True, check=True
    )
    assert ran.stdout.strip() == "['code_one']"
