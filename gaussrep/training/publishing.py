"""Publish a run: in a folder, or in a repository of the Hugging Face Hub."""

import shutil
import tempfile
from os import PathLike
from pathlib import Path

import torch
import yaml
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from gaussrep.errors import RunError, ValueRangeError
from gaussrep.runtime.atomic_files import atomic_folder
from gaussrep.training.model_card import model_card, portable_settings
from gaussrep.training.published import HUB, hub_errors, require_target
from gaussrep.training.run_folder import RunFolder


def push(
    run: str | PathLike[str],
    target: str,
    *,
    license_name: str = "",
    notes: str = "",
    half: bool = False,
    private: bool = False,
) -> str:
    """Publish the settings, the weights and a model card of a run.

    The card is written from the settings and from the scores that `evaluate` left in the run.
    Folders of this machine are not published, only their names.

    Args:
        run: The run's folder.
        target: `hf:USER/NAME`, which is created if it is missing, or a new folder. The Hub's token
            is that of `hf auth login` or `HF_TOKEN`.
        license_name: License of the weights, as on the Hub: `apache-2.0`, `cc-by-nc-4.0`.
        notes: Markdown for the card: license and origin of the data, known failures.
        half: Store the weights in float16, half as large.
        private: Make a new repository visible to its owner only.

    Returns:
        Where it was published: a web address, or the folder.

    Raises:
        RunError: The run holds no weights or is incomplete, the folder exists or cannot be
            written, or the Hub refuses.
        ValueRangeError: A weight is beyond the range of float16.
        UnavailableError: The package `huggingface_hub` is missing.
    """
    opened = RunFolder.open(run)
    if not opened.weights_file.is_file():
        raise RunError(f"{opened.path} holds no weights yet; train it first")
    require_target(target)
    try:
        if target.startswith(HUB):
            return _upload(opened, target, license_name, notes, half=half, private=private)
        folder = Path(target)
        with atomic_folder(folder) as temporary:
            _write(opened, temporary, f"models:{folder.name}", license_name, notes, half=half)
    except (OSError, SafetensorError) as error:
        raise RunError(f"{opened.path} cannot be published: {error}") from error
    return str(folder)


def _write(
    run: RunFolder, folder: Path, reference: str, license_name: str, notes: str, *, half: bool
) -> None:
    settings = portable_settings(run)
    shutil.copyfile(run.path / "versions.json", folder / "versions.json")
    _write_weights(run.weights_file, folder / "model.safetensors", half=half)
    card = model_card(run, settings, reference, license_name, notes)
    (folder / "README.md").write_text(card, encoding="utf-8")
    text = yaml.safe_dump(settings, sort_keys=False, allow_unicode=True)
    (folder / "config.yaml").write_text(text, encoding="utf-8")


def _write_weights(source: Path, target: Path, *, half: bool) -> None:
    if not half:
        shutil.copyfile(source, target)
        return
    with safe_open(source, "pt") as weights:
        metadata = weights.metadata()
        tensors = {name: weights.get_tensor(name) for name in weights.keys()}  # noqa: SIM118
    for name, tensor in tensors.items():
        if tensor.is_floating_point():
            tensors[name] = tensor.to(torch.float16)
            if not tensors[name].isfinite().all():
                raise ValueRangeError(
                    f"{name} has a weight of {tensor.abs().max().item():.3g}, beyond 65504, the "
                    "largest number of float16; publish it without half."
                )
    save_file(tensors, target, metadata)


def _upload(
    run: RunFolder, target: str, license_name: str, notes: str, *, half: bool, private: bool
) -> str:
    from huggingface_hub import HfApi

    repository, api = target.removeprefix(HUB), HfApi(library_name="gaussrep")
    with tempfile.TemporaryDirectory() as temporary:
        _write(run, Path(temporary), target, license_name, notes, half=half)
        with hub_errors(f"{target} cannot be written"):
            api.create_repo(repository, private=private, exist_ok=True)
            api.upload_folder(
                repo_id=repository, folder_path=temporary, commit_message="Add the run"
            )
    return f"{api.endpoint}/{repository}"
