"""A run of a method that makes Gaussians."""

import torch
from torch.utils.data import default_collate

from gaussrep.building import build
from gaussrep.cameras import Cameras
from gaussrep.data.sample import SampleKey
from gaussrep.errors import CapabilityError
from gaussrep.methods.method import Batch, Method
from gaussrep.training.load_run import load_run
from gaussrep.training.loader import CollatingDataset
from gaussrep.training.run_folder import RunFolder
from gaussrep.viewer.scene import Scene
from gaussrep.viewer.source import Source


class MethodSource(Source):
    """Shows what a run's latest weights say of held-out samples of its data set.

    Args:
        run: The run's folder.

    Raises:
        DataError: The data set cannot be read.
    """

    def __init__(self, run: RunFolder) -> None:
        self._run = run
        self._dataset = build("datasets", run.read_config().data, split="val")
        super().__init__(str(run.path), run.weights_file, len(self._dataset))

    def read(self, index: int) -> Scene:
        """Read the weights and say a sample in Gaussians.

        Raises:
            CapabilityError: The method gives no Gaussians.
        """
        method, batch = load_run(self._run.path), self._batch(index)
        with torch.no_grad():
            gaussians = method.gaussians(batch)[0]
        shown = gaussians.prune(gaussians.opacities > 0)
        return Scene(f"{self.name}, sample {index}", shown, _cameras(method, batch))

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
