"""Coordinates of the data of a run of nerfstudio, and of its model."""

import logging
from pathlib import Path
from typing import Any

import torch
import yaml
from jaxtyping import Float
from torch import Tensor

from gaussrep import similarity
from gaussrep.errors import FormatError
from gaussrep.runtime import read_json

logger = logging.getLogger("gaussrep")

TRANSFORMS = "transforms.json"
PARSER = "NerfstudioDataParserConfig"
"""Class of the settings of the data parser that reads transforms.json."""
COLMAP = Path("colmap/sparse/0")
COLMAP_TRANSFORM = [[0, 1, 0, 0], [1, 0, 0, 0], [0, 0, -1, 0]]
"""What nerfstudio 1.1.5 takes for `applied_transform` if a folder with a model of COLMAP names
none."""
PLACES = (("data",), ("pipeline", "datamanager", "data"),
          ("pipeline", "datamanager", "dataparser", "data"))  # fmt: skip
"""Where config.yml names the data, of which nerfstudio uses the first that is not null."""
ROUNDING = 1e-3
"""Tolerance on the singular values of nerfstudio's rotations, which are float32."""


def model_to_data(file: Path) -> Float[Tensor, "4 4"]:
    """Compute the similarity from the coordinates of the model to those of the data.

    The file's transform leads from what the data was before `applied_transform` and `applied_scale`
    of its transforms.json; these are looked up beside it, or where config.yml names the data.

    Args:
        file: The `dataparser_transforms.json` of the run.

    Returns:
        Similarity on column vectors.

    Raises:
        FormatError: If a file is missing or damaged, or a transform is not a similarity.
    """
    try:
        content = read_json(file)
        rows = torch.tensor(content["transform"], dtype=torch.float64).reshape(3, 4)
        scale = float(content["scale"])
    except (OSError, ValueError, KeyError, TypeError, RuntimeError) as error:
        raise FormatError(f"{file}: cannot be read: {error}") from error
    applied, applied_scale = _applied(file)
    saved = _affine(rows) @ torch.linalg.inv(_affine(applied))
    size = torch.tensor(scale / applied_scale, dtype=torch.float64)
    u, sizes, v = torch.linalg.svd(saved[:3, :3])
    if not (sizes - 1).abs().max() < ROUNDING:
        raise FormatError(f"{file}: its transform is not a rotation, so scenes cannot follow it.")
    return torch.linalg.inv(similarity.compose(size, u @ v, size * saved[:3, 3])).float()


def _affine(rows: Tensor) -> Tensor:
    return torch.cat([rows, rows.new_tensor([[0, 0, 0, 1]])])


def _applied(file: Path) -> tuple[Tensor, float]:
    """Find the transform and the scale that were applied to the data before its poses."""
    data = _data_of(file)
    path = file if data is None else data if data.suffix == ".json" else data / TRANSFORMS
    try:
        if data is None or not path.is_file():
            return torch.eye(3, 4, dtype=torch.float64), 1.0
        meta = read_json(path, "utf-8-sig", finite=False)
        default = COLMAP_TRANSFORM if (path.parent / COLMAP).exists() else torch.eye(3, 4).tolist()
        matrix = meta.get("applied_transform", default)
        applied = torch.tensor(matrix, dtype=torch.float64).reshape(-1, 4)[:3]
        scale = float(meta.get("applied_scale", 1))
        torch.linalg.inv(_affine(applied))
        if not scale > 0:
            raise ValueError(f"applied_scale is {scale}")
    except (OSError, ValueError, AttributeError, TypeError, RuntimeError) as error:
        raise FormatError(f"{path}: cannot be read: {error}") from error
    return applied, scale


def _data_of(file: Path) -> Path | None:
    """Return the folder, or the JSON file, of the data of a run; None if it has no such file."""
    config = file.with_name("config.yml")
    if not config.is_file():
        return file.parent
    root = _nodes(config)
    parser = _at(root, ("pipeline", "datamanager", "dataparser"))
    if parser is not None and not parser.tag.endswith(PARSER):
        return None
    data = _named_data(root)
    if data is None or not data.exists():
        logger.warning(
            "%s: its data, %s, is missing; if its transforms.json has an applied_transform, the "
            "scene is in the coordinates before that.",
            config,
            data or "which it does not name",
        )
        return None
    return data


def _nodes(config: Path) -> Any:
    """Read config.yml as nodes of YAML, from which no object is built."""
    try:
        return yaml.compose(config.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        raise FormatError(f"{config}: cannot be read: {error}") from error


def _named_data(root: Any) -> Path | None:
    for place in PLACES:
        node = _at(root, place)
        if isinstance(node, yaml.SequenceNode) and node.value:
            return Path(*(str(part.value) for part in node.value))
        if isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:str":
            return Path(node.value)
    return None


def _at(node: Any, place: tuple[str, ...]) -> Any:
    """Return the node at a place below another; None if there is none."""
    for name in place:
        entries = node.value if isinstance(node, yaml.MappingNode) else []
        node = next((value for key, value in entries if key.value == name), None)
    return node
