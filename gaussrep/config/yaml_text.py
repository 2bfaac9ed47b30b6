"""Reading and writing of YAML, so that numbers keep their type.

The YAML library is imported by the first text: settings of most components come from none.
"""

from pathlib import Path
from typing import Any

from gaussrep.errors import ConfigError
from gaussrep.runtime.plain_files import read_plain_text


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
    import yaml

    from gaussrep.config.yaml_dialect import Reader

    try:
        return yaml.load(text, Reader)
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
    import yaml

    from gaussrep.config.yaml_dialect import Writer

    return yaml.dump(data, Dumper=Writer, sort_keys=False)
