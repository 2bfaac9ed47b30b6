"""All Gaussians of a glTF file, where its nodes put them."""

from collections.abc import Iterator

import numpy as np
import torch

from gaussrep.checks import check_finite
from gaussrep.errors import FormatError, ValueRangeError
from gaussrep.formats.gltf.container import Container
from gaussrep.formats.gltf.document import EXTENSION, Document, Node, pick
from gaussrep.formats.gltf.primitive import read_primitive
from gaussrep.formats.growth import check_growth
from gaussrep.gaussians import Gaussians
from gaussrep.quaternions import to_matrix

UNDERSTOOD = {EXTENSION, "KHR_mesh_quantization"}
"""Extensions that a file may require."""


def read_scene(container: Container) -> Gaussians:
    """Collect the Gaussians of the default scene.

    Args:
        container: The file.

    Returns:
        One scene with `sh` of the highest degree that occurs, in glTF's frame.

    Raises:
        FormatError: If the file requires an unknown extension, holds no Gaussians, a node turns
            up twice or does more than move, turn and scale, or a primitive is damaged.
    """
    document = container.document
    if unknown := set(document.extensions_required) - UNDERSTOOD:
        raise FormatError(f"the file requires {', '.join(sorted(unknown))}, which is not read.")
    parts = list(_parts(container))
    if not parts:
        raise FormatError(f"the file holds no Gaussians: no primitive has {EXTENSION}.")
    bases = max(part.sh.shape[1] for part in parts if part.sh is not None)
    return Gaussians.cat([_extend(part, bases) for part in parts])


def _parts(container: Container) -> Iterator[Gaussians]:
    """Every primitive of Gaussians as often as a node shows it, in the frame of the scene."""
    document, size, total = container.document, sum(map(len, container.buffers)), 0
    for node, matrix in _nodes(document):
        if node.mesh is None:
            continue
        for primitive in pick(document.meshes, node.mesh, "mesh").primitives:
            splatting = primitive.extensions.splatting
            if splatting is None:
                continue
            part = read_primitive(container, primitive, splatting)
            total += sum(tensor.nbytes for _, tensor in part.tensors())
            check_growth(size, total)
            yield _place(part, matrix)


def _nodes(document: Document) -> Iterator[tuple[Node, np.ndarray]]:
    """Every node of the default scene with its global matrix."""
    roots = pick(document.scenes, document.scene, "scene").nodes
    waiting, seen = [(index, np.eye(4)) for index in reversed(roots)], set()
    while waiting:
        index, above = waiting.pop()
        if index in seen:
            raise FormatError(f"node {index} is reached twice; a scene is a tree.")
        seen.add(index)
        node = pick(document.nodes, index, "node")
        with np.errstate(over="ignore", invalid="ignore"):
            matrix = above @ _matrix(node)
        yield node, matrix
        waiting += [(child, matrix) for child in reversed(node.children)]


def _matrix(node: Node) -> np.ndarray:
    if node.matrix is not None:
        return np.array(node.matrix).reshape(4, 4).T
    x, y, z, w = node.rotation
    matrix = np.eye(4)
    turn = to_matrix(torch.tensor([w, x, y, z], dtype=torch.float64)).numpy()
    matrix[:3, :3] = turn * node.scale
    matrix[:3, 3] = node.translation
    return matrix


def _place(part: Gaussians, matrix: np.ndarray) -> Gaussians:
    if np.array_equal(matrix, np.eye(4)):
        return part
    try:
        placed = part.transform(torch.from_numpy(matrix).float())
        check_finite(dict(placed.tensors()))
    except ValueRangeError as error:
        raise FormatError(f"a node cannot carry Gaussians: {error}") from error
    return placed


def _extend(part: Gaussians, bases: int) -> Gaussians:
    assert part.sh is not None
    missing = part.sh.new_zeros(part.count, bases - part.sh.shape[1], 3)
    return part.replace(sh=torch.cat([part.sh, missing], dim=1))
