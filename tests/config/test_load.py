from pathlib import Path
from typing import Annotated, Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import Field

from gaussrep.config import ComponentConfig, Config, component, load_config
from gaussrep.config.load import dump_yaml
from gaussrep.errors import ConfigError


class Trainer(Config):
    lr: float = Field(default=1e-3, gt=0)
    steps: int = 10
    betas: tuple[float, float] = (0.9, 0.95)
    out: Path = Path("runs")
    note: str | None = None
    device: Literal["auto", "cpu"] = "auto"
    weights: dict[str, float] = Field(default={"a": 1.0})
    tags: frozenset[str] = frozenset()


class Run(Config):
    trainer: Trainer = Trainer(steps=20)
    renderer: Annotated[ComponentConfig, component("renderers", auto=True)] = ComponentConfig(
        type="auto"
    )
    encoder: Annotated[ComponentConfig, component("encoders")] | None = None
    losses: list[Annotated[ComponentConfig, component("losses")]] = Field(default=[])


@pytest.fixture
def file(tmp_path):
    def write(text, name="given.yaml"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_the_defaults_lie_lowest(zoo):
    assert load_config(Run) == Run()


def test_each_source_lies_over_the_ones_before(zoo, file):
    one = file("trainer: {lr: 0.2, steps: 2}\n", "one.yaml")
    two = file("trainer: {steps: 3}\nrenderer: {type: small, tile: 5}\n", "two.yaml")
    loaded = load_config(
        Run, {"trainer": {"lr": 0.1, "note": "p"}}, [one, two], ["renderer.tile=6"]
    )
    assert loaded.trainer == Trainer(lr=0.2, steps=3, note="p")
    assert loaded.renderer == zoo.Small(type="small", tile=6)


def test_every_mistake_of_all_sources_is_one_line(zoo, file):
    text = "trainer: {lr: fast, stesp: 1}\nrenderer: {type: smal}\nencoder: {type: nested}\n"
    with pytest.raises(ConfigError) as caught:
        load_config(Run, files=[file(text)], overrides=["encoder.inner.tlie=3", "lr=2"])
    assert str(caught.value).split("\n") == [
        "trainer.lr = 'fast': expected a valid number",
        "trainer.stesp = 1: unknown key; did you mean 'trainer.steps'?",
        "renderer: There is no renderer 'smal'; did you mean 'small'?",
        "encoder.width: is missing",
        "encoder.inner.tlie = 3: unknown key; did you mean 'encoder.inner.tile'?",
        "lr = 2: unknown key; did you mean 'trainer.lr'?",
    ]


def test_a_missing_or_broken_file_is_one_sentence(file, tmp_path):
    with pytest.raises(ConfigError, match="there is no such file"):
        load_config(Run, files=[tmp_path / "no.yaml"])
    with pytest.raises(ConfigError, match=r"given\.yaml, line 2: "):
        load_config(Run, files=[file("a: [\n")])


def round_trip(config, folder):
    path = Path(folder) / "dumped.yaml"
    path.write_text(dump_yaml(config), encoding="utf-8")
    return load_config(type(config), files=[path])


finite = st.floats(allow_nan=False, allow_infinity=False)
trainers = st.builds(
    Trainer,
    lr=st.floats(min_value=0, exclude_min=True, allow_infinity=False),
    steps=st.integers(),
    betas=st.tuples(finite, finite),
    out=st.sampled_from([Path("runs/a b"), Path("1e3"), Path("~")]),
    note=st.none() | st.text() | st.sampled_from(["1e-3", "no", "null", "3"]),
    device=st.sampled_from(["auto", "cpu"]),
    weights=st.dictionaries(st.text(), finite),
    tags=st.frozensets(st.text(max_size=3), max_size=3),
)
renderers = st.sampled_from(
    [
        "auto",
        "plain",
        "zoo:small",
        {"type": "small", "tile": 3},
        {"type": "large", "levels": [], "weights": {}},
    ]
)
encoders = st.none() | st.builds(
    lambda width, inner: {"type": "nested", "width": width, "inner": inner},
    st.integers(),
    renderers.filter(lambda renderer: renderer != "auto"),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(trainers, renderers, encoders, st.lists(st.sampled_from(["mse", "l1"])))
def test_what_is_dumped_loads_back_the_same(zoo, tmp_path, trainer, renderer, encoder, losses):
    given = {"trainer": trainer, "renderer": renderer, "encoder": encoder, "losses": losses}
    config = Run.model_validate(given)
    assert round_trip(config, tmp_path) == config


def test_a_dump_reads_well(zoo):
    config = load_config(Run, overrides=["renderer=small", "losses=[mse]"])
    assert dump_yaml(config).split("trainer:\n")[1].splitlines()[:2] == [
        "  lr: 0.001",
        "  steps: 20",
    ]
    assert dump_yaml(config).endswith(
        "renderer:\n  type: small\n  tile: 16\nencoder: null\nlosses:\n- type: mse\n"
    )
