"""The Gaussians of one mesh primitive, and back."""

import numpy as np

from gaussrep import sh
from gaussrep.errors import FormatError
from gaussrep.formats.appearance import coefficients
from gaussrep.formats.decoded import decoded
from gaussrep.formats.gltf.accessor import read_accessor
from gaussrep.formats.gltf.container import Container
from gaussrep.formats.gltf.document import EXTENSION, Primitive, Splatting
from gaussrep.gaussians import Gaussians

POINTS = 0
"""The mode of a primitive that is made of points."""
PROPERTIES = {
    "kernel": "ellipse",
    "colorSpace": "srgb_rec709_display",
    "projection": "perspective",
    "sortingMethod": "cameraDistance",
}
"""What the extension says of Gaussians that are trained on ordinary pictures."""
MEANS, QUATS = "POSITION", f"{EXTENSION}:ROTATION"
SCALES, OPACITIES = f"{EXTENSION}:SCALE", f"{EXTENSION}:OPACITY"
KINDS = {MEANS: "VEC3", QUATS: "VEC4", SCALES: "VEC3", OPACITIES: "SCALAR"}
XYZW = [1, 2, 3, 0]
"""glTF's order of a quaternion, from ours; `WXYZ` leads back."""
WXYZ = [3, 0, 1, 2]


def read_primitive(container: Container, primitive: Primitive, splatting: Splatting) -> Gaussians:
    """Decode Gaussians.

    Args:
        container: The file.
        primitive: A primitive that has the extension.
        splatting: The extension's properties.

    Returns:
        One scene with `sh` in the frame of the mesh.

    Raises:
        FormatError: If the extension asks for something else than ordinary Gaussians, attributes
            are missing, of different length or damaged, or a value is impossible.
    """
    _check_properties(primitive, splatting)
    bases = _count_bases(primitive)
    kinds = KINDS | dict.fromkeys(sh_names(bases), "VEC3")
    missing = [name for name in kinds if name not in primitive.attributes]
    if missing:
        raise FormatError(f"a primitive of Gaussians lacks {', '.join(missing)}.")
    arrays = {
        name: read_accessor(container, primitive.attributes[name], kind)
        for name, kind in kinds.items()
    }
    if len({len(array) for array in arrays.values()}) > 1:
        raise FormatError("the attributes of a primitive differ in their number of values.")
    return decoded(
        means=arrays[MEANS],
        quats=arrays[QUATS][:, WXYZ],
        scales=arrays[SCALES],
        opacities=arrays[OPACITIES][:, 0],
        sh=np.stack([arrays[name] for name in sh_names(bases)], axis=1),
    )


def attributes(scene: Gaussians) -> dict[str, np.ndarray]:
    """The attributes of Gaussians.

    Args:
        scene: One scene in glTF's frame, float32, on the CPU.

    Returns:
        float32, [N, width] each, by name.
    """
    unit = scene.quats / scene.quats.norm(dim=-1, keepdim=True)
    harmonics = coefficients(scene).numpy()
    return {
        MEANS: scene.means.numpy(),
        QUATS: unit[:, XYZW].numpy(),
        SCALES: scene.scales.numpy(),
        OPACITIES: scene.opacities.clamp(0, 1)[:, None].numpy(),
        **{name: harmonics[:, place] for place, name in enumerate(sh_names(harmonics.shape[1]))},
    }


def sh_names(bases: int) -> list[str]:
    """Names of the attributes that hold SH, in our order of bases.

    Args:
        bases: 1, 4, 9 or 16.
    """
    degree = sh.degree_of(bases)
    return [
        f"{EXTENSION}:SH_DEGREE_{level}_COEF_{place}"
        for level in range(degree + 1)
        for place in range(2 * level + 1)
    ]


def _check_properties(primitive: Primitive, splatting: Splatting) -> None:
    given = splatting.model_dump(by_alias=True)
    strange = [f"{name} {given[name][:40]!r}" for name in given if given[name] != PROPERTIES[name]]
    if primitive.mode != POINTS:
        strange.append(f"mode {primitive.mode}")
    if strange:
        wanted = ", ".join(PROPERTIES[name] for name in given)
        raise FormatError(
            f"a primitive of Gaussians has {', '.join(strange)}; only {wanted} and mode {POINTS} "
            "are read."
        )


def _count_bases(primitive: Primitive) -> int:
    found = {name for name in primitive.attributes if name.startswith(f"{EXTENSION}:SH_")}
    for bases in (1, 4, 9, 16):
        if found == set(sh_names(bases)):
            return bases
    raise FormatError(
        f"a primitive has {len(found)} attributes of spherical harmonics, wanted all of degree 0 "
        "up to 0, 1, 2 or 3."
    )
