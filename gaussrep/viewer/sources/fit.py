"""A fit, finished or running."""

import logging
from functools import cached_property

from gaussrep.cameras import Cameras
from gaussrep.errors import DataError
from gaussrep.fitting.fit_folder import open_folder
from gaussrep.fitting.sources.open_capture import open_capture
from gaussrep.formats.by_suffix import load
from gaussrep.training.run_folder import RunFolder
from gaussrep.viewer.scene import Scene
from gaussrep.viewer.source import Source

logger = logging.getLogger("gaussrep")


class FitSource(Source):
    """Shows the Gaussians of a fit's latest checkpoint, and the cameras that it is fitted to.

    Args:
        run: The fit's folder.

    Raises:
        ConfigError: Its configuration is no longer valid.
    """

    def __init__(self, run: RunFolder) -> None:
        self._run, self._config = open_folder(run.path)
        super().__init__(str(run.path), run.scene_file)

    def read(self, index: int) -> Scene:
        """Read the latest Gaussians."""
        steps = self._run.checkpoints()
        title = f"{self.name}, step {max(steps)}" if steps else self.name
        return Scene(title, load(self.file), self._cameras, self._config.background)

    @cached_property
    def _cameras(self) -> Cameras | None:
        """Those of the views that are fitted; None where the capture is no longer there."""
        try:
            return open_capture(self._config.data).train.cameras
        except DataError as error:
            logger.warning("no cameras are shown: %s", error)
            return None
