"""Tensors as the arrays that kernels read and write, in the memory where they lie."""

import numpy as np
from torch import Tensor


def array_of(tensor: Tensor) -> np.ndarray:
    """A tensor on the CPU as an array; a copy only where its memory has gaps.

    Args:
        tensor: Of any shape.

    Returns:
        An array of the same shape, without gaps.
    """
    return np.ascontiguousarray(tensor.numpy(force=True))


def images_of(tensor: Tensor) -> np.ndarray:
    """The same, with one axis of images in place of scenes and views.

    Args:
        tensor: [S, V, ...].

    Returns:
        [S * V, ...]
    """
    array = array_of(tensor)
    return array.reshape(array.shape[0] * array.shape[1], *array.shape[2:])


def split_cameras(shares: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Gradients to matrices, from those to a camera's numbers.

    Args:
        shares: [S, V, CAMERA], in the order that `Gradients.cameras` says.

    Returns:
        Gradients to `viewmats`, float32 [S, V, 4, 4], and to `Ks`, float32 [S, V, 3, 3].
    """
    lead = shares.shape[:-1]
    to_viewmats = np.zeros((*lead, 4, 4), np.float32)
    to_Ks = np.zeros((*lead, 3, 3), np.float32)
    to_viewmats[..., :3, :3] = shares[..., :9].reshape(*lead, 3, 3)
    to_viewmats[..., :3, 3] = shares[..., 9:12]
    to_Ks[..., 0, 0], to_Ks[..., 1, 1] = shares[..., 12], shares[..., 13]
    to_Ks[..., :2, 2] = shares[..., 14:]
    return to_viewmats, to_Ks
