"""Where a run keeps what it was told, measured and learned. Never imports torch."""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

import yaml

from gaussrep import plugins
from gaussrep.atomic_files import atomic_write, write_json
from gaussrep.config import Config, dump_yaml, load_config
from gaussrep.errors import RenamedKeyError, RunError
from gaussrep.training.config import TrainConfig
from gaussrep.training.versions import collect_versions

_ENTRIES = (
    "given.yaml",
    "versions.json",
    "metrics.csv",
    "model.safetensors",
    "checkpoints",
    "tensorboard",
    "evaluations",
    "scene.ply",
    "fidelity.json",
    "calibration.json",
    "config.yaml.old",
    "config.yaml",
)
"""Entries of every run; the last one makes a folder a run, even one half removed."""

RENAMED_FILES: Mapping[str, str] = MappingProxyType({})
"""New name by old name of files and folders of a run; `gaussrep migrate` renames them."""

C = TypeVar("C", bound=Config)


@dataclass(frozen=True, slots=True)
class RunFolder:
    """The folder of one run, be it a training or a fit.

    Attributes:
        path: The folder.
    """

    path: Path

    @classmethod
    def create(
        cls, path: Path, config: Config, given: dict[str, Any], *, overwrite: bool = False
    ) -> "RunFolder":
        """Start a new run in a folder.

        Args:
            path: The folder; made where it is missing.
            config: The resolved configuration, kept as `config.yaml`.
            given: What the user gave, kept as `given.yaml`.
            overwrite: Remove the run that the folder holds; other files in it stay.

        Returns:
            The new run.

        Raises:
            RunError: The folder holds a run and `overwrite` is off, or it cannot be made.
        """
        run = cls(path)
        if not overwrite:
            run.require_unused()
        try:
            path.mkdir(parents=True, exist_ok=True)
            if run.exists():
                run._clear()
            _write_text(path / "given.yaml", yaml.safe_dump(given, sort_keys=False))
            write_json(collect_versions(), path / "versions.json")
            _write_text(run.config_file, dump_yaml(config))
        except OSError as error:
            raise RunError(f"cannot write the run folder {path}: {error.strerror}") from error
        return run

    @classmethod
    def open(cls, path: Path) -> "RunFolder":
        """Find the run that a folder holds.

        Raises:
            RunError: There is no such folder, or it holds no run.
        """
        run = cls(path)
        if not path.is_dir():
            raise RunError(f"there is no run folder {path}")
        if not run.exists():
            raise RunError(f"{path} is not a run folder: it has no config.yaml")
        return run

    @classmethod
    def unused(cls, parent: Path, method: str) -> Path:
        """Give the first of `<method>-1`, `<method>-2`, … that is not there yet."""
        stem = method.replace(":", "-")
        return next(path for n in count(1) if not (path := parent / f"{stem}-{n}").exists())

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
            name: Which further weights, such as `ema`; None, the trained ones.

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
    def scene_file(self) -> Path:
        """The Gaussians of a fit's latest checkpoint."""
        return self.path / "scene.ply"

    @property
    def tensorboard_folder(self) -> Path:
        """TensorBoard's event files."""
        return self.path / "tensorboard"

    @property
    def checkpoints_folder(self) -> Path:
        """One folder per checkpoint."""
        return self.path / "checkpoints"

    def exists(self) -> bool:
        """Tell whether the folder holds a run."""
        return self.config_file.is_file()

    def require_unused(self) -> None:
        """Make sure that a new run would not touch an old one.

        Raises:
            RunError: The folder holds a run.
        """
        if self.exists():
            raise RunError(
                f"{self.path} already holds a run; go on with it with --resume {self.path}, "
                "replace it with --overwrite, or give another folder with --run"
            )

    def checkpoint(self, step: int) -> Path:
        """Give the folder of the checkpoint after `step` steps, whether it exists or not."""
        return self.checkpoints_folder / f"step-{step:08d}"

    def checkpoints(self) -> dict[int, Path]:
        """Find the whole checkpoints, by step, in rising order."""
        folders = sorted(self.checkpoints_folder.glob("step-*"))
        return {int(folder.name.removeprefix("step-")): folder for folder in folders}

    def latest_checkpoint(self) -> Path:
        """Give the checkpoint to go on from.

        Raises:
            RunError: There is none.
        """
        found = self.checkpoints()
        if not found:
            raise RunError(
                f"{self.path} holds no checkpoint to go on from; start it again with --overwrite"
            )
        return found[max(found)]

    def read_config(self, overrides: list[str] | None = None) -> TrainConfig:
        """Read the resolved configuration.

        Args:
            overrides: `dotted.key=value` arguments to put on top.

        Raises:
            RunError: An older gaussrep wrote the file, with keys that have new names.
            ConfigError: The file, or an override, does not make a valid configuration.
        """
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
        with self.explained_renames():
            config = load_config(cls, None, [self.config_file])
        return load_config(cls, None, [self.config_file], overrides) if overrides else config

    @contextmanager
    def explained_renames(self) -> Iterator[None]:
        """Tell how to convert the folder where its configuration has keys of old names.

        Raises:
            RunError: The body raised a `RenamedKeyError`.
        """
        try:
            yield
        except RenamedKeyError as error:
            raise RunError(
                f"{self.config_file} was written by an older gaussrep:\n{error}\n"
                f"convert it with: gaussrep migrate {self.path}"
            ) from error

    def write_config(self, config: TrainConfig) -> None:
        """Replace the resolved configuration."""
        _write_text(self.config_file, dump_yaml(config))

    def _clear(self) -> None:
        owned = [name for found in plugins.list() for name in found.record.run_files]
        for name in (*owned, *_ENTRIES):
            entry = self.path / name
            if entry.is_dir():
                shutil.rmtree(entry)
            else:
                entry.unlink(missing_ok=True)


def _write_text(path: Path, text: str) -> None:
    with atomic_write(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
