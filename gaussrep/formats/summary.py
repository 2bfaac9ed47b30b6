"""Summary of a file of Gaussians: count, positions, scales, opacities and the writing program."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gaussrep.formats.by_suffix import load
from gaussrep.formats.gltf_buffers import MAGIC, read_container
from gaussrep.formats.ply_elements import read_header
from gaussrep.formats.sog_files import META, open_files
from gaussrep.formats.sog_meta import Meta, parse_meta
from gaussrep.formats.usd_text import MAGIC as USD_MAGIC

LEVELS = (0, 0.01, 0.25, 0.5, 0.75, 0.99, 1)
"""Levels of the quantiles."""


@dataclass(frozen=True, slots=True)
class Summary:
    """Summary of a file of Gaussians.

    Args:
        count: Number of Gaussians.
        sh_degree: SH degree; None for plain colors.
        quantiles: Quantiles at `LEVELS` of `x`, `y`, `z`, `scale` (standard deviations along all
            axes) and `opacity`; empty if there are no Gaussians.
        program: What the file states about the program that wrote it; empty if nothing.
        antialiased: Whether the file marks a scene that was fitted with antialiasing.
    """

    count: int
    sh_degree: int | None
    quantiles: Mapping[str, tuple[float, ...]]
    program: str
    antialiased: bool = False


def summarize(path: Path, **settings: Any) -> Summary:
    """Summarize a file of Gaussians.

    Args:
        path: The file, of any format that is read.
        **settings: Settings of the format, such as `axes="ply"` of SPZ.

    Returns:
        The summary; anomalies of the file are logged.

    Raises:
        FormatError: If the file cannot be read.
    """
    scene = load(path, **settings)
    if scene.count == 0:
        return Summary(0, scene.sh_degree, {}, _program(path), scene.antialiased)
    x, y, z = scene.means.numpy().T
    scales, opacities = scene.scales.numpy(), scene.opacities.numpy()
    values = {"x": x, "y": y, "z": z, "scale": scales, "opacity": opacities}
    quantiles = {name: tuple(np.quantile(array, LEVELS).tolist()) for name, array in values.items()}
    return Summary(scene.count, scene.sh_degree, quantiles, _program(path), scene.antialiased)


CREATOR = re.compile(rb'\bcreator = "([^"\n]*)"')
"""Name of the program in the metadata of a USD file, by convention."""
HEAD = 2**12
"""Bytes of a USD file in which it is searched for; a design choice."""


def _program(path: Path) -> str:
    """Read the comments of a PLY file, or the generator of a glTF, SOG or USD file."""
    with path.open("rb") as file:
        start = file.read(len(MAGIC))
        file.seek(0)
        if start.startswith(b"ply"):
            return "; ".join(read_header(file).comments)
        if start == MAGIC or path.suffix.lower() == ".gltf":
            return read_container(file, path.parent).document.asset.generator
        if path.suffix.lower() == ".sog" or path.name.lower() == META:
            meta = parse_meta(open_files(path, file)[0])
            return meta.asset.generator if isinstance(meta, Meta) else ""
        if start == USD_MAGIC[: len(MAGIC)] and (found := CREATOR.search(file.read(HEAD))):
            return found[1].decode("utf-8", "replace")
    return ""
