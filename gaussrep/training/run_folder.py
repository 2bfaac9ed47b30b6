"""The folder of a run: settings, versions, metrics, weights, checkpoints. Never imports torch."""

import re
import shutil
from collections.abc import Collection
from dataclasses import dataclass
from itertools import count
from os import PathLike
from pathlib import Path
from typing import Any, TypeVar

import yaml

from gaussrep import plugins
from gaussrep.config import Config, load_config
from gaussrep.config.load import dump_yaml
from gaussrep.errors import RunError
from gaussrep.runtime.atomic_files import atomic_write, write_json
from gaussrep.runtime.plain_files import read_json, read_plain_text
from gaussrep.training.config import TrainConfig
from gaussrep.training.migrate import explained_errors, refuse_older_fit
from gaussrep.training.missing_run import suggest_run
from gaussrep.training.origin import read_trusted, sign
from gaussrep.training.published import find_published, is_published, published_name
from gaussrep.training.versions import VERSIONS, collect_versions, read_versions

_CHECKPOINT = re.compile(r"step-(\d+)")
_ENTRIES = (
    "finished.json",
    "origin.json",
    "user_config.yaml",
    "given.yaml",
    "metrics.csv",
    "model.safetensors",
    "checkpoints",
    "tensorboard",
    "evaluations",
    "config.yaml.old",
    VERSIONS,
    "config.yaml",
)
"""Entries of every run; last those that make a folder a run, and one that gaussrep wrote."""

C = TypeVar("C", bound=Config)


@dataclass(frozen=True, slots=True)
class RunFolder:
    """The folder of one training run or fit.

    Attributes:
        path: The folder.
        published_as: Name of a published run, whose folder is only read; empty for other runs.
    """

    path: Path
    published_as: str = ""

    @classmethod
    def create(
        cls,
        path: str | PathLike[str],
        config: Config,
        user_config: dict[str, Any],
        *,
        overwrite: bool = False,
        trusted: Collection[str] = (),
    ) -> "RunFolder":
        """Start a new run in a folder.

        Args:
            path: The folder; made if it is missing.
            config: The resolved configuration, kept as `config.yaml`.
            user_config: The settings as the user gave them, kept as `user_config.yaml`.
            overwrite: Remove the run that the folder holds; other files in it stay.
            trusted: Names whose code the run may run, or which it may download.

        Returns:
            The new run.

        Raises:
            RunError: The folder holds a run and `overwrite` is off, or it cannot be made.
        """
        path = Path(path)
        run = cls(path)
        run.require_new(overwrite=overwrite)
        try:
            path.mkdir(parents=True, exist_ok=True)
            if run.exists():
                run._clear()
            text = yaml.safe_dump(user_config, sort_keys=False)
            _write_text(path / "user_config.yaml", text)
            write_json(collect_versions(), path / VERSIONS)
            run._write_signed(dump_yaml(config), trusted)
        except OSError as error:
            raise RunError(
                f"cannot write the run folder {path}: {error.strerror or error}"
            ) from error
        return run

    @classmethod
    def open(cls, path: str | PathLike[str]) -> "RunFolder":
        """Open the run that a folder holds.

        Args:
            path: The folder, or a published run: `models:NAME`, `hf:USER/NAME`.

        Returns:
            The run.

        Raises:
            RunError: There is no such folder or published run, or it holds no run.
        """
        name = published_name(path) if is_published(path) else ""
        path = find_published(path) if name else Path(path)
        run = cls(path, name)
        if not path.is_dir():
            raise RunError(f"there is no run folder {path}{suggest_run(path)}")
        if not run.exists():
            raise RunError(f"{path} is not a run folder: it has no config.yaml")
        return run

    @classmethod
    def unused(cls, parent: Path, method: str) -> Path:
        """Find the first of `<method>-1`, `<method>-2`, … that does not exist.

        Args:
            parent: Folder of runs.
            method: Name of the method, short or qualified.

        Returns:
            A folder that is not made yet.
        """
        stem = method.replace(":", "-")
        return next(path for n in count(1) if not (path := parent / f"{stem}-{n}").exists())

    @property
    def results(self) -> Path:
        """Folder of scores and reports: the run's own; for a published run one of its name."""
        return Path(self.published_as) if self.published_as else self.path

    def require_own(self) -> None:
        """Check that the run may be changed.

        Raises:
            RunError: It is a published run.
        """
        if self.published_as:
            raise RunError(
                f"{self.published_as} is a published run, which is only read; start a run of your "
                "own from it with --from"
            )

    @property
    def config_file(self) -> Path:
        """The resolved configuration; what makes a folder a run."""
        return self.path / "config.yaml"

    @property
    def metrics_file(self) -> Path:
        """One row per logged step."""
        return self.path / "metrics.csv"

    @property
    def weights_file(self) -> Path:
        """The weights of the latest checkpoint."""
        return self.path / "model.safetensors"

    def weights(self, name: str | None = None) -> Path:
        """Find the weights of the latest checkpoint.

        Args:
            name: Name of further weights, such as `ema`; None for the trained ones.

        Returns:
            The file.

        Raises:
            RunError: The run has no such further weights.
        """
        if name is None:
            return self.weights_file
        file = self.path / f"model-{name}.safetensors"
        if not file.is_file():
            found = sorted(path.stem[6:] for path in self.path.glob("model-*.safetensors"))
            raise RunError(f"{self.path} has no {name!r} weights; it has {found or 'no others'}")
        return file

    @property
    def tensorboard_folder(self) -> Path:
        """TensorBoard's event files."""
        return self.path / "tensorboard"

    @property
    def checkpoints_folder(self) -> Path:
        """One folder per checkpoint."""
        return self.path / "checkpoints"

    def exists(self) -> bool:
        """Check whether the folder holds a run.

        Returns:
            True if it holds a `config.yaml`.
        """
        return self.config_file.is_file()

    def require_new(self, *, overwrite: bool = False) -> None:
        """Check that a new run may be written to the folder.

        Args:
            overwrite: Whether the run that the folder holds may be replaced.

        Raises:
            RunError: The folder holds a run that may not be replaced, a `config.yaml` that gaussrep
                did not write, or checkpoints of another run.
        """
        if self.exists() and not overwrite:
            raise RunError(
                f"{self.path} already holds a run; resume it with --resume {self.path}, "
                "replace it with --overwrite, or give another folder with --run"
            )
        if self.exists() and not self._is_written_by_gaussrep():
            raise RunError(
                f"{self.config_file} was not written by gaussrep, so {self.path} is not replaced; "
                "give another folder with --run"
            )
        if not self.exists() and self.checkpoints():
            raise RunError(
                f"{self.checkpoints_folder} holds checkpoints of another run; remove them, or give "
                "another folder with --run"
            )

    def _is_written_by_gaussrep(self) -> bool:
        try:
            return "gaussrep" in read_versions(self.path)["packages"]
        except (KeyError, TypeError):
            return False

    def checkpoint(self, step: int) -> Path:
        """Return the folder of a checkpoint, which need not exist.

        Args:
            step: Optimizer steps made before the checkpoint.

        Returns:
            The folder.
        """
        return self.checkpoints_folder / f"step-{step:08d}"

    def checkpoints(self) -> dict[int, Path]:
        """List the complete checkpoints.

        Returns:
            Folders by step, in rising order.
        """
        folders = sorted(self.checkpoints_folder.glob("step-*"))
        named = {folder: _CHECKPOINT.fullmatch(folder.name) for folder in folders}
        return {int(match[1]): folder for folder, match in named.items() if match}

    def latest_checkpoint(self) -> Path:
        """Find the checkpoint to resume from.

        Returns:
            The folder of the latest one.

        Raises:
            RunError: There is none.
        """
        found = self.checkpoints()
        if not found:
            raise RunError(
                f"{self.path} holds no checkpoint to resume from; start it again with --overwrite"
            )
        return found[max(found)]

    def is_finished(self, step: int) -> bool:
        """Check whether everything that the run promises after its last step is written.

        Args:
            step: The last step.

        Returns:
            Whether `set_finished` was called with that step.
        """
        try:
            return read_json(self._finished_file) == {"step": step}
        except (OSError, ValueError):
            return False

    def set_finished(self, step: int) -> None:
        """Note that everything is written.

        Args:
            step: The last step.
        """
        write_json({"step": step}, self._finished_file)

    @property
    def _finished_file(self) -> Path:
        return self.path / "finished.json"

    def set_aside(self, checkpoint: Path) -> Path:
        """Rename a damaged checkpoint, so that the one before it is the latest.

        Args:
            checkpoint: Its folder.

        Returns:
            The new folder.
        """
        stem = f"damaged-{checkpoint.name}"
        names = (stem, *(f"{stem}-{n}" for n in range(2, 1000)))
        aside = next(path for name in names if not (path := checkpoint.with_name(name)).exists())
        checkpoint.rename(aside)
        return aside

    def read_config(self, overrides: list[str] | None = None) -> TrainConfig:
        """Read the resolved configuration.

        Args:
            overrides: `dotted.key=value` arguments to put on top.

        Returns:
            The configuration of a training run.

        Raises:
            RunError: An older gaussrep wrote the file, with keys that have new names.
            ConfigError: The file, or an override, does not make a valid configuration.
        """
        refuse_older_fit(self.config_file)
        return self.load_config(TrainConfig, overrides)

    def load_config(self, cls: type[C], overrides: list[str] | None = None) -> C:
        """Read the resolved configuration of any kind of run.

        Args:
            cls: The class of the configuration.
            overrides: `dotted.key=value` arguments to put on top.

        Returns:
            The configuration.

        Raises:
            RunError: An older gaussrep wrote the file, with keys that have new names.
            ConfigError: The file, or an override, does not make a valid configuration.
        """
        with explained_errors(self.config_file):
            config = load_config(cls, None, [self.config_file])
        return load_config(cls, None, [self.config_file], overrides) if overrides else config

    def trusted(self) -> tuple[str, ...] | None:
        """Find whether this user made the run.

        Returns:
            Names that it may run or download; None if somebody else wrote `config.yaml`, or it
            was changed by hand.
        """
        try:
            origin = read_json(self._origin_file)
            config = read_plain_text(self.config_file)
        except (OSError, ValueError):
            return None
        return read_trusted(config, origin)

    @property
    def _origin_file(self) -> Path:
        return self.path / "origin.json"

    def write_config(self, config: Config) -> None:
        """Replace the resolved configuration.

        Args:
            config: The new configuration.
        """
        text, trusted = dump_yaml(config), self.trusted()
        if trusted is None:
            _write_text(self.config_file, text)
        elif text != self.config_file.read_text(encoding="utf-8"):
            self._write_signed(text, trusted)

    def _write_signed(self, config: str, trusted: Collection[str]) -> None:
        write_json(sign(config, trusted), self._origin_file)
        _write_text(self.config_file, config)

    def _clear(self) -> None:
        owned = [name for found in plugins.list() for name in found.record.run_files]
        for name in (*owned, *_ENTRIES):
            entry = self.path / name
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            else:
                entry.unlink(missing_ok=True)


def _write_text(path: Path, text: str) -> None:
    with atomic_write(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
