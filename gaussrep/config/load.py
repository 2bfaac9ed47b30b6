"""Loading and writing of configurations."""

from collections.abc import Iterable, Mapping
from functools import partial
from os import PathLike
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from gaussrep.config.base import Config
from gaussrep.config.guidance import Guidance
from gaussrep.config.merge import merge
from gaussrep.config.overrides import parse_overrides
from gaussrep.config.unknown_keys import explain_mistake
from gaussrep.config.validation_errors import config_error
from gaussrep.config.yaml_text import read_yaml, write_yaml

C = TypeVar("C", bound=Config)


def load_config(
    cls: type[C],
    preset: Mapping[str, Any] | None = None,
    files: Iterable[str | PathLike[str]] = (),
    overrides: Iterable[str] = (),
    guidance: Guidance | None = None,
) -> C:
    """Load a configuration from its sources; later ones take precedence.

    Args:
        cls: The configuration class, whose defaults come first.
        preset: Settings to start from.
        files: YAML files.
        overrides: `dotted.key=value` arguments.
        guidance: The cures of common mistakes, for messages.

    Returns:
        The validated configuration.

    Raises:
        RenamedKeyError: If a key has a new name, one line for every mistake.
        ConfigError: If a file or an argument cannot be read, or with one line for every mistake:
            the dotted path, the given and the expected value, the nearest key.

    Examples:
        >>> from gaussrep.config import Config
        >>> class Crop(Config):
        ...     size: int = 64
        ...     flip: bool = True
        >>> load_config(Crop, overrides=["size=32"])
        Crop(size=32, flip=True)
    """
    layers = [preset or {}, *map(read_yaml, map(Path, files)), parse_overrides(overrides)]
    settings = merge(cls, layers)
    try:
        return cls.model_validate(settings)
    except ValidationError as error:
        explain = partial(explain_mistake, cls, settings, guidance)
        raise config_error(error, settings, explain) from error


def dump_yaml(config: Config) -> str:
    """Convert a configuration to YAML that `load_config` reads back.

    Args:
        config: The configuration.

    Returns:
        YAML, in the order of the fields, defaults and resolved components included.
    """
    return write_yaml(config.model_dump(mode="json"))
