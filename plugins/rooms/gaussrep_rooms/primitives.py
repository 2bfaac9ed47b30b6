"""Primitives: the solids that objects are made of."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from jaxtyping import Float64, Int64

from gaussrep_rooms.materials import Material

BOX, FRUSTUM, BALL, BOWL = range(4)
"""Kinds of primitives. In their unit frames they are the cube [-1, 1]³, a cylinder or cone of
radius 1 at the bottom, the unit ball, and the lower half of its surface."""

Triple = Sequence[float | int] | np.ndarray
"""Three numbers: along x, y and z."""
Vector = Float64[np.ndarray, "3"]
Matrix = Float64[np.ndarray, "3 3"]


@dataclass(frozen=True, slots=True, eq=False)
class Primitive:
    """A solid in space.

    Args:
        kind: `BOX`, `FRUSTUM`, `BALL` or `BOWL`.
        center: Center, meters.
        axes: Rows are the directions of its local x, y and z.
        half: Half extents along its axes, meters.
        material: Appearance.
        taper: Relative decrease of a frustum's radius from bottom to top, in [0, 1).
    """

    kind: int
    center: Vector
    axes: Matrix
    half: Vector
    material: Material
    taper: float = 0.0

    def placed(self, turn: Matrix, offset: Vector) -> "Primitive":
        """Rotate the primitive about the origin and then translate it.

        Args:
            turn: Rotation matrix.
            offset: Translation, meters.

        Returns:
            The moved primitive.
        """
        return replace(self, center=turn @ self.center + offset, axes=self.axes @ turn.T)

    @property
    def reach(self) -> Vector:
        """Half extents of its bounding box along x, y and z, meters."""
        return np.abs(self.axes.T) @ self.half


def box(
    at: Triple,
    size: Triple,
    material: Material,
    *,
    tilt: float = 0.0,
    yaw: float = 0.0,
) -> Primitive:
    """Make a box.

    Args:
        at: Center of its lower face before it is tilted, meters.
        size: Extent along x, y and z, meters.
        material: Appearance.
        tilt: Rotation about its x axis in radians; positive leans its top back, towards +y.
        yaw: Rotation about z in radians, after the tilt.

    Returns:
        The box.
    """
    half = np.asarray(size, dtype=float) / 2
    center = _raised(at, half[2])
    return Primitive(BOX, center, (turned(yaw) @ _tilted(tilt)).T, half, material)


def frustum(
    at: Triple,
    size: Triple,
    material: Material,
    *,
    taper: float = 0.0,
    along: int = 2,
) -> Primitive:
    """Make a cylinder or a truncated cone, round or elliptic.

    Args:
        at: Center of the lower face of its bounding box, meters.
        size: Extent of its bounding box along x, y and z, meters.
        material: Appearance.
        taper: Relative decrease of its largest radius towards the end, or if negative towards the
            beginning; below 1.
        along: Axis of the frustum, 0 to 2.

    Returns:
        The frustum.
    """
    axes = np.roll(np.eye(3), along - 2, axis=1)
    half = axes @ (np.asarray(size, dtype=float) / 2)
    if taper < 0:
        axes = np.diag([1.0, -1.0, -1.0]) @ axes
    center = _raised(at, size[2] / 2)
    return Primitive(FRUSTUM, center, axes, half, material, abs(taper))


def ball(at: Triple, size: Triple, material: Material) -> Primitive:
    """Make an ellipsoid.

    Args:
        at: Center of the lower face of its bounding box, meters.
        size: Diameters, meters.
        material: Appearance.

    Returns:
        The ellipsoid.
    """
    half = np.asarray(size, dtype=float) / 2
    return Primitive(BALL, _raised(at, half[2]), np.eye(3), half, material)


def bowl(at: Triple, size: Triple, material: Material) -> Primitive:
    """Make the lower half of an ellipsoid's surface, open at the top and without thickness.

    Args:
        at: Its lowest point, meters.
        size: Extent along x, y and z, meters.
        material: Appearance.

    Returns:
        The bowl.
    """
    half = np.array([size[0] / 2, size[1] / 2, size[2]], dtype=float)
    return Primitive(BOWL, _raised(at, half[2]), np.eye(3), half, material)


def _raised(at: Triple, height: float) -> Vector:
    return np.array([at[0], at[1], at[2] + height], dtype=float)


def turned(yaw: float) -> Matrix:
    """Compute a rotation about z.

    Args:
        yaw: Radians, counter-clockwise seen from above.

    Returns:
        Rotation matrix.
    """
    c, s = np.cos(yaw), np.sin(yaw)
    return np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])


def _tilted(angle: float) -> Matrix:
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[1.0, 0.0, 0.0], [0.0, c, s], [0.0, -s, c]])


@dataclass(frozen=True, eq=False)
class PrimitiveArrays:
    """All primitives of a room as arrays.

    Args:
        kinds: `BOX`, `FRUSTUM`, `BALL` or `BOWL`.
        centers: Centers, meters.
        axes: Rows are the directions of a primitive's local axes.
        half: Half extents along them, meters.
        tapers: Tapers of frustums.
        patterns: Numbers of the materials' patterns.
        colors: First and second color of the materials, sRGB.
        looks: Scale in meters, phase and glow of the materials.
    """

    kinds: Int64[np.ndarray, " n"]
    centers: Float64[np.ndarray, "n 3"]
    axes: Float64[np.ndarray, "n 3 3"]
    half: Float64[np.ndarray, "n 3"]
    tapers: Float64[np.ndarray, " n"]
    patterns: Int64[np.ndarray, " n"]
    colors: Float64[np.ndarray, "n 2 3"]
    looks: Float64[np.ndarray, "n 3"]

    @cached_property
    def to_unit(self) -> Float64[np.ndarray, "n 3 3"]:
        """Matrices from offsets from the centers to the primitives' unit frames."""
        return self.axes / self.half[:, :, None]

    @cached_property
    def from_unit(self) -> Float64[np.ndarray, "n 3 3"]:
        """Matrices from the unit frames to offsets from the centers."""
        return np.swapaxes(self.axes * self.half[:, :, None], 1, 2).copy()


def pack_primitives(primitives: Sequence[Primitive]) -> PrimitiveArrays:
    """Pack primitives into arrays, in their order.

    Args:
        primitives: At least one.

    Returns:
        The arrays.
    """
    materials = [primitive.material for primitive in primitives]
    return PrimitiveArrays(
        kinds=np.array([primitive.kind for primitive in primitives], dtype=np.int64),
        centers=np.stack([primitive.center for primitive in primitives]),
        axes=np.stack([primitive.axes for primitive in primitives]),
        half=np.stack([primitive.half for primitive in primitives]),
        tapers=np.array([primitive.taper for primitive in primitives], dtype=np.float64),
        patterns=np.array([material.pattern for material in materials], dtype=np.int64),
        colors=np.array([[m.first, m.second] for m in materials], dtype=np.float64),
        looks=np.array([[m.scale, m.phase, m.glow] for m in materials], dtype=np.float64),
    )
