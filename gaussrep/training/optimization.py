"""Optimizers and learning-rate schedules."""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from inspect import unwrap
from typing import Any, ParamSpec, TypeVar

import torch
from torch.optim import Optimizer
from torch.optim.optimizer import _global_optimizer_post_hooks, _global_optimizer_pre_hooks

from gaussrep.building import build
from gaussrep.errors import ConfigError, PluginError
from gaussrep.methods.method import Method, ScheduledOptimizer
from gaussrep.training.config import (
    AdamWConfig,
    ConstantConfig,
    SGDConfig,
    TrainerConfig,
    WarmupCosineConfig,
)

ParameterGroups = list[dict[str, Any]]
Arguments = ParamSpec("Arguments")
Kind = TypeVar("Kind", bound=Optimizer)

HOOKED = ("add_param_group", "load_state_dict", "state_dict", "zero_grad")
"""Methods that torch wraps to be left out of compiled graphs."""


class Schedule(ABC):
    """A learning-rate schedule: a pure function of the step.

    A registered schedule is called with its settings and `lr`, the learning rate that the factor
    multiplies.
    """

    @abstractmethod
    def factor(self, step: int, steps: int) -> float:
        """Compute the factor on the learning rate.

        Args:
            step: The step about to be made, from 0 to `steps - 1`.
            steps: Total number of steps.

        Returns:
            A factor, usually in [0, 1].
        """


class WarmupCosine(Schedule):
    """Linear warm-up, then half a cosine down to `min_lr`.

    Args:
        config: Warm-up fraction and final learning rate.
        lr: Learning rate at the top.

    Raises:
        ConfigError: The final learning rate is above the peak.
    """

    def __init__(self, config: WarmupCosineConfig, *, lr: float) -> None:
        if config.min_lr > lr:
            raise ConfigError(f"the schedule ends at min_lr={config.min_lr:g}, above lr={lr:g}")
        self._fraction, self._floor = config.warmup_fraction, config.min_lr / lr

    def factor(self, step: int, steps: int) -> float:
        """Compute the factor on the learning rate; see the base class."""
        warmup = int(self._fraction * steps)
        return warmup_cosine(step, steps=steps, warmup=warmup, floor=self._floor)


class Constant(Schedule):
    """A constant learning rate, after an optional linear warm-up.

    Args:
        config: Warm-up fraction.
        lr: Learning rate after the warm-up.
    """

    def __init__(self, config: ConstantConfig, *, lr: float) -> None:
        self._fraction = config.warmup_fraction

    def factor(self, step: int, steps: int) -> float:
        """Compute the factor on the learning rate; see the base class."""
        return min(1.0, (step + 1) / max(1, int(self._fraction * steps)))


def warmup_cosine(step: int, *, steps: int, warmup: int, floor: float) -> float:
    """Compute a factor that rises linearly to one, then falls as half a cosine towards `floor`.

    Args:
        step: The step about to be made, from 0 to `steps - 1`.
        steps: Total number of steps.
        warmup: Number of steps that rise, fewer than `steps`; the last of them has factor 1.
        floor: Factor that the cosine ends at, where a step after the last would be; in [0, 1].

    Returns:
        A factor in (0, 1].

    Examples:
        >>> [round(warmup_cosine(step, steps=6, warmup=2, floor=0.0), 3) for step in range(6)]
        [0.5, 1.0, 1.0, 0.854, 0.5, 0.146]
    """
    if step < warmup:
        return (step + 1) / warmup
    fallen = (step - warmup) / (steps - warmup)
    return floor + (1 - floor) * 0.5 * (1 + math.cos(math.pi * fallen))


def uncompiled(optimizer: Callable[Arguments, Kind]) -> Callable[Arguments, Kind]:
    """Derive an optimizer whose methods do not import `torch._dynamo`.

    torch imports its compiler, some 900 modules, when the first optimizer is made, only to leave
    the optimizer's methods out of compiled graphs. gaussrep compiles models, never an optimizer.

    Args:
        optimizer: A class of `torch.optim`, whose steps are made without `differentiable`.

    Returns:
        A subclass of the same name, with the same numbers and states.
    """
    assert isinstance(optimizer, type)
    step = unwrap(optimizer.step)

    @torch.no_grad()
    def plain_step(self: Optimizer, closure: Callable[[], float] | None = None) -> Any:
        return step(self, closure)

    return _derive(optimizer, step=plain_step)


def _derive(optimizer: type[Kind], **methods: Callable[..., Any]) -> type[Kind]:
    plain = {name: unwrap(getattr(optimizer, name)) for name in HOOKED}
    return type(optimizer.__name__, (optimizer,), plain | methods)  # pyright: ignore[reportReturnType]


@cache
def fused_adam() -> type[torch.optim.Adam]:
    """Derive an Adam whose steps call torch's fused kernel with little overhead.

    A scene has an Adam per tensor. If it is small, torch's preparations of a step take longer
    than the kernel.

    Returns:
        A subclass of torch's Adam of the same name, with the same numbers and states, to be called
        with one group of parameters, `fused=True` and a learning rate that is a number.
    """
    torch_step = torch.optim.Optimizer.profile_hook_step(
        torch.no_grad()(unwrap(torch.optim.Adam.step))
    )

    @torch.no_grad()
    def step(self: torch.optim.Adam, closure: Callable[[], float] | None = None) -> Any:
        (group,) = self.param_groups
        moved = [each for each in group["params"] if each.grad is not None]
        states = [self.state[each] for each in moved]
        if closure is not None or _has_hooks(self) or not all(states):
            return torch_step(self, closure)
        if moved:
            _adam_step(group, moved, states)
        return None

    step.hooked = True  # pyright: ignore[reportFunctionMemberAccess] - torch would wrap it
    return _derive(torch.optim.Adam, step=step, zero_grad=_clear_gradients)


def _has_hooks(optimizer: Optimizer) -> bool:
    return bool(
        optimizer._optimizer_step_pre_hooks
        or optimizer._optimizer_step_post_hooks
        or _global_optimizer_pre_hooks
        or _global_optimizer_post_hooks
    )


def _adam_step(
    group: Mapping[str, Any], parameters: list[torch.Tensor], states: list[Mapping[str, Any]]
) -> None:
    steps = [state["step"] for state in states]
    torch._foreach_add_(steps, 1)  # pyright: ignore[reportPrivateImportUsage]
    beta1, beta2 = group["betas"]
    torch._fused_adam_(  # pyright: ignore[reportPrivateImportUsage, reportCallIssue]
        parameters,
        [each.grad for each in parameters],  # pyright: ignore[reportArgumentType]
        [state["exp_avg"] for state in states],
        [state["exp_avg_sq"] for state in states],
        [],
        steps,
        lr=group["lr"],
        beta1=beta1,
        beta2=beta2,
        weight_decay=group["weight_decay"],
        eps=group["eps"],
        amsgrad=group["amsgrad"],
        maximize=group["maximize"],
    )


def _clear_gradients(self: Optimizer, set_to_none: bool = True) -> None:
    for group in self.param_groups:
        for parameter in group["params"]:
            if set_to_none:
                parameter.grad = None
            elif parameter.grad is not None:
                parameter.grad.zero_()


def adamw(config: AdamWConfig, *, parameters: ParameterGroups, lr: float) -> torch.optim.AdamW:
    """Build AdamW.

    Args:
        config: Its settings.
        parameters: Groups with `params` and `weight_decay`.
        lr: Learning rate at the top of the schedule.

    Returns:
        The optimizer.
    """
    return uncompiled(torch.optim.AdamW)(parameters, lr=lr, betas=config.betas, eps=config.eps)


def sgd(config: SGDConfig, *, parameters: ParameterGroups, lr: float) -> torch.optim.SGD:
    """Build stochastic gradient descent with momentum.

    Args:
        config: Its settings.
        parameters: Groups with `params` and `weight_decay`.
        lr: Learning rate at the top of the schedule.

    Returns:
        The optimizer.
    """
    return uncompiled(torch.optim.SGD)(
        parameters, lr=lr, momentum=config.momentum, nesterov=config.nesterov
    )


def parameter_groups(method: Method, weight_decay: float) -> ParameterGroups:
    """Split the trainable parameters by decay and by learning rate.

    Args:
        method: Its parameters of one dimension or none (biases, norms, scales) and those of
            `no_weight_decay` do not decay; its `lr_scales` are factors on the learning rate.
        weight_decay: Weight decay of all others.

    Returns:
        Parameter groups for a torch optimizer, each with its `lr_scale`, without empty ones.

    Raises:
        PluginError: `no_weight_decay` or `lr_scales` names a parameter that the method does not
            have.
    """
    named = dict(method.named_parameters())
    exempt, scales = method.no_weight_decay(), method.lr_scales()
    _check_names(method, "no_weight_decay", exempt)
    _check_names(method, "lr_scales", scales)
    groups: dict[tuple[float, float], list[torch.nn.Parameter]] = {}
    for name, parameter in named.items():
        if parameter.requires_grad:
            decays = parameter.ndim > 1 and name not in exempt
            key = weight_decay if decays else 0.0, scales.get(name, 1.0)
            groups.setdefault(key, []).append(parameter)
    return [
        {"params": groups[key], "weight_decay": key[0], "lr_scale": key[1]}
        for key in sorted(groups, reverse=True)  # checkpoints rely on this order
    ]


def make_optimizers(method: Method, config: TrainerConfig) -> Mapping[str, ScheduledOptimizer]:
    """Build the optimizers of a run: the method's own, or one from the configuration.

    Args:
        method: The method that is trained.
        config: Optimizer, schedule, learning rate and weight decay.

    Returns:
        Optimizers by name, at least one.

    Raises:
        PluginError: The method has nothing to train, or a component is of a wrong type.
        ConfigError: The learning rates contradict each other.
    """
    own = method.configure_optimizers()
    if own is None:
        schedule = build("schedules", config.schedule, lr=config.lr)
        _check_type("schedule", config.schedule.type, schedule, Schedule)
        optimizer = make_optimizer(method, config)
        return {"trainer": ScheduledOptimizer(optimizer, config.lr, schedule.factor)}
    if not own:
        raise PluginError(f"{type(method).__name__}.configure_optimizers() returns no optimizer")
    return own


def make_optimizer(method: Method, config: TrainerConfig) -> torch.optim.Optimizer:
    """Build the configured optimizer over a method's parameter groups.

    Args:
        method: The method that is trained.
        config: Optimizer, learning rate and weight decay.

    Returns:
        The optimizer.

    Raises:
        PluginError: The method has nothing to train, or the component is not an optimizer.
    """
    groups = parameter_groups(method, config.weight_decay)
    if not groups:
        raise PluginError(f"{type(method).__name__} has no parameter to train")
    optimizer = build("optimizers", config.optimizer, parameters=groups, lr=config.lr)
    _check_type("optimizer", config.optimizer.type, optimizer, torch.optim.Optimizer)
    return optimizer


def _check_type(noun: str, name: str, found: object, wanted: type) -> None:
    if not isinstance(found, wanted):
        raise PluginError(
            f"the {noun} {name!r} is a {type(found).__name__}, "
            f"not a {wanted.__module__}.{wanted.__name__}"
        )


def _check_names(method: Method, source: str, names: Iterable[str]) -> None:
    if unknown := sorted(set(names) - {name for name, _ in method.named_parameters()}):
        raise PluginError(
            f"{type(method).__name__}.{source}() names {unknown[0]!r}, "
            "which is none of its parameters"
        )
