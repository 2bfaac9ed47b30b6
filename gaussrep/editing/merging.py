"""Merging of several scenes into one."""

from collections.abc import Sequence

import torch

from gaussrep import sh
from gaussrep.gaussians import Gaussians


def merge(scenes: Sequence[Gaussians]) -> Gaussians:
    """Merge scenes into one, in their order.

    If one scene has spherical harmonics, all get the highest degree: plain colors become
    degree 0, and missing coefficients are 0, which changes no color. `Gaussians.cat` joins equal
    fields only.

    Args:
        scenes: At least one scene, all with the same batch axes [*B, N_i] and features.

    Returns:
        New Gaussians, [*B, sum of N_i].

    Raises:
        ShapeError: If there is no scene, or batch axes or features differ.
    """
    bases = max((s.sh.shape[-2] for s in scenes if s.sh is not None), default=0)
    return Gaussians.cat([_with_bases(scene, bases) for scene in scenes] if bases else scenes)


def _with_bases(scene: Gaussians, bases: int) -> Gaussians:
    coefficients = scene.sh if scene.colors is None else sh.from_rgb(scene.colors)
    assert coefficients is not None
    missing = bases - coefficients.shape[-2]
    padded = torch.nn.functional.pad(coefficients, (0, 0, 0, missing))
    return scene.replace(colors=None, sh=padded)
