"""Reading and writing of YAML, so that numbers keep their type."""

import re
from pathlib import Path
from typing import Any

import yaml

from gaussrep.errors import ConfigError
from gaussrep.plain_files import read_plain_text

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


class _Reader(yaml.SafeLoader):
    """Reads plain data only, and rejects duplicate keys and exponentially growing aliases."""

    def get_single_node(self) -> yaml.Node | None:
        node = super().get_single_node()
        if node is not None and _count_nodes(node, {}) > MAX_NODES:
            raise yaml.constructor.ConstructorError(
                None, None, "its aliases make it too large", node.start_mark
            )
        return node

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
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


class _Writer(yaml.SafeDumper):
    """Writes repeated values in full instead of as aliases."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


for _class in (_Reader, _Writer):
    _class.add_implicit_resolver("tag:yaml.org,2002:float", FLOAT, list("-+.0123456789"))


def read_yaml(path: Path) -> dict[str, Any]:
    """Read a configuration file.

    Args:
        path: A YAML file that holds a mapping, or nothing.

    Returns:
        Plain data.

    Raises:
        ConfigError: If the file is missing, not YAML (with the line), or not a mapping.
    """
    try:
        text = read_plain_text(path)
    except FileNotFoundError:
        raise ConfigError(f"{path}: there is no such file.") from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not a text file: {error}.") from error
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror or error}.") from error
    return parse_mapping(text, str(path))


def parse_mapping(text: str, source: str) -> dict[str, Any]:
    """Parse the text of a configuration file.

    Args:
        text: YAML.
        source: Name of the source, for messages.

    Returns:
        Plain data.

    Raises:
        ConfigError: If it is not YAML, or not a mapping.
    """
    data = parse_value(text, source)
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise ConfigError(f"{source} should hold keys and values, got {data!r:.60}.")
    return data


def parse_value(text: str, source: str) -> Any:
    """Parse any YAML text.

    Args:
        text: YAML.
        source: Name of the source, for messages.

    Returns:
        Plain data.

    Raises:
        ConfigError: If it is not YAML; the message gives the line.
    """
    try:
        return yaml.load(text, _Reader)
    except RecursionError:
        raise ConfigError(f"{source}: it is nested too deeply.") from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line = f", line {mark.line + 1}" if mark else ""
        raise ConfigError(f"{source}{line}: {error.problem or error.context}.") from error
    except (yaml.YAMLError, ValueError) as error:
        raise ConfigError(f"{source}: {' '.join(str(error).split())}.") from error


def write_yaml(data: Any) -> str:
    """Write plain data.

    Args:
        data: Mappings, lists and scalars.

    Returns:
        YAML, keys in their order.
    """
    return yaml.dump(data, Dumper=_Writer, sort_keys=False)
