"""AdamW with weight decay where it belongs."""

from typing import Any

import torch

from gaussrep.errors import PluginError
from gaussrep.methods.method import Method
from gaussrep.training.config import TrainerConfig


def parameter_groups(method: Method, weight_decay: float) -> list[dict[str, Any]]:
    """Split the trainable parameters into those that decay and those that do not.

    Args:
        method: Its parameters of one dimension or none (biases, norms, scales) and those that its
            `no_weight_decay` names do not decay.
        weight_decay: For all others.

    Returns:
        AdamW's parameter groups, without empty ones.

    Raises:
        PluginError: `no_weight_decay` names a parameter that the method does not have.
    """
    named = dict(method.named_parameters())
    exempt = method.no_weight_decay()
    if unknown := sorted(exempt - named.keys()):
        raise PluginError(
            f"{type(method).__name__}.no_weight_decay() names {unknown[0]!r}, "
            "which is none of its parameters"
        )
    groups: dict[float, list[torch.nn.Parameter]] = {weight_decay: [], 0.0: []}
    for name, parameter in named.items():
        if parameter.requires_grad:
            decays = parameter.ndim > 1 and name not in exempt
            groups[weight_decay if decays else 0.0].append(parameter)
    return [{"params": group, "weight_decay": decay} for decay, group in groups.items() if group]


def make_optimizer(method: Method, config: TrainerConfig) -> torch.optim.AdamW:
    """Build the optimiser of a run.

    Args:
        method: What is trained.
        config: Gives learning rate, betas and weight decay.

    Returns:
        AdamW over `parameter_groups`.

    Raises:
        PluginError: The method has nothing to train.
    """
    groups = parameter_groups(method, config.weight_decay)
    if not groups:
        raise PluginError(f"{type(method).__name__} has no parameter to train")
    return torch.optim.AdamW(groups, lr=config.lr, betas=config.betas)
