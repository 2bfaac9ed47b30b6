"""Summary of a file of Gaussians: how many, where, how large, how opaque, written by what."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gaussrep.formats.by_suffix import load
from gaussrep.formats.gltf_file import CHUNK, GLB, MAGIC, parse_document
from gaussrep.formats.ply_elements import read_header

SHARES = (0, 0.01, 0.25, 0.5, 0.75, 0.99, 1)
"""Shares of the quantiles."""


@dataclass(frozen=True, slots=True)
class Summary:
    """Summary of a file of Gaussians.

    Args:
        count: Number of Gaussians.
        sh_degree: SH degree; None for plain colors.
        quantiles: Quantiles at `SHARES` of `x`, `y`, `z`, `scale` (standard deviations along all
            axes) and `opacity`; empty where there are no Gaussians.
        program: What the file states about the program that wrote it; empty if nothing.
    """

    count: int
    sh_degree: int | None
    quantiles: Mapping[str, tuple[float, ...]]
    program: str


def summarize(path: Path) -> Summary:
    """Summarize a file of Gaussians.

    Args:
        path: The file, of any format that is read.

    Returns:
        The summary; what is odd in the file is logged.

    Raises:
        FormatError: If the file cannot be read.
    """
    scene = load(path)
    if scene.count == 0:
        return Summary(0, scene.sh_degree, {}, _program(path))
    x, y, z = scene.means.numpy().T
    scales, opacities = scene.scales.numpy(), scene.opacities.numpy()
    values = {"x": x, "y": y, "z": z, "scale": scales, "opacity": opacities}
    quantiles = {name: tuple(np.quantile(array, SHARES).tolist()) for name, array in values.items()}
    return Summary(scene.count, scene.sh_degree, quantiles, _program(path))


def _program(path: Path) -> str:
    """Read the comments of a PLY file, or the generator of a glTF file."""
    with path.open("rb") as file:
        start = file.read(len(MAGIC))
        file.seek(0)
        if start.startswith(b"ply"):
            return "; ".join(read_header(file).comments)
        if start == MAGIC:
            file.seek(GLB.size)
            size, _ = CHUNK.unpack(file.read(CHUNK.size))
            return parse_document(file.read(size)).asset.generator
        if path.suffix.lower() == ".gltf":
            return parse_document(file.read()).asset.generator
    return ""
