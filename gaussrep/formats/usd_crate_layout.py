"""Layout of USD's binary files, crates: what their reading and writing share.

The layout is that of OpenUSD 26.11's pxr/usd/sdf/crateFile.h: a start, values, six sections of
tables, and the places of these.
"""

import struct
from enum import IntEnum

CRATE = b"PXR-USDC"
"""First bytes of binary files."""
START = struct.Struct("<8s3B5xq64x")
"""Identifier, version, and place of the list of sections."""
SECTION = struct.Struct("<16sqq")
"""Name, place and size of a section."""
PROPERTY, PRIM_SPEC, ROOT, RELATIONSHIP = 1, 6, 7, 8
"""Kinds of specs."""
CHILD_FOLLOWS, SIBLING_FOLLOWS, LEAF = -1, 0, -2
"""What follows a path in the tree of paths; a distance where first a child and later a sibling."""
IS_ARRAY, IS_INLINED, IS_PACKED, IS_EDIT = 1 << 63, 1 << 62, 1 << 61, 1 << 60
"""Marks of a value's representation; its type follows, and itself or its place in the file."""
PAYLOAD = (1 << 48) - 1
"""Bits of a value, or of its place."""


class Kind(IntEnum):
    """Types of values; the layout has more, which occur in no value that is read."""

    BOOL = 1
    UCHAR = 2
    INT = 3
    UINT = 4
    INT64 = 5
    UINT64 = 6
    HALF = 7
    FLOAT = 8
    DOUBLE = 9
    STRING = 10
    TOKEN = 11
    MATRIX2D = 13
    MATRIX3D = 14
    MATRIX4D = 15
    QUATD = 16
    QUATF = 17
    QUATH = 18
    VEC2D = 19
    VEC2F = 20
    VEC2H = 21
    VEC2I = 22
    VEC3D = 23
    VEC3F = 24
    VEC3H = 25
    VEC3I = 26
    VEC4D = 27
    VEC4F = 28
    VEC4H = 29
    VEC4I = 30
    DICTIONARY = 31
    TOKEN_LIST = 32
    TOKENS = 41
    SPECIFIER = 42
    VARIABILITY = 44
    TIME_SAMPLES = 46
    STRINGS = 50
    BLOCK = 51
