"""Checkpoints and weights: complete or absent, read without unpickling code."""

import json
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from typing import Annotated, Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, load_model, save_file, save_model
from torch import Tensor, nn

from gaussrep import plugins
from gaussrep.building import build
from gaussrep.config import ComponentConfig, Config, component, load_config
from gaussrep.config.yaml_text import read_yaml
from gaussrep.errors import ConfigError, GaussrepError, PluginError, RunError
from gaussrep.methods.method import Method
from gaussrep.runtime.atomic_files import atomic_folder, atomic_write
from gaussrep.runtime.plain_files import read_json, require_plain
from gaussrep.training.migrate import explained_errors, refuse_older_fit
from gaussrep.training.run_folder import RunFolder
from gaussrep.training.sharding import holds_shares, load_shares, local_part
from gaussrep.trust import confined, trusting

_WEIGHTS, _STATE, _TENSORS = "model.safetensors", "state.json", "training.pt"


class DamagedCheckpointError(RunError):
    """A file of a checkpoint is missing or damaged.

    Args:
        folder: The checkpoint's folder.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(f"the checkpoint {folder} is damaged")


def write_checkpoint(
    folder: Path,
    model: nn.Module | dict[str, Tensor],
    tensors: dict[str, Any],
    state: dict[str, Any],
) -> None:
    """Write a checkpoint atomically.

    Args:
        folder: The checkpoint's folder.
        model: Its weights become `model.safetensors`; or whole weights by name.
        tensors: Optimizer, random states and the like: tensors, numbers, strings and containers of
            them.
        state: Progress of the training, written as JSON.

    Raises:
        RunError: It cannot be written, as on a full disk; the checkpoints before it stay.
    """
    try:
        with atomic_folder(folder) as temporary:
            if isinstance(model, nn.Module):
                save_model(model, str(temporary / _WEIGHTS))
            else:
                save_file(model, temporary / _WEIGHTS)
            torch.save(tensors, temporary / _TENSORS)
            (temporary / _STATE).write_text(json.dumps(state, indent=2) + "\n", encoding="utf-8")
    except (OSError, SafetensorError, RuntimeError) as error:  # torch and safetensors wrap OSError
        reason = " ".join(str(error).split())
        raise RunError(
            f"cannot write the checkpoint {folder}: {reason}; the ones before it are whole; make "
            "room, and resume the run"
        ) from error


def copy_weights(checkpoint: Path, file: Path) -> None:
    """Copy the weights of a checkpoint atomically.

    Args:
        checkpoint: The checkpoint's folder.
        file: The copy, overwritten.
    """
    with atomic_write(file) as temporary:
        shutil.copyfile(checkpoint / _WEIGHTS, temporary)


def read_checkpoint(folder: Path, model: nn.Module) -> tuple[dict[str, Any], dict[str, Any]]:
    """Load a checkpoint's weights into a model and return the rest.

    Args:
        folder: The checkpoint's folder.
        model: Model of the architecture that was saved.

    Returns:
        The `tensors` and the `state` of `write_checkpoint`.

    Raises:
        DamagedCheckpointError: A file is missing or damaged.
        RunError: The weights do not fit.
    """
    try:
        for name in (_TENSORS, _WEIGHTS):
            require_plain(folder / name)
        tensors = torch.load(folder / _TENSORS, map_location="cpu", weights_only=True)
        state = read_json(folder / _STATE)
        if not (isinstance(tensors, dict) and isinstance(state, dict)):
            raise TypeError("not a mapping")
        if not _all_finite(tensors):
            raise ValueError("the state of an optimizer is not finite")
        with safe_open(folder / _WEIGHTS, "pt"):
            pass
    except Exception as error:  # torch's reader raises whatever a damaged pickle makes it raise
        raise DamagedCheckpointError(folder) from error
    load_weights(folder / _WEIGHTS, model)
    return tensors, state


def load_weights(file: Path, model: nn.Module) -> None:
    """Load weights into a model of the same architecture.

    Args:
        file: A `model.safetensors`.
        model: On any device.

    Raises:
        RunError: The file is missing, damaged, of another architecture, or holds values that are
            not finite.
    """
    if not file.is_file():
        raise RunError(f"there are no weights at {file}")
    try:
        if holds_shares(model):
            load_shares(model, load_file(file))
        else:
            load_model(model, file)
    except SafetensorError as error:
        raise RunError(
            f"{file} is damaged: {error}; take model.safetensors of a checkpoint of the run instead"
        ) from error
    except RuntimeError as error:
        reason = " ".join(str(error).split())
        raise RunError(
            f"the weights in {file} do not fit {type(model).__name__}: {reason}"
        ) from error
    spoiled = [name for name, each in model.state_dict().items() if not _is_finite(each)]
    if spoiled:
        raise RunError(f"{file} is damaged: {spoiled[0]} holds values that are not finite")


def _all_finite(value: Any) -> bool:
    """Whether all tensors in nested containers are finite."""
    if isinstance(value, Tensor):
        return _is_finite(value)
    if isinstance(value, Mapping):
        value = value.values()
    elif not isinstance(value, list | tuple):
        return True
    return all(map(_all_finite, value))


def _is_finite(tensor: Tensor) -> bool:
    return not tensor.is_floating_point() or bool(local_part(tensor).isfinite().all())


@contextmanager
def opened_run(run: RunFolder, trust: Iterable[str] = ()) -> Iterator[None]:
    """Allow in the body what this user trusts among the paths and names in a run's settings.

    Args:
        run: Any run.
        trust: Names that the user trusts now.

    Yields:
        Nothing; build components of the run in the body.
    """
    trusted = run.trusted()
    with confined(run.path if trusted is None else None), trusting((*trust, *(trusted or ()))):
        yield


class _MethodOnly(Config):
    method: Annotated[ComponentConfig, component("methods")]


def load_run(
    folder: str | PathLike[str], weights: str | None = None, *, trust: Iterable[str] = ()
) -> Method:
    """Load the trained method of a run; code and downloads that an untrusted run names are refused.

    Args:
        folder: The run's folder, or a published run: `models:NAME` of an installed package,
            `hf:USER/NAME` of the Hugging Face Hub. Its data set is not needed, and its teacher is
            not built.
        weights: Name of further weights that a callback wrote, such as `ema`; None loads those of
            the latest checkpoint.
        trust: Names whose code may be run or which may be downloaded, such as
            `hf-hub:timm/vit_small_patch16_224` if it is the run's encoder; those that a run of
            the same user was trained with are trusted already.

    Returns:
        The method, on the CPU, in evaluation mode.

    Raises:
        RunError: The run is missing, holds no run or no weights, or needs a plugin that is not
            installed.
        UntrustedError: The method needs code, a download or a path that is not trusted.
    """
    run = RunFolder.open(Path(folder))
    given = _method_of(run)
    try:
        plugins.find("methods", given["type"]).load()
    except PluginError as error:
        raise RunError(f"{run.path} cannot be loaded: {error}") from error
    with explained_errors(run.config_file):
        config = load_config(_MethodOnly, {"method": given}, [], [])
    with opened_run(run, trust):
        method = _build_method(run, config.method)
    load_weights(run.weights(weights), method)
    return method.eval()


def _build_method(run: RunFolder, config: ComponentConfig) -> Method:
    try:
        return build("methods", config)
    except GaussrepError:
        raise
    except Exception as error:  # settings that were changed may ask for anything, even of torch
        reason = " ".join(f"{type(error).__name__}: {error}".split())[:300]
        raise RunError(
            f"the method of {run.config_file} cannot be built ({reason}); --debug shows where"
        ) from error


def _method_of(run: RunFolder) -> dict[str, Any]:
    try:
        refuse_older_fit(run.config_file)
        method = read_yaml(run.config_file)["method"]
        return {"type": method["type"], **method}
    except (ConfigError, KeyError, TypeError) as error:
        raise RunError(f"{run.config_file} is damaged: it names no method") from error
