"""The contract of components of every kind."""

import subprocess
import sys
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar

from gaussrep import plugins
from gaussrep.building import build

CONFIG_ALONE = """
import sys
from gaussrep import plugins
plugins.find({kind!r}, {name!r}).load_config()
print("torch" in sys.modules)
"""


class ComponentContract:
    """Base of the contracts of all kinds; subclass one of those."""

    kind: ClassVar[str]
    """Kind of component, a key of `gaussrep.plugins.KINDS`."""

    name: ClassVar[str]
    """Name of the component among the plugins, short or `distribution:name`."""

    settings: ClassVar[Mapping[str, Any]] = MappingProxyType({})
    """Settings for the tests."""

    @property
    def record(self) -> Any:
        """The component's record."""
        return plugins.find(self.kind, self.name).record

    def build(self, **arguments: Any) -> Any:
        """Construct the component with its settings.

        Args:
            **arguments: Further arguments of the component.

        Returns:
            The component.
        """
        config = {"type": self.name, **self.settings}
        return build(self.kind, config, **arguments)

    def test_its_settings_are_read_without_torch(self) -> None:
        code = CONFIG_ALONE.format(kind=self.kind, name=self.name)
        command = [sys.executable, "-c", code]
        ran = subprocess.run(command, capture_output=True, text=True, check=True)
        assert ran.stdout.strip() == "False"

    def test_its_summary_is_one_line(self) -> None:
        summary = self.record.summary
        assert summary.strip() == summary
        assert "\n" not in summary
        assert 0 < len(summary) <= 100
