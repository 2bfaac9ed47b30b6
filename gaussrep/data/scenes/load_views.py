"""Choosing and reading the views of one sample."""

import logging
from collections.abc import Iterator, Sequence
from functools import cache

import numpy as np
import torch
from einops import rearrange

from gaussrep.cameras import Cameras
from gaussrep.data.scenes.frames import FrameRef, RGBDFrame
from gaussrep.data.scenes.scene import Views
from gaussrep.data.unreadable import UnreadableFileError, UnreadableSceneError

log = logging.getLogger(__name__)


def random_order(count: int, rng: np.random.Generator) -> list[int]:
    """Shuffle the frames.

    Args:
        count: Number of frames.
        rng: Source of randomness.

    Returns:
        A permutation of 0 to `count` - 1.
    """
    return rng.permutation(count).tolist()


def even_order(count: int, wanted: int) -> list[int]:
    """Order frames evenly spaced in time first, then the others as replacements of unreadable ones.

    Args:
        count: Number of frames.
        wanted: Number of evenly spaced frames.

    Returns:
        A permutation of 0 to `count` - 1.

    Examples:
        >>> even_order(10, 2)
        [2, 7, 0, 1, 3, 4, 5, 6, 8, 9]
    """
    spaced = [int((place + 0.5) * count / wanted) for place in range(wanted)]
    first = list(dict.fromkeys(spaced))
    return first + sorted(set(range(count)) - set(first))


def load_views(
    refs: Sequence[FrameRef], order: Sequence[int], wanted: int, size: tuple[int, int]
) -> Views:
    """Read frames in order until there are enough views.

    Unreadable frames and frames without measured depth are skipped. If too few remain, they are
    repeated in turn.

    Args:
        refs: Frames of one scene, at least one.
        order: Positions in `refs`, in the order in which they are tried.
        wanted: Number of views.
        size: Height and width of the views in pixels.

    Returns:
        The views, in the order in which they were tried.

    Raises:
        UnreadableSceneError: If no frame can be used.
    """
    found: list[tuple[int, RGBDFrame]] = []
    for number, view in _usable(refs, order, size):
        found.append((number, view))
        if len(found) == wanted:
            break
    if not found:
        raise UnreadableSceneError(
            f"{refs[0].color.parent}: none of the {len(refs)} frames of this scene can be used; "
            "each is unreadable or measured no depth."
        )
    return _stack([found[turn % len(found)] for turn in range(wanted)])


def _usable(
    refs: Sequence[FrameRef], order: Sequence[int], size: tuple[int, int]
) -> Iterator[tuple[int, RGBDFrame]]:
    for position in order:
        ref = refs[position]
        try:
            view = ref.read(size)
        except UnreadableFileError as error:
            _warn_once(str(error))
            continue
        if view.depth.any():
            yield ref.number, view


def _stack(found: list[tuple[int, RGBDFrame]]) -> Views:
    frames = [view for _, view in found]
    images = torch.from_numpy(np.stack([frame.image for frame in frames]))
    depths = torch.from_numpy(np.stack([frame.depth for frame in frames]))
    viewmats = torch.from_numpy(np.stack([frame.viewmat for frame in frames]))
    Ks = torch.from_numpy(np.stack([frame.intrinsics for frame in frames])).float()
    return Views(
        rearrange(images, "v h w c -> v c h w").float() / 255,
        depths,
        Cameras(viewmats, Ks, width=depths.shape[2], height=depths.shape[1]),
        torch.tensor([number for number, _ in found]),
    )


@cache
def _warn_once(message: str) -> None:
    log.warning("%s", message)
