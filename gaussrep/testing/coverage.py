"""Search for components without a contract test."""

from collections.abc import Mapping
from typing import Any

from gaussrep import plugins
from gaussrep.testing.component_contract import ComponentContract

KINDS = (
    "renderers", "encoders", "losses", "methods", "callbacks", "optimizers", "schedules",
    "strategies", "captures", "scene_sources",
)  # fmt: skip
"""The kinds that have a contract."""


def uncovered(distribution: str, tests: Mapping[str, Any]) -> list[str]:
    """Find the components of a distribution that no contract class of a module tests.

    Args:
        distribution: Normalized name of the distribution.
        tests: The module's `globals()`.

    Returns:
        Kind and name of each, sorted; empty if every component has its contract.

    Examples:
        >>> uncovered("gaussrep", {})[:2]
        ['callbacks/ema', 'callbacks/online-evaluations']
    """
    classes = [value for value in tests.values() if isinstance(value, type)]
    contracts = [c for c in classes if issubclass(c, ComponentContract) and "name" in vars(c)]
    covered = [plugins.find(contract.kind, contract.name) for contract in contracts]
    own = [c for kind in KINDS for c in plugins.list(kind) if c.distribution == distribution]
    return sorted(f"{c.kind}/{c.name}" for c in own if c not in covered)
