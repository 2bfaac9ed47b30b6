"""AdamW with weight decay where it belongs, and a rate for each part."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch

from gaussrep.errors import PluginError
from gaussrep.methods.method import Method, ScheduledOptimizer
from gaussrep.training.config import TrainerConfig
from gaussrep.training.schedule import warmup_cosine


def parameter_groups(method: Method, weight_decay: float) -> list[dict[str, Any]]:
    """Split the trainable parameters by decay and by learning rate.

    Args:
        method: Its parameters of one dimension or none (biases, norms, scales) and those that its
            `no_weight_decay` names do not decay; its `lr_scales` say which learn at another rate.
        weight_decay: For all others.

    Returns:
        AdamW's parameter groups, each with its `lr_scale`, without empty ones.

    Raises:
        PluginError: `no_weight_decay` or `lr_scales` names a parameter that the method does not
            have.
    """
    named = dict(method.named_parameters())
    exempt, scales = method.no_weight_decay(), method.lr_scales()
    _require_known(method, "no_weight_decay", exempt)
    _require_known(method, "lr_scales", scales)
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
        method: What is trained.
        config: Optimizer, schedule, learning rate and weight decay.

    Returns:
        Optimizers by name, at least one.

    Raises:
        PluginError: The method has nothing to train.
    """
    own = method.configure_optimizers()
    if own is None:
        optimizer = make_optimizer(method, config)
        return {"trainer": ScheduledOptimizer(optimizer, config.lr, _schedule(config))}
    if not own:
        raise PluginError(f"{type(method).__name__}.configure_optimizers() returns no optimizer")
    return own


def make_optimizer(method: Method, config: TrainerConfig) -> torch.optim.AdamW:
    """Build AdamW for a method that has no optimizers of its own.

    Args:
        method: What is trained.
        config: Learning rate, betas and weight decay.

    Returns:
        AdamW over `parameter_groups`.

    Raises:
        PluginError: The method has nothing to train.
    """
    groups = parameter_groups(method, config.weight_decay)
    if not groups:
        raise PluginError(f"{type(method).__name__} has no parameter to train")
    return torch.optim.AdamW(groups, lr=config.lr, betas=config.betas)


def _schedule(config: TrainerConfig) -> Callable[[int, int], float]:
    floor = config.min_lr / config.lr

    def factor(step: int, steps: int) -> float:
        return warmup_cosine(step, steps=steps, warmup=int(config.warmup * steps), floor=floor)

    return factor


def _require_known(method: Method, source: str, names: Iterable[str]) -> None:
    if unknown := sorted(set(names) - {name for name, _ in method.named_parameters()}):
        raise PluginError(
            f"{type(method).__name__}.{source}() names {unknown[0]!r}, "
            "which is none of its parameters"
        )
