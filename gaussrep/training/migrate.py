"""Detection and conversion of run folders of an older gaussrep. Never imports torch."""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from gaussrep.config import Config, load_config
from gaussrep.config.migration import RenamedKey, rename_keys
from gaussrep.config.yaml_text import read_yaml
from gaussrep.errors import ConfigError, RenamedKeyError, RunError
from gaussrep.runtime.atomic_files import atomic_write

if TYPE_CHECKING:
    from gaussrep.training.run_folder import RunFolder

RENAMED_FILES: Mapping[str, str] = MappingProxyType({"given.yaml": "user_config.yaml"})
"""New name by old name of files and folders of a run; `gaussrep migrate` renames them."""


def holds_older_fit(config_file: Path) -> bool:
    """Check whether an older `gaussrep fit` wrote a run, which had a trainer of its own.

    Args:
        config_file: The configuration of the run.

    Returns:
        True if it is that of such a fit.

    Raises:
        ConfigError: The configuration cannot be read.
    """
    settings = read_yaml(config_file)
    return "method" not in settings and "strategy" in settings


def refuse_older_fit(config_file: Path) -> None:
    """Check that a run is one of the trainer.

    Args:
        config_file: The configuration of the run.

    Raises:
        RunError: An older `gaussrep fit` wrote it.
        ConfigError: Its configuration cannot be read.
    """
    folder = config_file.parent
    if holds_older_fit(config_file):
        raise RunError(
            f"{folder} holds a fit of an older gaussrep; convert it with: gaussrep migrate {folder}"
        )


@contextmanager
def explained_errors(config_file: Path) -> Iterator[None]:
    """Name the configuration of a run in its errors, and how to convert one with old names of keys.

    Args:
        config_file: The configuration of the run.

    Yields:
        Nothing; read the configuration in the body.

    Raises:
        RunError: The body raised a `RenamedKeyError`.
        ConfigError: The body raised another one.
    """
    try:
        yield
    except RenamedKeyError as error:
        raise RunError(
            f"{config_file} was written by an older gaussrep:\n{error}\n"
            f"convert it with: gaussrep migrate {config_file.parent}"
        ) from error
    except ConfigError as error:
        if str(config_file) in str(error):
            raise
        raise ConfigError(f"{config_file}: {error}") from error


def migrate_run(run: "RunFolder", model: type[Config], files: Mapping[str, str]) -> list[str]:
    """Rename the settings and files of an older run folder.

    The original configuration is kept as `config.yaml.old`. A conversion that was interrupted may
    be started again.

    Args:
        run: The folder.
        model: Class of its configuration.
        files: New name by old name of files and folders.

    Returns:
        One line per change; none if the folder needs none.

    Raises:
        ConfigError: The configuration is not valid even with the new names.
        PluginError: It needs a plugin that is not installed.
        RunError: The folder cannot be written.
    """
    settings, renamed = rename_keys(model, read_yaml(run.config_file))
    config = load_config(model, settings)
    try:
        lines = rename_files(run.path, files)
        return [*lines, *replace_config(run, config, renamed)] if renamed else lines
    except OSError as error:
        raise RunError(
            f"cannot convert the run folder {run.path}: {error.strerror or error}"
        ) from error


def rename_files(folder: Path, files: Mapping[str, str]) -> list[str]:
    """Rename the files of a run folder, unless their new names are taken.

    Args:
        folder: The run folder.
        files: New name by old name of files and folders.

    Returns:
        One line per file that was renamed.
    """
    lines = []
    for old, new in files.items():
        if (folder / old).exists() and not (folder / new).exists():
            (folder / new).parent.mkdir(parents=True, exist_ok=True)
            (folder / old).rename(folder / new)
            lines.append(f"{folder / old} was renamed to {new}")
    return lines


def replace_config(run: "RunFolder", config: Config, renamed: list[RenamedKey]) -> list[str]:
    """Replace the configuration of a run and keep the original as `config.yaml.old`.

    Args:
        run: The run.
        config: The new configuration.
        renamed: The keys that changed.

    Returns:
        One line per key, and one that names the original.
    """
    original = _unused(run.config_file)
    with atomic_write(original) as temporary:
        shutil.copyfile(run.config_file, temporary)
    run.write_config(config)
    kept = f"{run.config_file} was converted; the original is {original.name}"
    return [*(f"{run.config_file}: {change}" for change in renamed), kept]


def _unused(config_file: Path) -> Path:
    first = config_file.with_name(f"{config_file.name}.old")
    later = (config_file.with_name(f"{config_file.name}.old{number}") for number in count(2))
    return first if not first.exists() else next(path for path in later if not path.exists())
