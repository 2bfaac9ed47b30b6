"""Settings that name where the data set of a run is, and their checks. Never imports torch."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from gaussrep.config import ComponentConfig
from gaussrep.errors import RunError
from gaussrep.training.run_folder import RunFolder

PLACES = ("data.root", "data.source.root", "data.capture.path")
"""Settings that name where a data set is, which may move."""


def find_places(data: ComponentConfig) -> dict[str, Path]:
    """Find the folders that settings of a data set name, not those to download to.

    Args:
        data: The settings.

    Returns:
        Folders by dotted key.
    """
    values = dict(flat_settings({"data": data.model_dump()}))
    if values.get("data.download"):
        return {}
    places = {key: Path(values[key]) for key in PLACES if isinstance(values.get(key), str | Path)}
    return {key: place for key, place in places.items() if _is_folder(values[key])}


def _is_folder(value: str | Path) -> bool:
    """Whether a setting names a folder: a capture may be `synthetic:NAME`, too."""
    return isinstance(value, Path) or Path(value).is_absolute()


def flat_settings(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Flatten nested settings.

    Args:
        values: Nested mappings.
        prefix: Start of all keys.

    Yields:
        Dotted keys with values.
    """
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from flat_settings(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def require_data(
    run: RunFolder, data: ComponentConfig, names: Mapping[str, str] = MappingProxyType({})
) -> None:
    """Check that the folder of a run's data set is there.

    Args:
        run: The run.
        data: Settings of a data set; one in another folder than the run's is not checked.
        names: Names of settings in the command, by those of the run where they differ.

    Raises:
        RunError: The folder is missing; the message names the setting that moves it.
    """
    places = find_places(data)
    known = find_places(run.read_config().data)
    for key, folder in places.items():
        if known.get(key) == folder and not folder.exists():
            raise RunError(
                f"{run.path} was trained on the data set in {folder}, which is not there; "
                f"give its new folder by {names.get(key, key)}=FOLDER"
            )


def require_named_data(run: RunFolder, data: ComponentConfig, given: Iterable[str] = ()) -> None:
    """Check that a run's data set is there, and that this user named its folders.

    Args:
        run: The run.
        data: Settings of a data set that is about to be opened.
        given: `dotted.key=value` arguments of the user.

    Raises:
        RunError: The folder is missing, or somebody else made the run, and its `config.yaml`
            names a folder or a download that no argument gives.
    """
    require_data(run, data)
    if run.trusted() is not None:
        return
    keys = {argument.partition("=")[0] for argument in given}
    known = dict(flat_settings({"data": run.read_config().data.model_dump()}))
    unnamed = {
        key: value
        for key, value in flat_settings({"data": data.model_dump()})
        if value == known.get(key) and key not in keys and _is_elsewhere(run.path, key, value)
    }
    if unnamed:
        named = " ".join(f"{key}={value}" for key, value in unnamed.items())
        raise RunError(
            f"{run.path} was not made here by you, so that what its config.yaml names is "
            f"neither read nor written; if you know it, give it yourself: {named}"
        )


def _is_elsewhere(run: Path, key: str, value: Any) -> bool:
    """Whether a setting names a folder outside the run folder, or requests a download."""
    if isinstance(value, Path):
        return not value.resolve().is_relative_to(run.resolve())
    return key == "data.download" and value is True
