"""The loss on the validation split."""

from collections import defaultdict

import torch

from gaussrep.methods.method import StepOutput
from gaussrep.training import random_state
from gaussrep.training.callbacks.callback import Callback, Row
from gaussrep.training.loader import MapDataset, make_loader
from gaussrep.training.sampler import validation_batches
from gaussrep.training.training import TrainState


class Validation(Callback):
    """Measures the loss on held-out samples, every `evaluate_every` steps and after the last.

    What is random in the method draws the same numbers every time, and the run's own random states
    are left as they were, so measuring changes nothing of what follows.

    Args:
        dataset: The validation split, not empty.
        seed: The run's seed.
    """

    def __init__(self, dataset: MapDataset, seed: int) -> None:
        self._dataset = dataset
        self._seed = seed

    def measure(self, state: TrainState) -> Row:
        """Give `val_loss` and `val_<metric>`, means over the split, where they are due."""
        if state.step % state.config.evaluate_every and state.step != state.steps:
            return {}
        state.method.eval()
        with torch.no_grad(), random_state.seeded(self._seed, state.engine.rank):
            sums = self._sums(state)
        state.method.train()
        totals: dict[str, float] = defaultdict(float)
        for share in state.engine.gather(sums):
            for name, value in share.items():
                totals[name] += value
        return {f"val_{name}": total / len(self._dataset) for name, total in totals.items()}

    def _sums(self, state: TrainState) -> dict[str, float]:
        engine, config = state.engine, state.config
        batches = validation_batches(
            len(self._dataset), config.batch_size, engine.rank, engine.world_size
        )
        loader = make_loader(self._dataset, batches, workers=config.workers, device=engine.device)
        sums: dict[str, float] = defaultdict(float)
        for keys, batch in zip(batches, loader, strict=True):
            with engine.autocast():
                output = state.method.validation_loss(engine.to_device(batch))
            for name, value in _numbers(output).items():
                sums[name] += len(keys) * value
        return dict(sums)


def _numbers(output: StepOutput) -> dict[str, float]:
    return {"loss": output.loss.item()} | {k: v.item() for k, v in output.metrics.items()}
