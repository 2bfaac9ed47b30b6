"""File format: scenes fitted by `ns-train`, read from the run's `config.yml`."""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from gaussrep import Format, Gaussians
from gaussrep.errors import FormatError
from gaussrep.fitting import SceneModel
from gaussrep_nerfstudio.run_data import model_to_data as _to_data

CHECKPOINTS, TRANSFORM = "nerfstudio_models", "dataparser_transforms.json"
PREFIX = "_model.scene.raw."


class NerfstudioRun(Format):
    """The scene of a run's latest checkpoint, in the coordinates of its data.

    nerfstudio rebuilds Python objects from `config.yml`, which could run any program; here only the
    name of the data is read from it, as text.
    """

    def read(self, path: Path) -> Gaussians:
        """Read a run; see the base class."""
        raw = _raw_tensors(_latest(path))
        gaussians = _scene(path, raw).gaussians().detach()
        return gaussians.transform(_to_data(path.parent / TRANSFORM))

    def write(self, gaussians: Gaussians, path: Path) -> None:
        """Raise an error; the record has `can_write=False`."""
        raise FormatError(f"{path}: runs of nerfstudio cannot be written; save a .ply.")


def _latest(path: Path) -> Path:
    found = sorted((path.parent / CHECKPOINTS).glob("step-*.ckpt"))
    if not found:
        raise FormatError(
            f"{path}: there is no checkpoint in {CHECKPOINTS} beside this file; expected the "
            "config.yml of a run of ns-train."
        )
    return found[-1]


def _raw_tensors(file: Path) -> dict[str, Tensor]:
    try:
        state = torch.load(file, map_location="cpu", weights_only=True)["pipeline"]
        raw = {name.removeprefix(PREFIX): value for name, value in state.items() if PREFIX in name}
    except Exception as error:  # a damaged file makes torch raise almost anything
        raise FormatError(f"{file}: this checkpoint cannot be read: {error}") from error
    if "means" not in raw:
        raise FormatError(
            f"{file}: this checkpoint holds no Gaussians of gaussrep; expected a run of the method "
            "gaussrep, gaussrep-features or gaussrep-cross. For splatfacto use `ns-export "
            "gaussian-splat`, whose .ply gaussrep reads."
        )
    return raw


def _scene(path: Path, raw: dict[str, Any]) -> SceneModel:
    count, bases = len(raw["means"]), 1 + (raw["shN"].shape[1] if "shN" in raw else 0)
    blank = Gaussians(
        means=torch.zeros(count, 3),
        quats=torch.ones(count, 4),
        scales=torch.ones(count, 3),
        opacities=torch.zeros(count),
        sh=torch.zeros(count, bases, 3),
        features=raw.get("features"),
    )
    assert blank.sh_degree is not None
    scene = SceneModel(blank, blank.sh_degree)
    try:
        scene.raw.load_state_dict(raw)
    except RuntimeError as error:
        raise FormatError(f"{path}: its checkpoint is damaged: {error}") from error
    return scene
