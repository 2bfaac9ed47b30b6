"""Cast rays against primitives: visibility, depth and normals."""

import numpy as np
from jaxtyping import Float64, Int32, Int64

from gaussrep.kernels import inline_jit, kernel
from gaussrep_rooms.primitives import BALL, BOWL, BOX, FRUSTUM, PrimitiveArrays

NEAR = 0.02
"""Near plane, meters (design choice)."""
NOTHING = -1
"""Index of pixels that see no primitive."""


def cast_rays(
    primitives: PrimitiveArrays,
    viewmat: Float64[np.ndarray, "4 4"],
    intrinsics: Float64[np.ndarray, "3 3"],
    height: int,
    width: int,
) -> tuple[Float64[np.ndarray, "height width"], Int32[np.ndarray, "height width"]]:
    """Cast a ray through the center of every pixel.

    Args:
        primitives: All primitives.
        viewmat: World-to-camera matrix, OpenCV axes.
        intrinsics: Camera matrix with one focal length and no skew; pixel centers are at +0.5.
        height: Height of the image in pixels.
        width: Width of the image in pixels.

    Returns:
        Depth along the optical axis, infinite where nothing is hit, and the index of the primitive
        that is hit first, `NOTHING` where there is none.
    """
    rotation, eye = viewmat[:3, :3], -viewmat[:3, :3].T @ viewmat[:3, 3]
    depth = np.full((height, width), np.inf)
    seen = np.full((height, width), NOTHING, dtype=np.int32)
    origins = np.einsum("nij,nj->ni", primitives.to_unit, eye - primitives.centers)
    directions = primitives.to_unit @ rotation.T
    spans = rotation @ primitives.from_unit
    offsets = (primitives.centers - eye) @ rotation.T
    nearest = offsets[:, 2] - np.abs(spans[:, 2]).sum(axis=1)
    order = np.argsort(nearest)
    camera = (intrinsics[0, 0], intrinsics[0, 2], intrinsics[1, 2])
    _cast(
        order,
        nearest,
        primitives.kinds,
        primitives.tapers,
        origins,
        directions,
        spans,
        offsets,
        camera,
        depth,
        seen,
    )
    return depth, seen


@kernel
def _cast(
    order, nearest, kinds, tapers, origins, directions, spans, offsets, camera, depth, seen
) -> None:
    """Test primitives from the nearest; skip pixels with a nearer hit."""
    height, width = depth.shape
    focal, cx, cy = camera
    for n in order:
        left, right, top, bottom = _window(spans[n], offsets[n], camera, width, height)
        ox, oy, oz = origins[n]
        turn = directions[n]
        kind, taper = kinds[n], tapers[n]
        for row in range(top, bottom):
            v = (row + 0.5 - cy) / focal
            for column in range(left, right):
                if depth[row, column] <= nearest[n]:
                    continue
                u = (column + 0.5 - cx) / focal
                dx = turn[0, 0] * u + turn[0, 1] * v + turn[0, 2]
                dy = turn[1, 0] * u + turn[1, 1] * v + turn[1, 2]
                dz = turn[2, 0] * u + turn[2, 1] * v + turn[2, 2]
                if kind == BOX:
                    t = _hit_box(ox, oy, oz, dx, dy, dz)
                elif kind in (BALL, BOWL):
                    t = _hit_ball(ox, oy, oz, dx, dy, dz, kind == BOWL)
                else:
                    t = _hit_frustum(ox, oy, oz, dx, dy, dz, taper)
                if t < depth[row, column]:
                    depth[row, column] = t
                    seen[row, column] = n


@inline_jit
def _window(span, offset, camera, width, height):
    """Bound the columns and rows of a primitive by the corners of its bounding box."""
    focal, cx, cy = camera
    left, right, top, bottom = np.inf, -np.inf, np.inf, -np.inf
    before = 0
    for corner in range(8):
        a, b, c = 2 * (corner & 1) - 1, (corner & 2) - 1, (corner & 4) / 2 - 1
        z = offset[2] + span[2, 0] * a + span[2, 1] * b + span[2, 2] * c
        if z > NEAR:
            before += 1
            x = offset[0] + span[0, 0] * a + span[0, 1] * b + span[0, 2] * c
            y = offset[1] + span[1, 0] * a + span[1, 1] * b + span[1, 2] * c
            left, right = min(left, focal * x / z + cx), max(right, focal * x / z + cx)
            top, bottom = min(top, focal * y / z + cy), max(bottom, focal * y / z + cy)
    if before == 0:
        return 0, 0, 0, 0
    if before < 8:
        return 0, width, 0, height
    first, last = max(0.0, min(left, width)), min(float(width), max(right + 1, 0.0))
    upper, lower = max(0.0, min(top, height)), min(float(height), max(bottom + 1, 0.0))
    return int(first), int(last), int(upper), int(lower)


@inline_jit
def _hit_box(ox, oy, oz, dx, dy, dz):
    rx, ry, rz = 1 / dx, 1 / dy, 1 / dz
    ax, bx = (-1 - ox) * rx, (1 - ox) * rx
    ay, by = (-1 - oy) * ry, (1 - oy) * ry
    az, bz = (-1 - oz) * rz, (1 - oz) * rz
    enter = max(min(ax, bx), min(ay, by), min(az, bz))
    leave = min(max(ax, bx), max(ay, by), max(az, bz))
    return enter if enter <= leave and enter > NEAR else np.inf


@inline_jit
def _hit_ball(ox, oy, oz, dx, dy, dz, lower):
    a = dx * dx + dy * dy + dz * dz
    b = ox * dx + oy * dy + oz * dz
    c = ox * ox + oy * oy + oz * oz - 1
    under = b * b - a * c
    if under < 0:
        return np.inf
    first, second = (-b - np.sqrt(under)) / a, (-b + np.sqrt(under)) / a
    if first > NEAR and (not lower or oz + first * dz <= 0):
        return first
    if lower and second > NEAR and oz + second * dz <= 0:
        return second
    return np.inf


@inline_jit
def _hit_frustum(ox, oy, oz, dx, dy, dz, taper):
    """Intersect the side, x² + y² = r(z)², and two caps; r falls from 1 to 1 - taper."""
    slope = -taper / 2
    radius = 1 + slope * (oz + 1)
    a = dx * dx + dy * dy - slope * slope * dz * dz
    b = ox * dx + oy * dy - slope * radius * dz
    c = ox * ox + oy * oy - radius * radius
    nearest = np.inf
    under = b * b - a * c
    if under >= 0:
        root = np.sqrt(under)
        for sign in (-1, 1):
            t = (-b + sign * root) / a
            if NEAR < t < nearest and abs(oz + t * dz) <= 1:
                nearest = t
    for end in (-1, 1):
        t = (end - oz) / dz
        x, y, r = ox + t * dx, oy + t * dy, 1 + slope * (end + 1)
        if NEAR < t < nearest and x * x + y * y <= r * r:
            nearest = t
    return nearest


Rows = Float64[np.ndarray, "p 3"]


def normals_at(
    points: Rows,
    which: Int64[np.ndarray, " p"],
    primitives: PrimitiveArrays,
    eye: Float64[np.ndarray, "3"],
) -> Rows:
    """Compute unit normals at surface points; those of bowls, which have two sides, face the eye.

    Args:
        points: Positions on the surfaces, meters.
        which: Index of each point's primitive.
        primitives: All primitives.
        eye: Viewpoint, meters.

    Returns:
        Unit normals.
    """
    out = np.empty_like(points)
    _find(
        points,
        which,
        primitives.kinds,
        primitives.tapers,
        primitives.centers,
        primitives.to_unit,
        eye,
        out,
    )
    return out


@kernel
def _find(points, which, kinds, tapers, centers, to_unit, eye, out) -> None:
    for i in range(len(points)):
        n = which[i]
        m = to_unit[n]
        x, y, z = (
            points[i, 0] - centers[n, 0], points[i, 1] - centers[n, 1], points[i, 2] - centers[n, 2]
        )  # fmt: skip
        a = m[0, 0] * x + m[0, 1] * y + m[0, 2] * z
        b = m[1, 0] * x + m[1, 1] * y + m[1, 2] * z
        c = m[2, 0] * x + m[2, 1] * y + m[2, 2] * z
        if kinds[n] == BOX:
            a, b, c = _of_cube(a, b, c)
        elif kinds[n] == FRUSTUM:
            a, b, c = _of_cone(a, b, c, tapers[n])
        square, away = 0.0, 0.0
        for k in range(3):
            out[i, k] = m[0, k] * a + m[1, k] * b + m[2, k] * c
            square += out[i, k] ** 2
            away += out[i, k] * (points[i, k] - eye[k])
        length = np.sqrt(square)
        if kinds[n] == BOWL and away > 0:
            length = -length
        for k in range(3):
            out[i, k] /= length


@inline_jit
def _of_cube(a, b, c):
    x, y, z = abs(a), abs(b), abs(c)
    if x >= y and x >= z:
        return np.sign(a), 0.0, 0.0
    if y >= z:
        return 0.0, np.sign(b), 0.0
    return 0.0, 0.0, np.sign(c)


@inline_jit
def _of_cone(a, b, c, taper):
    """Return the normal of the side or of a cap, whichever is nearer."""
    across = np.sqrt(a * a + b * b)
    if abs(across - 1 + taper * (c + 1) / 2) < 1 - abs(c):
        return a / across, b / across, taper / 2
    return 0.0, 0.0, np.sign(c)
