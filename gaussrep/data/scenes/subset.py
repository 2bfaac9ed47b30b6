"""A share of the training scenes."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

from gaussrep.errors import DataError
from gaussrep.plugins.suggest import suggest


def choose_share(names: Sequence[str], share: float, seed: int, root: Path) -> tuple[str, ...]:
    """Choose the scenes that limited training may see.

    Args:
        names: All training scenes.
        share: Share wanted, in (0, 1].
        seed: Which random order.
        root: Folder of the data set; `tasks/scenes/<percent>.txt` in it is obeyed if it is there.

    Returns:
        The chosen scenes, in the order of `names`; without a list, a smaller share is part of a
        larger one, and at least one scene is chosen.

    Raises:
        DataError: If the list names a scene that is not there, or none.
    """
    if share == 1:
        return tuple(names)
    listed = root / "tasks" / "scenes" / f"{share * 100:g}.txt"
    if listed.is_file():
        chosen = _read_list(listed, names)
    else:
        order = sorted(names, key=lambda name: _draw(name, seed))
        chosen = set(order[: max(1, round(share * len(names)))])
    return tuple(name for name in names if name in chosen)


def _read_list(path: Path, names: Sequence[str]) -> set[str]:
    chosen = set(path.read_text(encoding="utf-8").split())
    for name in sorted(chosen - set(names)):
        raise DataError(
            f"{path}: this list names the scene {name}, which is not there; {suggest(name, names)}"
        )
    if not chosen:
        raise DataError(f"{path}: this list names no scene.")
    return chosen


def _draw(name: str, seed: int) -> bytes:
    return hashlib.sha256(f"{seed}/{name}".encode()).digest()
