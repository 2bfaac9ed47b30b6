from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import pytest
from pydantic import Field

from gaussrep.config import ComponentConfig, Config, component
from gaussrep.config.preflight import preflight
from gaussrep.errors import DataError, UnavailableError


class Folder(Config):
    root: Path = Path()

    def preflight(self):
        if not self.root.is_dir():
            raise DataError(f"{self.root} is missing")


class Run(Config):
    data: Folder = Folder()
    others: Mapping[str, Folder] = Field(default={})
    many: tuple[Folder, ...] = ()
    renderer: Annotated[ComponentConfig, component("renderers", auto=True)] = ComponentConfig(
        type="auto"
    )


MISSING = Folder(root=Path("gone"))


@pytest.mark.parametrize(
    "config",
    [Run(data=MISSING), Run(others={"a": MISSING}), Run(many=(Folder(), MISSING)), MISSING],
)
def test_every_nested_configuration_is_checked(config):
    with pytest.raises(DataError, match="gone is missing"):
        preflight(config)


class Optional(Run):
    use_data: bool = True

    def unused_fields(self):
        return () if self.use_data else ("data",)


def test_unused_settings_are_not_checked():
    preflight(Optional(data=MISSING, use_data=False))
    with pytest.raises(DataError, match="gone is missing"):
        preflight(Optional(data=MISSING))


def test_what_is_there_passes():
    preflight(Run(others={"a": Folder()}, many=(Folder(),)))


def test_a_component_that_cannot_run_here_is_found(site):
    plugin = """
    @hookimpl
    def register_renderers():
        yield RendererRecord(
            name="absent", summary="S.", target="a:B", requires=("absent-thing",),
            devices=frozenset(), capabilities=frozenset(),
        )
    """
    site.add("plug", plugin)
    with pytest.raises(UnavailableError, match=r"renderer 'absent' .* pip install absent-thing$"):
        preflight(Run(renderer="absent"))
