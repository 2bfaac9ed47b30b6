"""The YAML that configurations are written in: plain data, without ambiguities."""

import re
from typing import Any

import yaml

FLOAT = re.compile(r"[-+]?(\d[\d_]*\.?[\d_]*|\.\d[\d_]*)[eE][-+]?\d+\Z")
"""Numbers such as 1e-3, which YAML 1.1 reads as text."""

MAX_NODES = 1_000_000
"""Limit on keys and values, each alias counted as what it repeats; a few of them can make any
number."""


def _count_nodes(node: yaml.Node, counts: dict[int, float]) -> float:
    """Count a node and its descendants; a node that contains itself has infinite size."""
    if id(node) not in counts:
        counts[id(node)] = float("inf")
        parts: list[Any] = node.value if isinstance(node, yaml.CollectionNode) else []
        pairs = parts if isinstance(node, yaml.MappingNode) else [(part,) for part in parts]
        below = sum(_count_nodes(part, counts) for pair in pairs for part in pair)
        counts[id(node)] = 1.0 + below
    return counts[id(node)]


class Reader(yaml.SafeLoader):
    """Reads plain data only, and rejects duplicate keys and exponentially growing aliases."""

    def get_single_node(self) -> yaml.Node | None:
        """Read a document; refuse one that its aliases make too large."""
        node = super().get_single_node()
        if node is not None and _count_nodes(node, {}) > MAX_NODES:
            raise yaml.constructor.ConstructorError(
                None, None, "its aliases make it too large", node.start_mark
            )
        return node

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Convert a mapping; refuse a key that is there twice."""
        seen = set()
        for key_node, _ in node.value:
            if key_node.tag == "tag:yaml.org,2002:merge":
                continue
            key = self.construct_object(key_node, deep=True)
            if isinstance(key, str) and key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"key {key!r} is there twice", key_node.start_mark
                )
            if isinstance(key, str):
                seen.add(key)
        return super().construct_mapping(node, deep)


class Writer(yaml.SafeDumper):
    """Writes repeated values in full instead of as aliases."""

    def ignore_aliases(self, data: Any) -> bool:
        """Write every value in full."""
        return True


for _class in (Reader, Writer):
    _class.add_implicit_resolver("tag:yaml.org,2002:float", FLOAT, list("-+.0123456789"))
