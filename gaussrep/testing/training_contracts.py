"""The contracts of callbacks, optimizers and schedules."""

import io
from pathlib import Path
from typing import Any, ClassVar

import pytest
import torch
from torch import Tensor, nn

from gaussrep.config import ComponentConfig
from gaussrep.methods.method import Batch, Method, ScheduledOptimizer, StepOutput
from gaussrep.testing.component_contract import ComponentContract
from gaussrep.training.callback import Callback
from gaussrep.training.config import TrainerConfig
from gaussrep.training.engine import running_engine
from gaussrep.training.loading import ShuffledOrder, make_loader
from gaussrep.training.loop import run_steps
from gaussrep.training.optimization import Schedule
from gaussrep.training.run_folder import RunFolder
from gaussrep.training.train_state import TrainState

SAMPLES, STEPS = 8, 4


class _Line(Method):
    """A line through points, learned with the mean squared error."""

    def __init__(self) -> None:
        super().__init__(ComponentConfig(type="line"))
        torch.manual_seed(0)
        self.layer = nn.Linear(2, 1)

    def training_loss(self, batch: Batch) -> StepOutput:
        """Compute the mean squared error."""
        return StepOutput((self.layer(batch["x"]) - batch["y"]).square().mean())


class _Points:
    """Samples of a line."""

    def __len__(self) -> int:
        return SAMPLES

    def __getitem__(self, key: Any) -> dict[str, Tensor]:
        x = torch.tensor([key.index / SAMPLES, 1.0])
        return {"x": x, "y": x.sum()[None]}


class CallbackContract(ComponentContract):
    """Subclass this in a plugin's tests and set `name`.

    The callback runs in a training of four steps. One that needs another method, data set or
    further arguments overrides `make`.

    Examples:
        >>> class TestMine(CallbackContract):
        ...     name = "mine"
    """

    kind = "callbacks"

    steps: ClassVar[int] = STEPS
    """Optimizer steps of the training."""

    def make(self) -> Callback:
        """Construct the callback.

        Returns:
            A new one.
        """
        return self.build()

    def train(
        self, folder: Path, callback: Callback, steps: int, start: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """Train with the callback, and write the files of a checkpoint.

        Args:
            folder: The run folder.
            callback: The callback.
            steps: Total number of optimizer steps.
            start: Result of an earlier training to continue from.

        Returns:
            State of method, optimizer and callback after the last step.
        """
        settings = {"steps": steps, "batch_size": 2, "device": "cpu", "tensorboard": False}
        config = TrainerConfig.model_validate(settings)
        folder.mkdir(parents=True, exist_ok=True)
        with running_engine(config) as engine:
            method = _Line()
            optimizer = ScheduledOptimizer(torch.optim.Adam(method.parameters(), lr=0.1), 0.1)
            engine.prepare(method, [optimizer.optimizer])
            order = ShuffledOrder(size=SAMPLES, seed=0, batch_size=2)
            state = TrainState(
                config,
                engine=engine,
                method=method,
                optimizers={"trainer": optimizer},
                order=order,
                run=RunFolder(folder),
            )
            if start is not None:
                method.load_state_dict(start["method"])
                optimizer.optimizer.load_state_dict(start["optimizer"])
                callback.load_state_dict(start["callback"])
                state.step, state.position = start["step"], start["position"]
            batches = order.batches(0, state.position)
            loader = make_loader(_Points(), batches, num_workers=0, device=engine.device)
            run_steps(state, loader, [callback])
            callback.on_checkpoint(state, folder)
            return {
                "method": method.state_dict(),
                "optimizer": optimizer.optimizer.state_dict(),
                "callback": callback.state_dict(),
                "step": state.step,
                "position": state.position,
            }

    def test_it_is_a_callback(self) -> None:
        assert isinstance(self.make(), Callback)

    def test_it_writes_only_the_files_of_its_record(self, tmp_path: Path) -> None:
        self.train(tmp_path, self.make(), self.steps)
        assert {path.name for path in tmp_path.iterdir()} <= set(self.record.run_files)

    def test_a_resumed_run_ends_in_the_same_state(self, tmp_path: Path) -> None:
        whole = self.train(tmp_path / "whole", self.make(), self.steps)
        half = self.train(tmp_path / "parts", self.make(), self.steps // 2)
        half["callback"] = _saved_and_loaded(half["callback"])
        parts = self.train(tmp_path / "parts", self.make(), self.steps, half)
        for key in ("method", "callback"):
            assert_equal_states(parts[key], whole[key])


class OptimizerContract(ComponentContract):
    """Subclass this in a plugin's tests and set `name`.

    Examples:
        >>> class TestMine(OptimizerContract):
        ...     name = "mine"
    """

    kind = "optimizers"

    lr: ClassVar[float] = 0.05
    """Learning rate at which the loss of a small problem must fall."""

    steps: ClassVar[int] = 40
    """Optimizer steps after which it must have."""

    def make(self, *parameters: nn.Parameter, weight_decay: float = 0.0) -> torch.optim.Optimizer:
        """Construct the optimizer.

        Args:
            *parameters: One group each.
            weight_decay: Weight decay of all groups.

        Returns:
            A new one.
        """
        groups = [{"params": [each], "weight_decay": weight_decay} for each in parameters]
        return self.build(parameters=groups, lr=self.lr)

    def test_it_keeps_groups_and_learning_rate(self) -> None:
        one, two = (nn.Parameter(torch.ones(2, 2)) for _ in range(2))
        optimizer = self.make(one, two, weight_decay=0.1)
        assert isinstance(optimizer, torch.optim.Optimizer)
        assert [group["params"] for group in optimizer.param_groups] == [[one], [two]]
        assert all(group["lr"] == self.lr for group in optimizer.param_groups)
        assert all(group["weight_decay"] == 0.1 for group in optimizer.param_groups)

    def test_it_minimizes(self) -> None:
        weight, losses = nn.Parameter(torch.tensor([[1.0, -2.0], [0.5, 1.5]])), []
        optimizer = self.make(weight)
        for _ in range(self.steps):
            losses.append(_quadratic_step(optimizer, weight))
        assert losses[-1] < 0.5 * losses[0]

    def test_a_learning_rate_of_0_changes_nothing(self) -> None:
        weight = nn.Parameter(torch.ones(2, 2))
        optimizer = self.make(weight, weight_decay=0.1)
        optimizer.param_groups[0]["lr"] = 0.0
        _quadratic_step(optimizer, weight)
        assert weight.eq(1).all()

    def test_a_restored_state_continues_the_same(self) -> None:
        one = nn.Parameter(torch.tensor([[1.0, -2.0]]))
        first = self.make(one)
        for _ in range(3):
            _quadratic_step(first, one)
        two = nn.Parameter(one.detach().clone())
        second = self.make(two)
        second.load_state_dict(_saved_and_loaded(first.state_dict()))
        _quadratic_step(first, one)
        _quadratic_step(second, two)
        assert torch.equal(one, two)


class ScheduleContract(ComponentContract):
    """Subclass this in a plugin's tests and set `name`.

    Examples:
        >>> class TestMine(ScheduleContract):
        ...     name = "mine"
    """

    kind = "schedules"

    @pytest.fixture
    def schedule(self) -> Schedule:
        """The schedule under test, for a learning rate of 0.1."""
        return self.build(lr=0.1)

    def test_it_is_a_schedule(self, schedule: Schedule) -> None:
        assert isinstance(schedule, Schedule)

    @pytest.mark.parametrize("steps", [1, 7, 100])
    def test_factors_are_in_0_to_1_and_not_all_0(self, schedule: Schedule, steps: int) -> None:
        factors = [schedule.factor(step, steps) for step in range(steps)]
        assert all(0 <= factor <= 1 for factor in factors)
        assert any(factors)

    def test_a_factor_depends_on_the_step_alone(self, schedule: Schedule) -> None:
        forward = [schedule.factor(step, 20) for step in range(20)]
        backward = [schedule.factor(step, 20) for step in reversed(range(20))]
        assert forward == backward[::-1]


def assert_equal_states(one: Any, other: Any) -> None:
    """Assert that two states have equal tensors and values.

    Args:
        one: Tensors, numbers, strings and containers of them.
        other: The same.
    """
    if isinstance(one, Tensor):
        assert torch.equal(one, other)
    elif isinstance(one, dict):
        assert one.keys() == other.keys()
        for key in one:
            assert_equal_states(one[key], other[key])
    elif isinstance(one, list | tuple):
        assert len(one) == len(other)
        for part, counterpart in zip(one, other, strict=True):
            assert_equal_states(part, counterpart)
    else:
        assert one == other


def _saved_and_loaded(state: Any) -> Any:
    """Write a state as a checkpoint does, and read it without unpickling objects."""
    file = io.BytesIO()
    torch.save(state, file)
    file.seek(0)
    return torch.load(file, weights_only=True)


def _quadratic_step(optimizer: torch.optim.Optimizer, weight: nn.Parameter) -> float:
    optimizer.zero_grad()
    loss = weight.square().sum()
    loss.backward()
    optimizer.step()
    return loss.item()
