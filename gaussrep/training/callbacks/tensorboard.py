"""TensorBoard event files."""

from importlib.util import find_spec

from gaussrep.errors import UnavailableError
from gaussrep.training.callbacks.callback import Callback, Row
from gaussrep.training.config import TrainerConfig
from gaussrep.training.training import TrainState


def wants_tensorboard(config: TrainerConfig) -> bool:
    """Tell whether a run writes TensorBoard files.

    Raises:
        UnavailableError: The configuration insists on them and tensorboard is not installed.
    """
    installed = find_spec("tensorboard") is not None
    if config.tensorboard is True and not installed:
        raise UnavailableError(
            'trainer.tensorboard=true needs tensorboard: pip install "gaussrep[tensorboard]"'
        )
    return installed and config.tensorboard is not False


class TensorBoard(Callback):
    """Writes each logged number as a scalar to the run's `tensorboard` folder."""

    def on_start(self, state: TrainState) -> None:
        """Open a file, and hide the steps that a killed run had made and this one makes again."""
        from torch.utils.tensorboard import SummaryWriter

        folder = state.run.tensorboard_folder
        self._writer = SummaryWriter(str(folder), purge_step=state.step + 1)

    def on_log(self, state: TrainState, row: Row) -> None:
        """Write all numbers of the step but its own."""
        for name, value in row.items():
            if name != "step":
                self._writer.add_scalar(name, value, state.step)

    def on_end(self, state: TrainState) -> None:
        """Close the file."""
        self._writer.close()
