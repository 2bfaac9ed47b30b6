"""Names of new plugins."""

import keyword
import re
from dataclasses import dataclass
from importlib.util import find_spec

from packaging.utils import canonicalize_name

from gaussrep import plugins
from gaussrep.errors import PluginError

NAME = re.compile(r"[a-z]([a-z0-9._-]*[a-z0-9])?", re.IGNORECASE)
"""Names of distributions (PEP 508) that begin with a letter, as names of components must."""
TAKEN = {"tests"}
"""Packages beside the new one."""


@dataclass(frozen=True, slots=True)
class PluginName:
    """Names of a distribution and its package.

    Args:
        distribution: Normalized, `my-plugin`; its components' names begin with it.
        package: The same as an identifier, `my_plugin`.
    """

    distribution: str
    package: str

    @classmethod
    def parse(cls, given: str) -> "PluginName":
        """Check a name and normalize it.

        Args:
            given: Name as the user wrote it.

        Returns:
            The names.

        Raises:
            PluginError: If it is not a valid name of a distribution or package, or in use.

        Examples:
            >>> PluginName.parse("My.Plugin")
            PluginName(distribution='my-plugin', package='my_plugin')
        """
        if not NAME.fullmatch(given):
            raise PluginError(
                f"{given!r} is not a name for a plugin; expected letters, digits and '-', a letter "
                "first and no '-' last, such as my-plugin."
            )
        distribution = str(canonicalize_name(given))
        name = cls(distribution, distribution.replace("-", "_"))
        name._require_free()
        return name

    def _require_free(self) -> None:
        if keyword.iskeyword(self.package):
            raise PluginError(
                f"{self.package!r} is a keyword of Python and cannot be a package; take another "
                f"name, such as my-{self.distribution}."
            )
        used = [c for c in plugins.list("methods") if c.name == self.distribution]
        if used:
            raise PluginError(f"{self.distribution!r} is the {used[0]} already; take another name.")
        if self.package in TAKEN or find_spec(self.package) is not None:
            raise PluginError(
                f"a module {self.package!r} is installed already and would hide the new one, or be "
                f"hidden by it; take another name, such as my-{self.distribution}."
            )
