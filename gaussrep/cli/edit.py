"""`gaussrep edit`: a chain of actions on files of Gaussians."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gaussrep.cli.actions import ACTIONS, Action, is_setting, parse_action
from gaussrep.cli.chain import Chain
from gaussrep.cli.checks import require_output
from gaussrep.cli.reading import AxesOption, StrictOption, require_readable, takes_axes
from gaussrep.cli.settings_help import ListingCommand
from gaussrep.config import resolve
from gaussrep.config.overrides import parse_overrides
from gaussrep.errors import ConfigError
from gaussrep.formats.suffixes import format_of
from gaussrep.runtime.console import Progress, print_table

if TYPE_CHECKING:
    from gaussrep.gaussians import Gaussians

Step = Path | Action
ORDER = "IN [ACTION|IN]... OUT [KEY=VALUE]..."
"""Order of the arguments."""


class EditCommand(ListingCommand):
    """`gaussrep edit`, whose help lists the actions."""

    def _print_list(self, args: Sequence[str]) -> None:
        print_table(("action", "meaning"), [[kind.form, kind.meaning] for kind in ACTIONS.values()])

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """Write the arguments in the order in which they are given.

        Args:
            ctx: Click's context.

        Returns:
            Parts of the line of usage.
        """
        return [ORDER, "[OPTIONS]"]


def edit(
    arguments: Annotated[
        list[str],
        typer.Argument(
            metavar=ORDER,
            help="Files to read, each with the actions on it; the file to write, overwritten; "
            "settings of its format.",
        ),
    ],
    axes: AxesOption = None,
    strict: StrictOption = False,
) -> None:
    """Edit files of Gaussians by actions, done from left to right, and write the result."""
    steps, out, settings = _split(arguments)
    reading = _reading(steps, axes, strict=strict)
    require_output("OUT", out)
    resolve("formats", {**settings, "type": format_of(out, reading=False)})

    if all(isinstance(step, Path) or step.by_row for step in steps):
        count = _run_in_parts(steps, reading, out, settings)
    else:
        scene = _run(steps, reading)
        with Progress(f"writing {out}"):
            from gaussrep.formats.by_suffix import save

            save(scene, out, **settings)
        count = scene.count
    typer.echo(f"{out}: {count} Gaussians")


def _run_in_parts(
    steps: Sequence[Step],
    reading: Mapping[Path, dict[str, Any]],
    out: Path,
    settings: dict[str, Any],
) -> int:
    """Edit one file by actions that treat every Gaussian on its own, and write the result."""
    (source,) = reading
    chain = Chain([step for step in steps if isinstance(step, Action)])
    with Progress(f"editing {source}") as progress:
        from gaussrep.formats.converting import Editing, convert_file

        editing = Editing(chain.apply, chain.check, progress.update)
        count = convert_file(source, out, reading[source], settings, editing)
    chain.print()
    return count


def _split(arguments: Sequence[str]) -> tuple[list[Step], Path, dict[str, Any]]:
    """Split arguments into steps, the file to write, and settings of its format.

    The file to write is the last argument that is not a `key=value`.
    """
    end = len(arguments)
    while end and is_setting(arguments[end - 1]):
        end -= 1
    last = parse_action(arguments[end - 1]) if end else None
    if end < 2 or last is not None:
        raise ConfigError(
            f"{' '.join(arguments)}: expected a file to read, actions, and a file to write, such "
            "as: gaussrep edit in.ply prune sort out.ply."
        )
    steps = [parse_action(text) or _file(text) for text in arguments[: end - 1]]
    _check_order(steps)
    return steps, Path(arguments[end - 1]), parse_overrides(arguments[end:])


def _file(text: str) -> Path:
    if not Path(text).suffix:
        raise ConfigError(
            f"{text} is neither an action nor a file of Gaussians; "
            f"actions are {', '.join(ACTIONS)}."
        )
    return Path(text)


def _check_order(steps: Sequence[Step]) -> None:
    count = 0
    for step in steps:
        if isinstance(step, Path):
            count += 1
        elif count == 0:
            raise ConfigError(f"{step.text} comes before any file; name the file to read first.")
        elif step.edit is None:
            count = 1
    if count > 1:
        raise ConfigError(
            f"{count} scenes are read and not merged; add merge before the file to write, which "
            "is the last file."
        )


def _reading(
    steps: Sequence[Step], axes: str | None, *, strict: bool
) -> Mapping[Path, dict[str, Any]]:
    """Settings for reading each file; `--axes` applies to formats that have this setting."""
    files = [step for step in steps if isinstance(step, Path)]
    some = any(map(takes_axes, files))
    return {
        file: require_readable(file, axes if takes_axes(file) or not some else None, strict=strict)
        for file in files
    }


def _run(steps: Sequence[Step], reading: Mapping[Path, dict[str, Any]]) -> "Gaussians":
    scenes: list[Gaussians] = []
    for step in steps:
        if isinstance(step, Path):
            with Progress(f"reading {step}"):
                from gaussrep.formats.by_suffix import load

                scenes.append(load(step, **reading[step]))
        elif step.edit is None:
            from gaussrep.editing import merge

            scenes = [merge(scenes)]
        else:
            scenes[-1] = _edit(step, scenes[-1])
    return scenes[-1]


def _edit(action: Action, scene: "Gaussians") -> "Gaussians":
    chain = Chain([action])
    with Progress(action.text):
        edited = chain.apply(scene)
    chain.check()
    chain.print()
    return edited
