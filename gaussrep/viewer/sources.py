"""Sources of scenes: a file of Gaussians, a fit, or a run of a method."""

import logging
from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from torch.utils.data import default_collate

from gaussrep.building import build
from gaussrep.cameras import Cameras
from gaussrep.config.yaml_text import read_yaml
from gaussrep.data.sample import SampleKey
from gaussrep.errors import CapabilityError, DataError, FormatError, RunError
from gaussrep.fitting.capture import open_capture
from gaussrep.fitting.capture_config import CaptureDatasetConfig
from gaussrep.fitting.config import SceneFitConfig
from gaussrep.fitting.method import SCENE
from gaussrep.fitting.run_fit import open_fit
from gaussrep.formats.by_suffix import load
from gaussrep.methods.method import Batch, Method
from gaussrep.training.checkpoint import load_run
from gaussrep.training.data_places import require_named_data
from gaussrep.training.loading import CollatingDataset
from gaussrep.training.published import is_published
from gaussrep.training.run_folder import RunFolder
from gaussrep.viewer.scene import ViewerScene

Stamp = tuple[int, int, int]


class ViewSource(ABC):
    """A file that may be replaced while it is shown, and a reader of its scenes.

    Args:
        name: Name for titles and messages.
        file: File whose change means a new state; it may not exist yet.
        samples: Number of scenes to choose from.
    """

    def __init__(self, name: str, file: Path, samples: int = 1) -> None:
        self.name, self.file, self.samples = name, file, samples

    @abstractmethod
    def read(self, index: int) -> ViewerScene:
        """Read the newest state of a scene.

        Args:
            index: Index of the scene, below `samples`.

        Returns:
            The scene.

        Raises:
            GaussrepError: It cannot be read.
        """

    def stamp(self) -> Stamp | None:
        """Identify the state of the file.

        Returns:
            Time of change, size and inode; None if there is no file.
        """
        try:
            found = self.file.stat()
        except FileNotFoundError:
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino


class SourceWatcher:
    """Reads a source when it changed.

    Args:
        source: The source.
    """

    def __init__(self, source: ViewSource) -> None:
        self._source = source
        self._seen: tuple[Stamp, int] | None = None

    def newest(self, index: int = 0) -> ViewerScene | None:
        """Read the source if it changed, or if another of its scenes is requested.

        A state that cannot be read raises once, and is not read again.

        Args:
            index: Index of the scene.

        Returns:
            The scene; None if it is the one that was returned last, or there is no file yet.

        Raises:
            GaussrepError: It cannot be read.
        """
        stamp = self._source.stamp()
        if stamp is None or (stamp, index) == self._seen:
            return None
        self._seen = (stamp, index)
        return self._source.read(index)


class FileSource(ViewSource):
    """Source of a file of Gaussians.

    Args:
        path: The file, in any format that `gaussrep.load` reads.
        **settings: Settings of its format.

    Raises:
        FormatError: There is no such file.
    """

    def __init__(self, path: Path, **settings: Any) -> None:
        if not path.is_file():
            if path.exists():
                raise FormatError(f"{path}: this is not a regular file.")
            raise FormatError(f"{path}: there is no such file or folder.")
        super().__init__(str(path), path)
        self._settings = settings

    def read(self, index: int) -> ViewerScene:
        """Read the file.

        Args:
            index: 0.

        Returns:
            The scene.
        """
        return ViewerScene(self.name, load(self.file, **self._settings))


logger = logging.getLogger("gaussrep")


class FitSource(ViewSource):
    """Source of a fit: the Gaussians of its latest checkpoint, and its training cameras.

    Args:
        run: The fit's folder.
        overrides: `data.capture.path=…`, where the capture is.

    Raises:
        ConfigError: Its configuration is no longer valid.
    """

    def __init__(self, run: RunFolder, overrides: Sequence[str] = ()) -> None:
        self._run, self._overrides = run, overrides
        open_fit(run.path)
        config = run.read_config(list(overrides))
        assert isinstance(config.data, CaptureDatasetConfig)
        assert isinstance(config.method, SceneFitConfig)
        self._data, self._background = config.data, config.method.background
        super().__init__(str(run.path), run.path / SCENE)

    def read(self, index: int) -> ViewerScene:
        """Read the latest Gaussians.

        Args:
            index: 0.

        Returns:
            The scene.
        """
        steps = self._run.checkpoints()
        title = f"{self.name}, step {max(steps)}" if steps else self.name
        return ViewerScene(title, load(self.file), self._cameras, self._background)

    @cached_property
    def _cameras(self) -> Cameras | None:
        """Cameras of the training views; None if the capture does not exist."""
        try:
            require_named_data(self._run, self._data, self._overrides)
            return open_capture(self._data.capture).train.cameras
        except (DataError, RunError) as error:
            logger.warning("no cameras are shown: %s", error)
            return None


class MethodSource(ViewSource):
    """Source of a trained method: the Gaussians it predicts of validation samples.

    Args:
        run: The run's folder.
        overrides: `data.root=…`, where the data set is.
        trust: Names whose code may be run or which may be downloaded; see `load_run`.

    Raises:
        DataError: The data set cannot be read.
        RunError: A stranger's run names the data set, and `overrides` does not.
    """

    def __init__(
        self, run: RunFolder, overrides: Sequence[str] = (), trust: Sequence[str] = ()
    ) -> None:
        self._run, self._trust = run, tuple(trust)
        data = run.read_config(list(overrides)).data
        require_named_data(run, data, overrides)
        self._dataset = build("datasets", data, split="val")
        super().__init__(str(run.path), run.weights_file, len(self._dataset))

    def read(self, index: int) -> ViewerScene:
        """Load the latest weights and predict the Gaussians of a sample.

        Args:
            index: Index of the sample in the validation split.

        Returns:
            The scene, without padding.

        Raises:
            CapabilityError: The method predicts no Gaussians.
        """
        method, batch = load_run(self._run.path, trust=self._trust), self._batch(index)
        with torch.no_grad():
            gaussians = method.gaussians(batch)[0]
        shown = gaussians.prune(gaussians.opacities > 0)
        return ViewerScene(f"{self.name}, sample {index}", shown, _cameras(method, batch))

    def _batch(self, index: int) -> Batch:
        samples = [self._dataset[SampleKey(index)]]
        if isinstance(self._dataset, CollatingDataset):
            return self._dataset.collate(samples)
        return default_collate(samples)


def _cameras(method: Method, batch: Batch) -> Cameras | None:
    try:
        return method.cameras(batch)[0].detach()
    except CapabilityError:
        return None


def make_view_source(
    path: Path, overrides: Sequence[str] = (), trust: Sequence[str] = (), **settings: Any
) -> ViewSource:
    """Make the source of a path.

    Args:
        path: A file of Gaussians, the folder of a fit, or a training run.
        overrides: `data.root=…`, where the data set of a run is.
        trust: Names whose code may be run or which may be downloaded; see `load_run`.
        **settings: Settings of the format of a file.

    Returns:
        The source.

    Raises:
        RunError: It is a folder that holds no run.
        GaussrepError: The run's data set cannot be read.
    """
    if not (is_published(path) or path.is_dir()):
        return FileSource(path, **settings)
    run = RunFolder.open(path)
    method = read_yaml(run.config_file).get("method")
    if method is None:  # a fit of an older gaussrep
        return FileSource(path / SCENE)
    is_fit = isinstance(method, dict) and method.get("type") == "fit"
    return FitSource(run, overrides) if is_fit else MethodSource(run, overrides, trust)
