"""From a workload to tensors."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from gaussrep.cameras import Cameras
from gaussrep.errors import DataError
from gaussrep.gaussians import Gaussians
from harness.workloads import Workload

SEED = 0
NEAREST, FARTHEST = 2.0, 6.0
SPREAD = 0.3
TURN = 0.1
GARDEN_SCALE = 0.02


@dataclass(frozen=True, eq=False)
class Scene:
    """What a renderer is timed on.

    Args:
        gaussians: Scenes, [B, N].
        cameras: Views, [B, V].
        background: RGB behind the Gaussians, [3].
    """

    gaussians: Gaussians
    cameras: Cameras
    background: Tensor

    def to(self, device: torch.device | str) -> "Scene":
        """The same scene on another device."""
        return Scene(self.gaussians.to(device), self.cameras.to(device), self.background.to(device))


def make_scene(workload: Workload) -> Scene:
    """Make the scene of a workload, the same one every time.

    Synthetic Gaussians lie evenly over the image of the first view and between depths 2 and 6, with
    opacities even in 0.1 to 0.9 and standard deviations log-normal (0.3) around `sigma`; further
    views are turned by 0.1 rad each about the scene's middle. Coefficients of spherical harmonics
    are normal (0.3). The garden's points are given
    standard deviations even in 0 to 0.02, random orientations, and opacities even in 0 to 1.

    Args:
        workload: What to make.

    Returns:
        Float32 scene on the CPU.

    Raises:
        DataError: If it is a real scene and GAUSSREP_DATA does not hold it.
    """
    generator = torch.Generator().manual_seed(SEED)
    return _garden(workload, generator) if workload.is_real else _synthetic(workload, generator)


def _synthetic(workload: Workload, generator: torch.Generator) -> Scene:
    lead = (workload.batch, workload.count)

    def uniform(*shape: int) -> Tensor:
        return torch.rand(*lead, *shape, generator=generator)

    def normal(*shape: int) -> Tensor:
        return torch.randn(*lead, *shape, generator=generator)

    size = torch.tensor([workload.width, workload.height])
    depths = NEAREST + (FARTHEST - NEAREST) * uniform(1)
    aside = (uniform(2) - 0.5) * size / workload.width * depths
    gaussians = Gaussians(
        means=torch.cat([aside, depths], dim=-1),
        quats=normal(4),
        scales=workload.sigma / workload.width * depths * (SPREAD * normal(3)).exp(),
        opacities=0.1 + 0.8 * uniform(),
        colors=uniform(3) if workload.sh_degree is None else None,
        sh=_harmonics(workload, normal),
        features=normal(workload.channels - 3) if workload.channels > 3 else None,
    )
    if workload.is_ragged:
        gaussians = _pad_unevenly(gaussians)
    cameras = _turned_cameras(workload)
    return Scene(gaussians, cameras, torch.full((3,), 0.5))


def _harmonics(workload: Workload, normal: Callable[..., Tensor]) -> Tensor | None:
    if workload.sh_degree is None:
        return None
    return 0.3 * normal((workload.sh_degree + 1) ** 2, 3)


def _pad_unevenly(gaussians: Gaussians) -> Gaussians:
    """Turn the last Gaussians of each scene into padding, most of them in the first scene."""
    scenes, count = gaussians.opacities.shape
    kept = torch.linspace(0.1, 1, scenes)[:, None] * count
    opacities = torch.where(torch.arange(count) < kept, gaussians.opacities, 0)
    return gaussians.replace(opacities=opacities)


def _turned_cameras(workload: Workload) -> Cameras:
    """Cameras of focal length `width`, turned about the middle of the scene."""
    middle = torch.tensor([0.0, 0.0, (NEAREST + FARTHEST) / 2])
    angles = TURN * torch.arange(workload.views, dtype=torch.float32)
    viewmats = torch.eye(4).repeat(workload.batch, workload.views, 1, 1)
    viewmats[..., 0, 0] = viewmats[..., 2, 2] = angles.cos()
    viewmats[..., 0, 2] = angles.sin()
    viewmats[..., 2, 0] = -angles.sin()
    viewmats[..., :3, 3] = middle - viewmats[..., :3, :3] @ middle
    width, height = workload.width, workload.height
    K = torch.tensor([[width, 0, width / 2], [0, width, height / 2], [0, 0, 1]])
    return Cameras(viewmats, K.expand(*viewmats.shape[:2], 3, 3), width, height)


def _garden(workload: Workload, generator: torch.Generator) -> Scene:
    folder = os.environ.get("GAUSSREP_DATA")
    if folder is None:
        raise DataError(
            f"the {workload.name} scene is real data: set GAUSSREP_DATA to the folder that holds "
            f"{workload.name}.npz."
        )
    file = Path(folder) / f"{workload.name}.npz"
    if not file.is_file():
        raise DataError(f"there is no {file}; GAUSSREP_DATA must name the folder that holds it.")
    with np.load(file) as data:
        means, colors = torch.from_numpy(data["means3d"]), torch.from_numpy(data["colors"])
        viewmats, Ks = torch.from_numpy(data["viewmats"]), torch.from_numpy(data["Ks"])
        width, height = int(data["width"]), int(data["height"])
    count = len(means)
    gaussians = Gaussians(
        means=means,
        quats=torch.randn(count, 4, generator=generator),
        scales=GARDEN_SCALE * torch.rand(count, 3, generator=generator).clamp_min(1e-3),
        opacities=torch.rand(count, generator=generator),
        colors=colors / 255,
    )
    batched = Gaussians(**{name: tensor[None] for name, tensor in gaussians.tensors()})
    cameras = Cameras(viewmats[None], Ks[None], width, height)
    return Scene(batched, cameras, torch.full((3,), 0.5))
