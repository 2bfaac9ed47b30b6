"""Construction of Accelerate's `Accelerator`: devices, precision, process group, sharding."""

import os
from datetime import timedelta

import torch
import torch.distributed.nn.functional  # later, its defaults would keep the process group alive
from accelerate import Accelerator  # noqa: TID253 - this file and the engine are the adapter
from accelerate.state import AcceleratorState, GradientState  # noqa: TID253
from accelerate.utils import (  # noqa: TID253
    DistributedType,
    FullyShardedDataParallelPlugin,
    GradientAccumulationPlugin,
    InitProcessGroupKwargs,
)

from gaussrep.errors import ConfigError, RunError
from gaussrep.runtime import collector
from gaussrep.training import sharding
from gaussrep.training.config import TrainerConfig

PATIENCE = timedelta(hours=4)
"""How long processes wait for the first one, which may evaluate; by default 10 minutes on GPUs."""

_PRECISION = {"fp32": "no", "bf16": "bf16", "fp16": "fp16"}
_SHARDED = (DistributedType.FSDP, DistributedType.DEEPSPEED, DistributedType.MEGATRON_LM)


def make_accelerator(config: TrainerConfig) -> Accelerator:
    """Build the accelerator of this process, which joins the others of its launch.

    Args:
        config: Device, precision, gradient accumulation and sharding.

    Returns:
        The accelerator.

    Raises:
        ConfigError: The device or the precision is not available here.
        RunError: The program was launched with sharded weights by Accelerate's own settings.
    """
    _require_device(config.device)
    plugin = FullyShardedDataParallelPlugin(**sharding.SETTINGS) if config.shard_weights else None
    accelerator = _build(config, plugin)
    if config.shard_weights and accelerator.num_processes > 1:
        state = accelerator.state  # on CPUs, Accelerate ignores its plugin
        if state.distributed_type != DistributedType.FSDP:
            state.distributed_type, state.fsdp_plugin = DistributedType.FSDP, plugin
    elif accelerator.distributed_type in _SHARDED:
        close_accelerator(accelerator)
        raise RunError(
            "Accelerate was launched with sharded weights (FSDP, DeepSpeed); launch plain "
            "processes, and give trainer.shard_weights=true"
        )
    return accelerator


def close_accelerator(accelerator: Accelerator) -> None:
    """End the process group and its threads, so that the next run may use other devices.

    A thread of the group that still runs when Python ends can abort the process.

    Args:
        accelerator: Not used afterwards.
    """
    if accelerator.num_processes > 1:
        accelerator.free_memory()
        collector.collect()  # a cycle of the wrapped model holds the group
    accelerator.end_training()
    os.environ.pop("ACCELERATE_USE_FSDP", None)
    _forget_state()


def _require_device(device: str) -> None:
    if device == "cuda" and not torch.cuda.is_available():
        raise ConfigError("trainer.device=cuda, but torch sees no CUDA device; use auto or cpu")
    if device == "mps" and not torch.backends.mps.is_available():
        raise ConfigError("trainer.device=mps, but torch sees no such device; use auto or cpu")


def _build(config: TrainerConfig, plugin: FullyShardedDataParallelPlugin | None) -> Accelerator:
    try:
        return Accelerator(
            cpu=config.device == "cpu",
            mixed_precision=_PRECISION[config.precision],
            gradient_accumulation_plugin=GradientAccumulationPlugin(
                num_steps=config.gradient_accumulation_steps, sync_with_dataloader=False
            ),
            fsdp_plugin=plugin,
            kwargs_handlers=[InitProcessGroupKwargs(timeout=PATIENCE)],
        )
    except ValueError as error:
        _forget_state()
        raise ConfigError(
            f"cannot train with trainer.precision={config.precision} and "
            f"trainer.device={config.device} here: {error}"
        ) from error


def _forget_state() -> None:
    # Accelerate keeps device and precision of the first Accelerator for the whole process.
    AcceleratorState._reset_state(reset_partial_state=True)
    GradientState._reset_state()
