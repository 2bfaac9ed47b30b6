"""Prims and properties of one layer of USD, of text and of binary files alike."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

ARCS = ("subLayers", "references", "payload", "inherits", "specializes", "variantSets")
"""Fields by which a layer takes in parts of others, or of itself; none is followed."""


@dataclass(frozen=True, slots=True)
class UsdProperty:
    """An attribute.

    Args:
        value: Its value, or that of its first time sample: arrays of numbers are float32, [N] or
            [N, width], quaternions wxyz; None if it has none, or is a relationship.
        fields: Its metadata.
        is_sampled: Whether the value is that of a time sample.
    """

    value: Any = None
    fields: dict[str, Any] = field(default_factory=dict)
    is_sampled: bool = False


@dataclass(frozen=True, slots=True)
class UsdPrim:
    """A prim.

    Args:
        specifier: `def`, `over` or `class`.
        kind: Its type; empty if it has none.
        name: Its name.
        fields: Its metadata.
        properties: Its properties by name.
        children: Its children, in order.
    """

    specifier: str
    kind: str
    name: str
    fields: dict[str, Any]
    properties: dict[str, UsdProperty]
    children: tuple["UsdPrim", ...]

    def value(self, name: str) -> Any:
        """Return the value of a property.

        Args:
            name: Name of the property.

        Returns:
            Its value; None if it is missing or has none.
        """
        found = self.properties.get(name)
        return None if found is None else found.value


@dataclass(frozen=True, slots=True)
class UsdLayer:
    """A layer.

    Args:
        fields: Its metadata.
        prims: Its root prims, in order.
    """

    fields: dict[str, Any]
    prims: tuple[UsdPrim, ...]

    def arcs(self) -> list[str]:
        """List the arcs that take in parts of other layers.

        Returns:
            Names of the fields, each once.
        """
        found = {name for fields in self._all_fields() for name in fields}
        return [name for name in ARCS if name in found]

    def _all_fields(self) -> Iterator[dict[str, Any]]:
        yield self.fields
        waiting = list(self.prims)
        while waiting:
            prim = waiting.pop()
            yield prim.fields
            waiting += prim.children
