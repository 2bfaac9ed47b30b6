"""`gaussrep convert`: convert between file formats."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from gaussrep.cli.checks import require_output
from gaussrep.cli.loading import loading
from gaussrep.cli.options import ShardOption
from gaussrep.cli.reading import AxesOption, StrictOption, require_readable
from gaussrep.config import resolve
from gaussrep.config.overrides import parse_overrides
from gaussrep.errors import ConfigError, FormatError, GaussrepError
from gaussrep.formats.suffixes import format_of, suffixes
from gaussrep.runtime.console import Progress
from gaussrep.runtime.work_shares import WorkShare


def convert(
    source: Annotated[
        Path, typer.Argument(metavar="IN", help="File of Gaussians to read, or a folder of them.")
    ],
    target: Annotated[
        Path, typer.Argument(metavar="OUT", help="File to write, overwritten; or a folder.")
    ],
    overrides: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[KEY=VALUE]...", help="Settings of OUT's format, such as version=2."
        ),
    ] = None,
    axes: AxesOption = None,
    strict: StrictOption = False,
    to: Annotated[
        str | None, typer.Option(help="Suffix of the files to write into a folder, such as spz.")
    ] = None,
    shard: ShardOption = None,
) -> None:
    """Convert a file of Gaussians to the format of OUT's suffix, or all files of a folder.

    Files that are in the folder OUT already are kept, so a killed command is run again.
    """
    settings = parse_overrides(overrides or [])
    if source.is_dir() and to is not None:
        _convert_folder(source, target, f".{to.lstrip('.')}", settings, axes, strict, shard)
        return
    if to is not None or shard is not None:
        raise ConfigError(f"--to and --shard are for a folder, and {source} is none")
    reading = require_readable(source, axes, strict=strict)
    require_output("OUT", target)
    resolve("formats", {**settings, "type": format_of(target, reading=False)})

    with Progress(f"converting {source}") as progress:
        from gaussrep.formats.converting import Editing, convert_file

        editing = Editing(report=progress.update)
        count = convert_file(source, target, reading, settings, editing)
    typer.echo(f"{target}: {count} Gaussians")


def _convert_folder(
    source: Path,
    target: Path,
    suffix: str,
    settings: dict[str, Any],
    axes: str | None,
    strict: bool,
    shard: str | None,
) -> None:
    share = WorkShare.parse(shard)
    planned = list(share.of(list(_plan(source, target, suffix).items())))
    if planned:
        resolve("formats", {**settings, "type": format_of(planned[0][1], reading=False)})
    with loading("convert files"):
        from gaussrep.formats.converting import convert_file
    counts: Counter[str] = Counter()
    with Progress("file", len(planned)) as progress:
        for done, (file, out) in enumerate(planned, start=1):
            outcome, reason = "kept", ""
            if not out.exists():
                try:
                    out.parent.mkdir(parents=True, exist_ok=True)
                    reading = require_readable(file, axes, strict=strict)
                    convert_file(file, out, reading, settings)
                    outcome = "written"
                except (GaussrepError, OSError) as error:
                    outcome, reason = "failed", f": {error}"
            counts[outcome] += 1
            typer.echo(f"{out}: {outcome}{reason}")
            progress.update(done)
    typer.echo(", ".join(f"{count} {outcome}" for outcome, count in counts.items()) or "no file")
    if counts["failed"]:
        raise typer.Exit(1)


def _plan(source: Path, target: Path, suffix: str) -> Mapping[Path, Path]:
    """Find the files of Gaussians of a folder, and name the file to write of each.

    Raises:
        FormatError: There is none, or two of them would become one file.
    """
    format_of(Path(f"a{suffix}"), reading=False)
    endings = [each for each in suffixes(reading=True) if each.startswith(".")]
    planned: dict[Path, Path] = {}
    taken: dict[Path, Path] = {}
    for file in sorted(path for path in source.rglob("*") if path.is_file()):
        fitting = (ending for ending in endings if file.name.lower().endswith(ending))
        ending = max(fitting, key=len, default="")
        if not ending or file.is_relative_to(target):
            continue
        out = target / file.relative_to(source).with_name(file.name[: -len(ending)] + suffix)
        if out in taken:
            raise FormatError(f"{taken[out]} and {file} would both become {out}; rename one")
        planned[file], taken[out] = out, file
    if not planned:
        raise FormatError(f"{source}: holds no file of Gaussians")
    return planned
