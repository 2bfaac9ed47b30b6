"""PLY files of programs that rename columns of the 3DGS layout, or add what changes its meaning."""

import dataclasses
import re
from typing import BinaryIO

from gaussrep.formats.ply_elements import PlyElement, PlyHeader, read_rows
from gaussrep.formats.remarks import Remarks

SCALAR = "scalar_"
"""Prefix that CloudCompare gives to all columns except positions, normals and colors."""
ANTIALIASED = re.compile(r"splatrendermode:\s*mip|antialiased\s*:?\s*0*[1-9]", re.IGNORECASE)
"""Comments of scenes that were fitted with antialiasing: Brush's, and Postshot's."""
ANTIALIASED_COMMENT = "SplatRenderMode: mip"
"""The comment that is written, Brush's."""
VERTICAL = re.compile(r"vertical axis:\s*(\S.*)", re.IGNORECASE)
"""Comment of nerfstudio and Brush."""
MOVING = ("trbf_", "motion_", "omega_")
"""First letters of the columns that Spacetime Gaussians add."""
COLOR_SPACE = "color_space"
"""Element, and its one column, of SHARP: 0 is sRGB, 1 is linear."""
LINEAR = (f"element {COLOR_SPACE} 1", f"property uchar {COLOR_SPACE}")
"""Lines of the header by which linear colors are marked; the element's one byte is 1."""


def with_standard_names(header: PlyHeader) -> PlyHeader:
    """Rename CloudCompare's columns, `scalar_opacity`, to those of the 3DGS layout.

    Args:
        header: Header of a file.

    Returns:
        The header; a column keeps its name if its standard name is in use.
    """
    used = header.vertex.properties
    properties = {_standard_name(name, used): code for name, code in used.items()}
    if len(properties) < len(used):
        return header
    return dataclasses.replace(
        header, vertex=dataclasses.replace(header.vertex, properties=properties)
    )


def _standard_name(name: str, used: dict[str, str | None]) -> str:
    short = name.removeprefix(SCALAR)
    return name if short in used else short


def is_antialiased(header: PlyHeader) -> bool:
    """Test whether a comment marks a scene that was fitted with antialiasing.

    Args:
        header: Header of a file.

    Returns:
        Whether there is such a comment.
    """
    return any(ANTIALIASED.search(comment) for comment in header.comments)


def remark_meanings(header: PlyHeader, remarks: Remarks) -> None:
    """Remark on comments and columns that change what others mean.

    Args:
        header: Header of a file.
        remarks: Where they are added.
    """
    for comment in header.comments:
        axis = VERTICAL.search(comment)
        if axis and axis[1].split()[0].lower() != "y":
            remarks.add(
                f"its comment {comment[:60]!r} names another vertical axis than 3DGS; the axes are "
                "not converted, Gaussians.transform does that"
            )
    moving = [name for name in header.vertex.properties if name.startswith(MOVING)]
    if moving:
        remarks.add(f"columns of Gaussians that move are ignored: {', '.join(moving)[:80]}")


def is_linear(file: BinaryIO, header: PlyHeader) -> bool:
    """Test whether an element marks linear colors.

    Args:
        file: The file, opened for reading.
        header: Its header.

    Returns:
        Whether there is such an element.

    Raises:
        FormatError: If the file is truncated.
    """
    elements = (*header.before, header.vertex, *header.after)
    places = [place for place, element in enumerate(elements) if element.name == COLOR_SPACE]
    if not places or not all(map(_has_fixed_rows, elements[: places[0] + 1])):
        return False
    element = elements[places[0]]
    if list(element.properties) != [COLOR_SPACE] or element.count != 1:
        return False
    return bool(read_rows(file, header, element)[COLOR_SPACE][0] == 1)


def _has_fixed_rows(element: PlyElement) -> bool:
    return None not in element.properties.values()
