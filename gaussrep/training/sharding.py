"""Weights, gradients and optimizer states sharded among the processes (FSDP2)."""

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, TypeGuard

import torch
from torch import Tensor, nn

from gaussrep.errors import ConfigError
from gaussrep.methods.method import StepOutput
from gaussrep.training.config import TrainConfig

if TYPE_CHECKING:
    from torch.distributed.tensor import DTensor

MIN_PARAMETERS = 1_000_000
"""Parameters of a module from which on it is gathered alone; a design choice."""

SETTINGS: Mapping[str, Any] = {
    "fsdp_version": 2,
    "auto_wrap_policy": "size_based_wrap",
    "min_num_params": MIN_PARAMETERS,
    "cpu_ram_efficient_loading": False,  # each process starts with the same weights
}
"""Arguments of Accelerate's plugin."""


def require_shardable(config: TrainConfig, *, replaces_parameters: bool) -> None:
    """Check that nothing in a run needs the full weights in one process.

    Args:
        config: A run with `trainer.shard_weights`.
        replaces_parameters: Whether its method does, as a fit.

    Raises:
        ConfigError: Something does, with what to switch off.
    """
    needs = None
    if replaces_parameters:
        needs = f"the method {config.method.type} replaces its parameters"
    elif config.evaluations and config.trainer.evaluations_every:
        needs = "evaluations run in one process; set trainer.evaluations_every=0"
    elif config.callbacks:
        needs = f"the callback {next(iter(config.callbacks))} may need them; leave callbacks out"
    if needs:
        raise ConfigError(f"trainer.shard_weights=true keeps no whole weights, but {needs}")


@cache
def reveal_losses() -> None:
    """Let FSDP2 find the losses in a `StepOutput`, whose gradients gather the weights.

    torch < 2.12 looks for them in registered containers only, and otherwise computes gradients with
    weights that it has freed.
    """
    torch.export.register_dataclass(StepOutput)


def is_share(tensor: object) -> "TypeGuard[DTensor]":
    """Whether a tensor is this process's shard of a larger one.

    Args:
        tensor: Anything.

    Returns:
        True for torch's DTensor.
    """
    return hasattr(tensor, "full_tensor")


def local_part(tensor: Tensor) -> Tensor:
    """Return this process's part of a tensor.

    Args:
        tensor: Whole, or a share.

    Returns:
        A plain tensor.
    """
    return tensor.to_local() if is_share(tensor) else tensor


def gathered(value: Any) -> Any:
    """Gather the shards in nested containers; called in all processes.

    Args:
        value: Tensors, numbers and containers of them.

    Returns:
        The same with whole tensors, on the CPU, in the place of shares.
    """
    if is_share(value):
        return value.full_tensor().detach().cpu()
    if isinstance(value, Mapping):
        return {key: gathered(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(gathered(item) for item in value)
    return value


def holds_shares(model: nn.Module) -> bool:
    """Whether the weights of a model are sharded among the processes.

    Args:
        model: Any model.

    Returns:
        True if a parameter is a share.
    """
    return any(map(is_share, model.parameters()))


def load_shares(model: nn.Module, weights: dict[str, Any]) -> None:
    """Copy this process's shards of full weights into a model; called in all processes.

    Args:
        model: Holds shares.
        weights: Whole tensors, by name.

    Raises:
        RuntimeError: They do not fit.
    """
    from torch.distributed.checkpoint.state_dict import StateDictOptions, set_model_state_dict

    set_model_state_dict(model, weights, options=StateDictOptions(full_state_dict=True))


def divided_state(saved: dict[str, Any], optimizer: torch.optim.Optimizer) -> dict[str, Any]:
    """Shard the full state of an optimizer like its parameters; called in all processes.

    Args:
        saved: Its `state_dict`, with whole tensors.
        optimizer: Optimizer of the same parameters, which may be shares.

    Returns:
        A state to load.
    """
    from torch.distributed.tensor import distribute_tensor

    parameters = [each for group in optimizer.param_groups for each in group["params"]]

    def divide(value: Any, parameter: Tensor) -> Any:
        if not is_share(parameter) or not torch.is_tensor(value) or value.shape != parameter.shape:
            return value
        on_device = value.to(parameter.to_local().device)
        return distribute_tensor(on_device, parameter.device_mesh, parameter.placements)

    state = {
        index: {name: divide(value, parameters[index]) for name, value in entry.items()}
        for index, entry in saved["state"].items()
    }
    return {**saved, "state": state}
