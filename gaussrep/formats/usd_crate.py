"""Reading of USD's binary files, crates of the versions 0.4 to 0.14."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from gaussrep.errors import FormatError
from gaussrep.formats.usd_crate_layout import PRIM_SPEC, PROPERTY, RELATIONSHIP, ROOT
from gaussrep.formats.usd_crate_tables import CrateTables, Window, read_tables
from gaussrep.formats.usd_crate_values import CrateValues
from gaussrep.formats.usd_layer import ARCS, UsdLayer, UsdPrim, UsdProperty
from gaussrep.formats.usd_scene import VENDOR, is_read

SPECIFIERS = ("def", "over", "class")
PLAIN = ("upAxis", "metersPerUnit", "comment", "active", "apiSchemas")
"""Fields of layers and prims that are read."""
ARC_OF = {"inheritPaths": "inherits", "variantSetNames": "variantSets"} | {
    name: name for name in ARCS
}
"""Arcs by the names of their fields."""
SKIPPED = UsdProperty()
Reps = Mapping[str, int]


def read_crate(window: Window) -> UsdLayer:
    """Read a layer.

    Of time samples the first is kept, of variants none, and values only of attributes that count
    for Gaussians.

    Args:
        window: The file, or its part.

    Returns:
        Its content.

    Raises:
        FormatError: If its version is unknown, or it is damaged.
    """
    tables = read_tables(window)
    return _Layer(tables, CrateValues(window, tables)).read()


class _Layer:
    """The tree of prims, built from its leaves."""

    def __init__(self, tables: CrateTables, values: CrateValues) -> None:
        self._tables, self._values = tables, values
        self._sets = dict[int, Reps]()
        self._prims = defaultdict[int, dict[str, UsdPrim]](dict)
        self._properties = defaultdict[int, dict[str, UsdProperty]](dict)

    def read(self) -> UsdLayer:
        specs = self._tables.specs
        for place, first, kind in specs[specs[:, 0].argsort()[::-1]].tolist():
            parent = self._tables.parents[place]
            if kind == ROOT and parent < 0:
                reps = self._fields(first)
                return UsdLayer(self._metadata(reps), self._children(place, reps))
            name = self._tables.token(abs(int(self._tables.elements[place])))
            if kind == PRIM_SPEC:
                self._prims[parent][name] = self._prim(place, name, self._fields(first))
            elif kind == PROPERTY and is_read(name):
                self._properties[parent][name] = self._attribute(name, self._fields(first))
            elif kind in (PROPERTY, RELATIONSHIP):
                self._properties[parent][name] = SKIPPED
            self._prims.pop(place, None)
            self._properties.pop(place, None)
        raise FormatError("it is damaged: it has no root.")

    def _prim(self, place: int, name: str, reps: Reps) -> UsdPrim:
        number = self._field("specifier", reps, int, 1)
        if number not in range(len(SPECIFIERS)):
            raise FormatError("it is damaged: a prim has no specifier.")
        return UsdPrim(
            SPECIFIERS[number],
            self._field("typeName", reps, str, ""),
            name,
            self._metadata(reps),
            self._properties.get(place, {}),
            self._children(place, reps),
        )

    def _children(self, place: int, reps: Reps) -> tuple[UsdPrim, ...]:
        found = self._prims.get(place, {})
        names = dict.fromkeys(self._field("primChildren", reps, list, []))
        return tuple(found[name] for name in names if name in found)

    def _metadata(self, reps: Reps) -> dict[str, Any]:
        fields = {name: self._value(name, reps[name]) for name in PLAIN if name in reps}
        fields |= {arc: True for name, arc in ARC_OF.items() if name in reps}
        if "subLayers" in reps and not self._value("subLayers", reps["subLayers"]):
            del fields["subLayers"]
        if "customData" in reps:
            fields["customData"] = self._own_data(reps["customData"])
        return fields

    def _own_data(self, rep: int) -> dict[str, Any]:
        """Return gaussrep's entry of a dictionary, whose values are not dictionaries."""
        own = self._values.dictionary(rep).get(VENDOR)
        if own is None:
            return {}
        entries = self._values.dictionary(own)
        return {VENDOR: {name: self._value(name, entry) for name, entry in entries.items()}}

    def _attribute(self, name: str, reps: Reps) -> UsdProperty:
        value, is_sampled = None, False
        if "default" in reps:
            value = self._value(name, reps["default"])
        if value is None and "timeSamples" in reps:
            value, is_sampled = self._value(name, reps["timeSamples"]), True
        space = self._field("colorSpace", reps, str, "")
        return UsdProperty(value, {"colorSpace": space} if space else {}, is_sampled)

    def _field(self, name: str, reps: Reps, kind: type, default: Any) -> Any:
        if name not in reps:
            return default
        value = self._value(name, reps[name])
        if not isinstance(value, kind):
            raise FormatError(f"it is damaged: {name} is not a {kind.__name__}.")
        return value

    def _value(self, name: str, rep: int) -> Any:
        try:
            return self._values.value(rep)
        except FormatError as error:
            raise FormatError(f"its {name[:60]} cannot be read: {error}") from error

    def _fields(self, first: int) -> Reps:
        """Return the fields of a set that begins at a place, which follows the end of another."""
        if first not in self._sets:
            self._sets[first] = self._read_fields(first)
        return self._sets[first]

    def _read_fields(self, first: int) -> Reps:
        tables = self._tables
        if first not in range(len(tables.sets)) or (first and tables.sets[first - 1] != -1):
            raise FormatError("it is damaged: a spec has no fields.")
        found, place = dict[str, int](), first
        while (field := int(tables.sets[place])) != -1:
            if field not in range(len(tables.field_names)):
                raise FormatError(f"it is damaged: it has no field {field}.")
            found[tables.token(int(tables.field_names[field]))] = int(tables.field_values[field])
            place += 1
            if place == len(tables.sets):
                raise FormatError("it is damaged: a set of fields has no end.")
        return found
