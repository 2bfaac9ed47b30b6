"""Gaussians as a file can hold them."""

from pathlib import Path

import torch

from gaussrep.checks import check_finite
from gaussrep.errors import FormatError, ValueRangeError
from gaussrep.gaussians import Gaussians

MAX_DEGREE = 3
"""Highest SH degree that the formats written here hold."""


def writable(gaussians: Gaussians, path: Path, what: str) -> Gaussians:
    """Refuse what no file format here holds, and give the rest in float32 on the CPU.

    Args:
        gaussians: What someone wants to save.
        path: The file, for the message.
        what: What is written, `"a PLY file"`.

    Returns:
        One scene without gradients.

    Raises:
        FormatError: If there are batch axes, features or SH of degree 4.
        ValueRangeError: If a value is not finite in float32, a scale not positive, or a quaternion
            zero.
    """
    if gaussians.batch_shape:
        raise FormatError(
            f"{path}: {what} holds one scene, got batch axes {list(gaussians.batch_shape)}; "
            "select one with gaussians[i]."
        )
    if gaussians.sh_degree is not None and gaussians.sh_degree > MAX_DEGREE:
        raise FormatError(
            f"{path}: {what} holds SH of degree 0 to {MAX_DEGREE}, got degree "
            f"{gaussians.sh_degree}."
        )
    if gaussians.features is not None:
        raise FormatError(
            f"{path}: {what} holds no features; drop them: gaussians.replace(features=None)."
        )
    scene = gaussians.detach().to("cpu", torch.float32)
    _check_values(scene)
    return scene


def _check_values(scene: Gaussians) -> None:
    check_finite(dict(scene.tensors()))
    if not (scene.scales > 0).all():
        count = int((scene.scales <= 0).sum())
        raise ValueRangeError(f"scales hold {count} values that are not positive in float32.")
    if (scene.quats == 0).all(-1).any():
        raise ValueRangeError("quats hold a quaternion of length 0, which is no rotation.")
