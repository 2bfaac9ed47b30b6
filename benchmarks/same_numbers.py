"""Show that two checkouts compute the same numbers: renders, files and losses on fixed seeds.

python benchmarks/same_numbers.py BEFORE AFTER [--out FILE]
python benchmarks/same_numbers.py BEFORE --out FILE

BEFORE and AFTER are folders of checkouts, or files that an earlier call wrote with --out. One
folder alone is measured and kept. Exits with 1 if any digest differs, is only in one of the two, or
could not be computed. Names of tensors and columns may differ: what has another name in AFTER is
found by its content.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np

from number_parts import unpack

PROBE = Path(__file__).with_name("same_numbers_probe.py")
PLUGINS = ("plugins/*", "examples/*")
SHOWN = 6
"""Most parts of one item that are named if they differ."""

Part = Mapping[str, Any]
Item = Mapping[str, Any]
Measured = dict[str, Any]


@dataclass(frozen=True)
class Row:
    """How one item compares.

    Args:
        name: What was computed.
        status: `equal`, `differs`, `fails`, `only in before` or `only in after`.
        notes: Which parts differ by how much, what was raised, or what was renamed.
    """

    name: str
    status: str
    notes: tuple[str, ...] = ()


def compare(before: Mapping[str, Item], after: Mapping[str, Item]) -> list[Row]:
    """Compare all items of two checkouts.

    Args:
        before: Items by name, each with its `parts`, or the `error` that it raised.
        after: The same of the other checkout.

    Returns:
        One row per name.
    """
    names = [*before, *(name for name in after if name not in before)]
    return [compare_items(name, before.get(name), after.get(name)) for name in names]


def compare_items(name: str, before: Item | None, after: Item | None) -> Row:
    if before is None or after is None:
        return Row(name, "only in after" if before is None else "only in before")
    both = (("before", before), ("after", after))
    raised = tuple(f"{where}: {item['error']}" for where, item in both if "error" in item)
    if raised:
        return Row(name, "fails", raised)
    return compare_parts(name, before["parts"], after["parts"])


def compare_parts(name: str, before: Mapping[str, Part], after: Mapping[str, Part]) -> Row:
    differing, renamed = [], []
    for old, new in pairs(before, after):
        if old is None or new is None:
            differing.append(
                f"{new} is only in after" if old is None else f"{old} is only in before"
            )
        elif before[old]["digest"] != after[new]["digest"]:
            title = old if old == new else f"{old} → {new}"
            differing.append(f"{title} {difference(before[old], after[new])}")
        elif old != new:
            renamed.append(f"{old} → {new}")
    if differing:
        count = f"{len(differing)} of {max(len(before), len(after))} parts"
        return Row(name, "differs", (count, *few(differing)))
    return Row(name, "equal", (f"{len(renamed)} renamed", *few(renamed)) if renamed else ())


def pairs(
    before: Mapping[str, Part], after: Mapping[str, Part]
) -> Iterator[tuple[str | None, str | None]]:
    """Labels that belong together: by name, then by content, then in order."""
    yield from ((label, label) for label in before if label in after)
    new = [label for label in after if label not in before]
    left = []
    for label in (label for label in before if label not in after):
        digest = before[label]["digest"]
        found = next((other for other in new if after[other]["digest"] == digest), None)
        if found is None:
            left.append(label)
        else:
            new.remove(found)
            yield label, found
    yield from zip_longest(left, new)


def difference(before: Part, after: Part) -> str:
    """Describe the difference of two parts with different digests."""
    if before["size"] != after["size"]:
        return f"has size {after['size']}, before {before['size']}"
    if "values" not in before or "values" not in after:
        return "has other bytes"
    old, new = unpack(before["values"]), unpack(after["values"])
    same = (old == new) | (np.isnan(old) & np.isnan(new))
    with np.errstate(invalid="ignore"):
        apart = np.nan_to_num(np.abs(old - new), nan=np.inf)
    most = float(np.where(same, 0.0, apart).max(initial=0.0))
    thinned = len(old) < before["size"]
    if most == 0.0:
        return (
            "has other bytes, though the values kept are equal"
            if thinned
            else "is stored otherwise"
        )
    return f"by {'at least ' if thinned else ''}{most:.3g}, {(~same).sum()} of {len(old)} values"


def few(notes: list[str]) -> list[str]:
    rest = len(notes) - SHOWN
    return [*notes[:SHOWN], f"and {rest} more"] if rest > 0 else notes


def measure(given: Path) -> Measured:
    """The items of a checkout, computed now or read from a file that this script wrote."""
    if given.is_file():
        return read(given)
    if not (given / "gaussrep").is_dir():
        sys.exit(f"error: {given} is neither a checkout nor a file that --out wrote")
    print(f"{given}:", file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory() as name:
        folder, checkout = Path(name), given.resolve()
        (folder / "work").mkdir()
        out = folder / "numbers.json"
        command = [sys.executable, "-P", str(PROBE), str(checkout), str(out)]
        variables = environment(checkout, folder)
        variables["PYTHONPATH"] += f"{os.pathsep}{PROBE.parent}"  # after the checkout
        done = subprocess.run(command, cwd=folder / "work", env=variables, check=False)
        if done.returncode or not out.exists():
            sys.exit(f"error: the probe of {given} ended with {done.returncode}")
        return {"commit": commit(checkout), **json.loads(out.read_text(encoding="utf-8"))}


def read(file: Path) -> Measured:
    """The items of the first checkout that a file holds."""
    try:
        return json.loads(file.read_text(encoding="utf-8"))["before"]
    except (ValueError, TypeError, KeyError):
        sys.exit(f"error: {file} is not a file that --out wrote")


def environment(checkout: Path, folder: Path) -> dict[str, str]:
    """Variables with which a checkout and its own plugins are imported, and no others."""
    packages = [path for pattern in PLUGINS for path in sorted(checkout.glob(pattern))]
    plugins = register(packages, folder / "metadata")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("GAUSSREP_", "PYTHON"))}
    return kept | {
        "PYTHONPATH": os.pathsep.join(map(str, [folder / "metadata", checkout, *packages])),
        "PYTHONSAFEPATH": "1",
        "PYTHONHASHSEED": "0",
        "GAUSSREP_PLUGINS": ",".join(plugins),
        "NUMBA_CACHE_DIR": str(folder / "numba"),
        "OMP_NUM_THREADS": "1",
        "COLUMNS": "200",
    }


def register(packages: list[Path], metadata: Path) -> list[str]:
    """Write the metadata of distributions as if they were installed, before any that are.

    Returns:
        The names of those that have plugins.
    """
    names = []
    for file in filter(Path.exists, (path / "pyproject.toml" for path in packages)):
        project = tomllib.loads(file.read_text(encoding="utf-8"))["project"]
        if entry_points := project.get("entry-points", {}).get("gaussrep"):
            name, version = project["name"], project.get("version", "0.1.0")
            info = metadata / f"{name.replace('-', '_')}-{version}.dist-info"
            info.mkdir(parents=True)
            head = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
            (info / "METADATA").write_text(head, encoding="utf-8")
            lines = ["[gaussrep]", *(f"{key} = {value}" for key, value in entry_points.items())]
            (info / "entry_points.txt").write_text("\n".join([*lines, ""]), encoding="utf-8")
            names.append(name)
    return names


def commit(checkout: Path) -> str:
    """The commit of a checkout, marked if files were changed since."""
    command = ["git", "-C", str(checkout), "describe", "--always", "--dirty", "--abbrev=12"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


def report(rows: list[Row]) -> bool:
    """Print the table.

    Returns:
        Whether all is equal.
    """
    width = max((len(row.name) for row in rows), default=0)
    for row in rows:
        print(f"{row.name:<{width}}  {row.status}")
        for note in row.notes:
            print(f"    {note}")
    equal = sum(row.status == "equal" for row in rows)
    print(f"{equal} of {len(rows)} equal")
    return 0 < equal == len(rows)


def warn_of_others(before: Measured, after: Measured) -> None:
    """Warn if the two were measured with different versions or on different machines."""
    for name, value in before["facts"].items():
        if after["facts"].get(name) != value:
            print(f"warning: {name} was {value}, is {after['facts'].get(name)}", file=sys.stderr)


def run(given: argparse.Namespace) -> int:
    before = measure(given.before)
    after, rows, same = None, [], not any("error" in item for item in before["items"].values())
    if given.after is not None:
        after = measure(given.after)
        warn_of_others(before, after)
        rows = compare(before["items"], after["items"])
        print(f"before {before['commit']}, after {after['commit']}")
        same = report(rows)
    if given.out is not None:
        content = {"before": before, "after": after, "rows": [asdict(row) for row in rows]}
        given.out.write_text(json.dumps(content), encoding="utf-8")
    return 0 if same else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Compare the numbers of two checkouts.")
    parser.add_argument("before", type=Path, help="checkout, or a file that --out wrote")
    parser.add_argument("after", type=Path, nargs="?", help="checkout, or such a file")
    parser.add_argument("--out", type=Path, help="JSON file: digests, values and the comparison")
    arguments = parser.parse_args()
    if arguments.after is None and arguments.out is None:
        parser.error("give AFTER, --out FILE, or both")
    sys.exit(run(arguments))
