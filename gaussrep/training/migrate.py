"""Conversion of a run folder that an older gaussrep wrote. Never imports torch."""

import shutil
from collections.abc import Mapping
from itertools import count
from pathlib import Path

from gaussrep.atomic_files import atomic_write
from gaussrep.config import Config, dump_yaml, load_config
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
        return [*_rename_files(run.path, files), *_replace_config(run, config, renamed)]
    except OSError as error:
        raise RunError(f"cannot convert the run folder {run.path}: {error.strerror}") from error


def _rename_files(folder: Path, files: Mapping[str, str]) -> list[str]:
    lines = []
    for old, new in files.items():
        if (folder / old).exists() and not (folder / new).exists():
            (folder / new).parent.mkdir(parents=True, exist_ok=True)
            (folder / old).rename(folder / new)
            lines.append(f"{folder / old} was renamed to {new}")
    return lines


def _replace_config(run: RunFolder, config: Config, renamed: list[RenamedKey]) -> list[str]:
    if not renamed:
        return []
    original = _unused(run.config_file)
    with atomic_write(original) as temporary:
        shutil.copyfile(run.config_file, temporary)
    with atomic_write(run.config_file) as temporary:
        temporary.write_text(dump_yaml(config), encoding="utf-8")
    kept = f"{run.config_file} was converted; the original is {original.name}"
    return [*(f"{run.config_file}: {change}" for change in renamed), kept]


def _unused(config_file: Path) -> Path:
    first = config_file.with_name(f"{config_file.name}.old")
    later = (config_file.with_name(f"{config_file.name}.old{number}") for number in count(2))
    return first if not first.exists() else next(path for path in later if not path.exists())
