"""Engine: training on the devices and processes of a program, by Accelerate."""

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from pathlib import Path
from typing import Any, TypeVar

import torch
from accelerate.optimizer import AcceleratedOptimizer  # noqa: TID253
from accelerate.tracking import GeneralTracker, filter_trackers  # noqa: TID253
from accelerate.utils import broadcast_object_list, gather_object  # noqa: TID253
from jaxtyping import Float
from torch import Tensor, nn

from gaussrep.errors import ConfigError, GaussrepError
from gaussrep.methods.joint_batch import joint_batches
from gaussrep.methods.method import Batch, Method, StepOutput
from gaussrep.training import sharding
from gaussrep.training.accelerator import close_accelerator, make_accelerator
from gaussrep.training.batch_norm import synchronized_batch_norms
from gaussrep.training.config import TrainerConfig
from gaussrep.training.module_tensors import gradient_norm, list_parameters

T = TypeVar("T")


class Engine:
    """Runs a method on the devices and processes of this program.

    Args:
        config: Device, precision, gradient accumulation, compilation and sharding.

    Raises:
        ConfigError: The device or the precision is not available here.
        RunError: The program was launched with sharded weights by Accelerate's own settings.
    """

    def __init__(self, config: TrainerConfig) -> None:
        self._accelerator = make_accelerator(config)
        self._shards = config.shard_weights and self.world_size > 1
        self._model: Any = None
        self._optimizers: Sequence[AcceleratedOptimizer | torch.optim.Optimizer] = ()
        self._compiles = config.compile
        # Accelerate's accumulation and backward pass then do nothing but take time.
        self._is_alone = (
            self.world_size == 1
            and config.gradient_accumulation_steps == 1
            and self._accelerator.scaler is None
        )

    @property
    def device(self) -> torch.device:
        """Device of this process."""
        return self._accelerator.device

    @property
    def rank(self) -> int:
        """Number of this process, from 0."""
        return self._accelerator.process_index

    @property
    def world_size(self) -> int:
        """Number of processes."""
        return self._accelerator.num_processes

    @property
    def is_main(self) -> bool:
        """Whether this is the process that writes files."""
        return self._accelerator.is_main_process

    @property
    def shards_weights(self) -> bool:
        """Whether the weights are sharded among several processes."""
        return self._shards

    def prepare(self, method: Method, optimizers: Sequence[torch.optim.Optimizer]) -> None:
        """Move the method to the device and take over its training and the optimizers.

        Args:
            method: Remains usable; its parameters are the trained ones.
            optimizers: Over the method's parameters.
        """
        if self._compiles:
            _compile_parts(method)
        self._averages_gradients = method.replaces_parameters and self.world_size > 1
        accelerator = self._accelerator
        if self.world_size > 1:  # of weights with sides of length 1, whose strides mean nothing
            warnings.filterwarnings("ignore", "Grad strides do not match bucket view strides")
        if self._shards:
            self._prepare_shares(method, optimizers)
            return
        if self._averages_gradients:  # torch's wrapper keeps the parameters that it was built with
            self._model = accelerator.prepare_model(method, True, evaluation_mode=True)
        else:  # its own choice of the device would import torch's sharding
            self._model = accelerator.prepare(method, device_placement=[True])
        # Accelerate's optimizers scale the loss in fp16; otherwise each of their steps only adds
        # two searches of sys.path for an optional package.
        scales = accelerator.scaler is not None
        self._optimizers = [
            accelerator.prepare_optimizer(each) if scales else each for each in optimizers
        ]

    def _prepare_shares(self, method: Method, optimizers: Sequence[torch.optim.Optimizer]) -> None:
        from torch.distributed.fsdp import register_fsdp_forward_method

        sharding.reveal_losses()
        self._model, *prepared = self._accelerator.prepare(method, *optimizers)
        register_fsdp_forward_method(method, "validation_loss")
        scales = self._accelerator.scaler is not None
        self._optimizers = prepared if scales else [each.optimizer for each in prepared]

    def to_device(self, batch: Batch) -> dict[str, Tensor]:
        """Copy a batch to this process's device.

        Args:
            batch: Tensors by name.

        Returns:
            The same on `device`.
        """
        return {name: values.to(self.device, non_blocking=True) for name, values in batch.items()}

    def backward(self, batch: Batch, weight: float = 1.0) -> StepOutput:
        """Accumulate the gradient of a batch; the last of a step averages over processes.

        Args:
            batch: Tensors on the device.
            weight: Factor on the gradient: the number of samples in the batch, divided by the mean
                number over processes.

        Returns:
            The method's loss and metrics.
        """
        if self._is_alone:
            output = self._model(batch)
            (output.loss if weight == 1 else output.loss * weight).backward()
            return output
        shares = self.world_size > 1
        norms = synchronized_batch_norms(self._model) if shares else nullcontext()
        rows = joint_batches() if shares else nullcontext()
        with norms, rows, self._accelerator.accumulate(self._model):
            output = self._model(batch)
            self._accelerator.backward(output.loss if weight == 1 else output.loss * weight)
            if self._averages_gradients and self._accelerator.sync_gradients:
                self._average_gradients()
        return output

    def clip_gradient(self, max_norm: float | None) -> float:
        """Scale the gradient down to a norm of at most `max_norm`.

        Args:
            max_norm: None does not clip.

        Returns:
            The norm before clipping; not finite if fp16 overflowed, and `update` then skips the
            step.
        """
        if self._shards:
            parameters = self._model.parameters()
            norm = self._accelerator.clip_grad_norm_(parameters, max_norm or float("inf"))
            assert norm is not None  # only DeepSpeed gives none
            return float(norm.full_tensor() if sharding.is_share(norm) else norm)
        self._accelerator.unscale_gradients()  # Accelerate's way to clip imports torch's sharding
        parameters = list_parameters(self._model)
        if max_norm is not None:
            return float(torch.nn.utils.clip_grad_norm_(parameters, max_norm))
        return gradient_norm([each.grad for each in parameters if each.grad is not None])

    def update(self) -> None:
        """Make one step of each optimizer and clear the gradients."""
        for optimizer in self._optimizers:
            optimizer.step()
            optimizer.zero_grad()

    def discard(self) -> None:
        """Clear the gradients without an optimizer step."""
        for optimizer in self._optimizers:
            optimizer.zero_grad()

    def autocast(self) -> AbstractContextManager[None]:
        """Return a context in which forward passes run in the configured precision.

        Returns:
            A context manager.
        """
        return self._accelerator.autocast()

    def mean(self, values: Float[Tensor, " n"]) -> Float[Tensor, " n"]:
        """Average numbers over all processes.

        Args:
            values: Numbers, equally many in each process.

        Returns:
            The same means in every process.
        """
        if self.world_size == 1:
            return values
        return self._accelerator.reduce(values, "mean")  # pyright: ignore[reportReturnType]

    def any(self, value: bool) -> bool:
        """Check whether a condition holds in any process.

        Args:
            value: Whether it holds in this process.

        Returns:
            The same in every process.
        """
        if self.world_size == 1:
            return value
        count = torch.tensor([float(value)], device=self.device)
        return bool(self.mean(count).item())

    def gather_rows(self, values: Float[Tensor, "n *shape"]) -> Float[Tensor, "m *shape"]:
        """Join the rows of a tensor of all processes.

        Args:
            values: Tensor of the same shape in each process, on the device.

        Returns:
            All rows in order of rank, in every process.
        """
        return self._accelerator.gather(values)  # pyright: ignore[reportReturnType]

    def wait(self) -> None:
        """Wait for all processes."""
        self._accelerator.wait_for_everyone()

    def gather(self, value: T) -> list[T]:
        """Collect one object from each process.

        Args:
            value: This process's object; it is pickled.

        Returns:
            All objects in order of rank, in every process.
        """
        return gather_object([value])

    def on_main(self, action: Callable[[], T]) -> T:
        """Call a function in the main process; all processes get its result or its error.

        Args:
            action: The function; the other processes wait for it.

        Returns:
            Its result.

        Raises:
            GaussrepError: The function raised it.
        """
        outcome: list[Any] = [None, None]
        if self.is_main:
            try:
                outcome[0] = action()
            except GaussrepError as error:
                outcome[1] = error
        broadcast_object_list(outcome)
        if outcome[1] is not None:
            raise outcome[1]
        return outcome[0]

    def state_dict(self) -> dict[str, Any]:
        """Collect the optimizers' states and, with fp16, the loss scale; in all processes."""
        scaler = self._accelerator.scaler
        return {
            "optimizers": sharding.gathered([each.state_dict() for each in self._optimizers]),
            "scaler": None if scaler is None else scaler.state_dict(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what `state_dict` returned, in a run of the same precision."""
        states = state["optimizers"] if "optimizers" in state else [state["optimizer"]]  # older
        for optimizer, saved in zip(self._optimizers, states, strict=True):
            own = sharding.divided_state(saved, optimizer) if self._shards else saved
            optimizer.load_state_dict(own)
        if self._accelerator.scaler is not None:
            self._accelerator.scaler.load_state_dict(state["scaler"])

    def start_trackers(
        self, trackers: Mapping[str, Mapping[str, Any]], run: Path, settings: Mapping[str, Any]
    ) -> list[GeneralTracker]:
        """Start experiment trackers; they end with the engine.

        Args:
            trackers: Arguments of each, by the names that Accelerate gives them.
            run: The run's folder; trackers that write files get one in it.
            settings: Settings of the run by dotted key.

        Returns:
            The trackers.

        Raises:
            ConfigError: The installed Accelerate does not know one.
        """
        accelerator, folder = self._accelerator, str(run / "trackers")
        accelerator.project_configuration.logging_dir = folder
        try:
            accelerator.log_with = filter_trackers(list(trackers), folder)
        except ValueError as error:
            raise ConfigError(f"trainer.trackers cannot be used: {error}") from error
        arguments = {name: dict(trackers[name]) for name in trackers}
        accelerator.init_trackers("gaussrep", dict(settings), arguments)
        return accelerator.trackers

    def close(self) -> None:
        """End the process group and its threads, so that the next run may use other devices."""
        self._model = None
        self._optimizers = ()
        close_accelerator(self._accelerator)

    def _average_gradients(self) -> None:
        for parameter in self._model.parameters():
            if parameter.grad is not None:
                averaged = self._accelerator.reduce(parameter.grad, "mean")
                parameter.grad = averaged  # pyright: ignore[reportAttributeAccessIssue]


@contextmanager
def running_engine(config: TrainerConfig) -> Iterator[Engine]:
    """Open an engine and close it after the block.

    Args:
        config: Settings of the trainer.

    Yields:
        The engine.

    Raises:
        ConfigError: The device, the precision or a compiler is not available here.
        RunError: The program was launched with sharded weights.
    """
    with closing(Engine(config)) as engine:
        if config.compile:
            _require_compiler(engine.device)
        yield engine


def _compile_parts(method: nn.Module) -> None:
    """Compile the modules of a method in place, which keeps the names of the weights.

    Its direct children are compiled; random numbers are those without compilation.
    """
    for part in method.children():
        part.compile(options={"fallback_random": True})


def _require_compiler(device: torch.device) -> None:
    """Compile one operation, so that a missing compiler is reported before the first step."""
    try:
        torch.compile(torch.negative)(torch.ones(2, device=device))
    except Exception as error:  # whatever the compiler's toolchain raises
        reason = " ".join(str(error).split())
        raise ConfigError(
            "trainer.compile=true, but torch cannot compile here; install a C++ compiler (g++) "
            f"or leave it false ({type(error).__name__}: {reason[:200]})"
        ) from error
