import pytest

CONFIGS = """
from typing import Annotated

from pydantic import Field

from gaussrep.config import ComponentConfig, Config, component


class Small(ComponentConfig):
    tile: int = Field(default=16, ge=1)


class Large(ComponentConfig):
    tile: int = 64
    levels: list[int] = [1, 2]
    weights: dict[str, float] = {"a": 1.0}


class Nested(ComponentConfig):
    width: int
    inner: Annotated[ComponentConfig, component("renderers")] = Small(tile=4)
"""
PLUGIN = """
def renderer(name, config):
    return RendererRecord(
        name=name,
        summary="S.",
        target="codes_of_zoo:Thing",
        config=config,
        devices=frozenset({"cpu"}),
        capabilities=frozenset(),
    )


@hookimpl
def register_renderers():
    yield renderer("small", "configs_of_zoo:Small")
    yield renderer("large", "configs_of_zoo:Large")
    yield renderer("plain", None)
    yield renderer("gone", "configs_of_nothing:Gone")
    yield renderer("wrong", "configs_of_zoo:Config")


@hookimpl
def register_encoders():
    yield EncoderRecord(
        name="nested",
        summary="S.",
        target="codes_of_zoo:Thing",
        config="configs_of_zoo:Nested",
        modality="image",
    )
"""


@pytest.fixture
def zoo(site, monkeypatch):
    """Renderers `small`, `large`, `plain`, `gone`, `wrong` and the encoder `nested`."""
    site.add("zoo", PLUGIN, modules={"configs_of_zoo": CONFIGS})
    monkeypatch.setenv("GAUSSREP_PLUGINS", "zoo")
    import configs_of_zoo

    return configs_of_zoo
