"""Actions of `gaussrep edit`, read from arguments. Never imports torch."""

import difflib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from math import isfinite, isnan
from pathlib import Path
from typing import TYPE_CHECKING

from gaussrep.errors import ConfigError

if TYPE_CHECKING:
    from gaussrep.gaussians import Gaussians

NAMED = re.compile(r"([A-Za-z_][A-Za-z_.-]*)=(.*)", re.DOTALL)
"""An argument that is an action or a setting; `./a=b.ply` is a file."""

Edit = Callable[["Gaussians"], "Gaussians"]


@dataclass(frozen=True, slots=True)
class Action:
    """One action on the scene that was read last.

    Args:
        text: The argument.
        edit: Edits the scene; None for `merge`, which takes all scenes.
        by_row: Whether it treats every Gaussian on its own, so that a scene may come in parts.
    """

    text: str
    edit: Edit | None
    by_row: bool


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of action.

    Args:
        form: Forms of the argument, for messages and the help.
        meaning: What it does, for the help.
        parse: Makes the edit from the value; an empty text if there is none.
        by_row: Whether it treats every Gaussian on its own.
    """

    form: str
    meaning: str
    parse: Callable[[str], Edit | None]
    by_row: bool = True


def _numbers(text: str, *counts: int) -> list[float]:
    values = [float(word) for word in re.split(r"[\s,]+", text.strip())]
    if len(values) not in counts or any(map(isnan, values)):
        raise ValueError
    return values


def _call(name: str, *arguments: object, **settings: object) -> Edit:
    """Defer a call of a function of `gaussrep.editing`."""

    def edit(scene: "Gaussians") -> "Gaussians":
        from gaussrep import editing

        return getattr(editing, name)(scene, *arguments, **settings)

    return edit


def _crop(text: str) -> Edit:
    values = _numbers(text, 4, 6)
    if len(values) == 4:
        if not values[3] >= 0:
            raise ValueError
        return _call("crop_sphere", values[:3], values[3])
    low, high = values[:3], values[3:]
    if any(a > b for a, b in zip(low, high, strict=True)):
        raise ValueError
    return _call("crop_box", low, high)


def _prune(text: str) -> Edit:
    if not text:
        return _call("prune")
    (opacity,) = _numbers(text, 1)
    if not 0 <= opacity <= 1:
        raise ValueError
    return _call("prune", min_opacity=opacity)


def _positive(text: str) -> float:
    (value,) = _numbers(text, 1)
    if not (isfinite(value) and value > 0):
        raise ValueError
    return value


def _prune_large(text: str) -> Edit:
    return _call("prune", min_opacity=0, max_scale=_positive(text))


def _floaters(text: str) -> Edit:
    return _call("remove_floaters", _positive(text) if text else 2.0)


def _decimate(text: str) -> Edit:
    if text.endswith("%"):
        percent = float(text[:-1])
        if not 0 < percent <= 100:
            raise ValueError
        return partial(_decimate_fraction, percent / 100)
    count = int(text)
    if count < 1:
        raise ValueError
    return _call("decimate", count)


def _decimate_fraction(fraction: float, scene: "Gaussians") -> "Gaussians":
    from gaussrep.editing import decimate

    return decimate(scene, max(1, round(fraction * scene.count)))


def _move(name: str, text: str) -> Edit:
    values = _numbers(text, 3)
    if not all(map(isfinite, values)):
        raise ValueError
    return _call(name, values)


def _transform(text: str) -> Edit:
    if text and "," not in text:
        try:
            text = Path(text).read_text(encoding="utf-8")
        except OSError as error:
            raise ConfigError(f"transform={text}: cannot be read: {error.strerror}.") from error
    values = _numbers(text, 16)
    if not all(map(isfinite, values)) or values[12:] != [0, 0, 0, 1]:
        raise ValueError

    def edit(scene: "Gaussians") -> "Gaussians":
        matrix = scene.means.new_tensor(values).view(4, 4)
        return scene.transform(matrix)

    return edit


def _bare(edit: Edit | None, text: str) -> Edit | None:
    if text:
        raise ValueError
    return edit


ACTIONS: Mapping[str, Kind] = {
    "crop": Kind(
        "crop=x,y,z,X,Y,Z or crop=x,y,z,RADIUS",
        "Keep the centers in a box from x,y,z to X,Y,Z, or in a sphere; inf leaves a side open.",
        _crop,
    ),
    "prune": Kind(
        "prune or prune=OPACITY",
        "Remove what no renderer draws (opacity below 1/255), or below another opacity.",
        _prune,
    ),
    "prune.max_scale": Kind(
        "prune.max_scale=LENGTH",
        "Remove Gaussians whose largest standard deviation is above a length.",
        _prune_large,
    ),
    "floaters": Kind(
        "floaters or floaters=DEVIATIONS",
        "Remove Gaussians that are far from their neighbors, by 2 standard deviations or others.",
        _floaters,
        by_row=False,
    ),
    "decimate": Kind(
        "decimate=N or decimate=P%",
        "Merge Gaussians that look alike until N, or P percent, are left.",
        _decimate,
        by_row=False,
    ),
    "translate": Kind("translate=x,y,z", "Move.", partial(_move, "translate")),
    "rotate": Kind(
        "rotate=x,y,z",
        "Rotate about the origin, by degrees about the axes x, then y, then z.",
        partial(_move, "rotate"),
    ),
    "scale": Kind(
        "scale=FACTOR",
        "Scale about the origin.",
        lambda text: _call("scale", _positive(text)),
    ),
    "transform": Kind(
        "transform=FILE or transform=16 numbers",
        "Apply a 4x4 matrix, row by row, of one scale, a rotation or reflection, and an offset.",
        _transform,
    ),
    "sort": Kind(
        "sort", "Sort along a Morton curve (Z-order).", partial(_bare, _call("sort")), by_row=False
    ),
    "merge": Kind(
        "merge", "Merge all that were read so far into one.", partial(_bare, None), by_row=False
    ),
}
"""Kinds of actions by name, in the order of the help."""


def is_setting(argument: str) -> bool:
    """Check whether an argument has the form `key=value`.

    Args:
        argument: The argument; `./a=b.ply` is a file.

    Returns:
        Whether it has.
    """
    return NAMED.fullmatch(argument) is not None


def parse_action(argument: str) -> Action | None:
    """Read an argument as an action.

    Args:
        argument: `name` or `name=value`, or the name of a file.

    Returns:
        The action; None for any argument without `=` that is not an action.

    Raises:
        ConfigError: If there is no action of that name, or its value is not one.

    Examples:
        >>> parse_action("crop=0,0,0,1").text, parse_action("room.ply")
        ('crop=0,0,0,1', None)
    """
    found = NAMED.fullmatch(argument)
    name, value = found.groups() if found else (argument, "")
    kind = ACTIONS.get(name)
    if kind is None:
        if found is None:
            return None
        near = difflib.get_close_matches(name, ACTIONS, n=1)
        hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(ACTIONS)}."
        raise ConfigError(f"{argument}: there is no action {name}; {hint}")
    try:
        return Action(argument, kind.parse(value), kind.by_row)
    except ConfigError:
        raise
    except (ValueError, OverflowError) as error:
        raise ConfigError(f"{argument!r} is not an action; expected {kind.form}.") from error
