"""From a rotation matrix to the quaternion, of any length, that it was made of."""

from typing import Any

from gaussrep.kernels.jit import inline_jit


@inline_jit
def pull_quaternion(to_turned: Any, quat: Any, shrink: float) -> Any:
    """Gradient to a quaternion.

    Args:
        to_turned: Gradients to the columns of its matrix.
        quat: The quaternion, normalized.
        shrink: One over its length before.

    Returns:
        Four numbers, orthogonal to the quaternion.
    """
    w, x, y, z = quat
    (m00, m10, m20), (m01, m11, m21), (m02, m12, m22) = to_turned
    to_w = 2 * (x * (m21 - m12) + y * (m02 - m20) + z * (m10 - m01))
    to_x = 2 * (y * (m01 + m10) + z * (m02 + m20) + w * (m21 - m12) - 2 * x * (m11 + m22))
    to_y = 2 * (x * (m01 + m10) + z * (m12 + m21) + w * (m02 - m20) - 2 * y * (m00 + m22))
    to_z = 2 * (x * (m02 + m20) + y * (m12 + m21) + w * (m10 - m01) - 2 * z * (m00 + m11))
    along = w * to_w + x * to_x + y * to_y + z * to_z
    return (
        (to_w - w * along) * shrink,
        (to_x - x * along) * shrink,
        (to_y - y * along) * shrink,
        (to_z - z * along) * shrink,
    )
