"""Reading the arrays and the matrices of a scene."""

from pathlib import Path

import numpy as np
from jaxtyping import Float64

from gaussrep.data.scenes.unreadable_scene import UnreadableSceneError


def read_array(path: Path) -> np.ndarray:
    """Read one array of numbers; nothing is unpickled.

    Args:
        path: A `.npy` file.

    Raises:
        UnreadableSceneError: If the file is missing or damaged, or holds no numbers.
    """
    try:
        array = np.load(path, allow_pickle=False)
    except FileNotFoundError as error:
        raise UnreadableSceneError(f"{path}: there is no such file.") from error
    except Exception as error:  # a damaged header makes NumPy raise almost anything
        reason = f"{type(error).__name__}: {error}".partition("\n")[0]
        raise UnreadableSceneError(
            f"{path}: this array cannot be read ({reason}); write the file anew."
        ) from error
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "iuf":
        raise UnreadableSceneError(f"{path}: this file holds no array of numbers.")
    return array


def read_matrix(path: Path) -> Float64[np.ndarray, "rows columns"]:
    """Read a matrix from a text file.

    Args:
        path: Rows of numbers with blanks between them: 3 x 3 or 4 x 4.

    Returns:
        The matrix; its values may be infinite or NaN, as tracking that was lost leaves them.

    Raises:
        UnreadableSceneError: If the file is missing or holds no such matrix.
    """
    try:
        words = path.read_text(encoding="utf-8").split()
        values = np.array([float(word) for word in words])
    except FileNotFoundError as error:
        raise UnreadableSceneError(f"{path}: there is no such file.") from error
    except (OSError, ValueError) as error:
        raise UnreadableSceneError(f"{path}: this matrix cannot be read ({error}).") from error
    side = {9: 3, 16: 4}.get(len(values))
    if side is None:
        raise UnreadableSceneError(
            f"{path}: this file holds {len(values)} numbers, wanted a matrix of 3 x 3 or 4 x 4."
        )
    return values.reshape(side, side)
