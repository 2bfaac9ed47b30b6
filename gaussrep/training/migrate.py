"""Conversion of a run folder that an older gaussrep wrote. Never imports torch."""

import shutil
from collections.abc import Mapping
from itertools import count
from pathlib import Path

from gaussrep.atomic_files import atomic_write
from gaussrep.config import Config, load_config
from gaussrep.config.migration import RenamedKey, rename_keys
from gaussrep.config.yaml_text import read_yaml
from gaussrep.errors import RunError
from gaussrep.training.run_folder import RunFolder


def migrate_run(run: RunFolder, model: type[Config], files: Mapping[str, str]) -> list[str]:
    """Give the settings and files of a run folder the names that this gaussrep uses.

    The original configuration is kept as `config.yaml.old`. A conversion that was interrupted may
    be started again.

    Args:
        run: The folder.
        model: Class of its configuration.
        files: New name by old name of files and folders.

    Returns:
        One line per change; none where the folder needs none.

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
        raise RunError(f"cannot convert the run folder {run.path}: {error.strerror}") from error


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


def replace_config(run: RunFolder, config: Config, renamed: list[RenamedKey]) -> list[str]:
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
