"""Tables of file formats: sizes, losses and agreement with other programs."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from tables.markdown import ABSENT, origin, read_results, table

LOSSLESS_DB = 100
"""PSNR at which images count as equal; the benchmark clips it there."""
SMALL = 1e-5
"""Differences below this value are float32 rounding."""
HEAD = ("file", "bytes per Gaussian", "PSNR, dB", "center", "scale", "orientation", "color, SH")


def losses_table(scene: str) -> str:
    """Generate the table of sizes and losses of every format on one scene.

    Args:
        scene: Its name in the results.
    """
    content = read_results("formats")
    rows = [row for row in content["results"] if row["scene"] == scene]
    caption = f"{content['definitions'][scene]}; {origin(content)}"
    return table(HEAD, [_losses(row) for row in rows], caption)


garden_table = partial(losses_table, "garden")
synthetic_table = partial(losses_table, "synthetic")


def readers_table() -> str:
    """Generate the table of comparisons with other readers and writers."""
    content = read_results("format-readers")
    head = ["file", "written by", "read by", "compared with", "largest difference", "remark"]
    body = [_check(row) for row in content["checks"]]
    count, degree = content["gaussians"], content["sh_degree"]
    return table(head, body, f"{count:,} Gaussians, SH of degree {degree}; {content['date'][:10]}")


def files_speed_table() -> str:
    """Generate the table of times and memory of every program."""
    content = read_results("formats-speed")
    head = ["file", "million", "SH degree", "program", "load, s", "save, s", "file, MiB",
            "scene, MiB", "peak, MiB"]  # fmt: skip
    body = [_speed(row) for row in content["results"]]
    loads = sorted(row["load_average"] for row in content["results"])
    names = ", ".join(f"{name} {content[name]}" for name in ("gsply", "plyfile", "gaussforge"))
    names += f"; before: {content['before'][:7]}" if "before" in content else ""
    caption = (
        f"seconds of processor time, in brackets elapsed, medians of {content['repeats']}; SPZ "
        f"and SOG once; {names}; load average {loads[0]:.0f} to {loads[-1]:.0f}; {origin(content)}"
    )
    return table(head, body, caption)


def _speed(row: Mapping[str, Any]) -> list[str]:
    start = [row["suffix"], f"{row['gaussians'] / 1e6:g}", str(row["sh_degree"]), row["program"]]
    if "failed" in row:
        return [*start, f"fails: {row['failed']}", *[ABSENT] * 4]
    times = [f"{row[f'{key}_cpu']:.3g} ({row[f'{key}_wall']:.3g})" for key in ("load", "save")]
    return [*start, *times, *(_shown(row[key]) for key in ("written_mib", "scene_mib", "peak_mib"))]


def streaming_table() -> str:
    """Generate the table of conversions with a limit on the address space."""
    content = read_results("formats-streaming")
    head = [
        "from",
        "to",
        "seconds of processor time",
        "elapsed",
        "peak, MiB",
        "read, MiB",
        "written, MiB",
    ]
    keys = ("cpu", "wall", "peak_mib", "read_mib", "written_mib")
    body = [
        [
            f"`{row.get('source', '.ply')}`",
            f"`{row['target']}`",
            *(_shown(row[key]) for key in keys),
        ]
        for row in content["results"]
    ]
    count = content["results"][0]["gaussians"]
    caption = (
        f"{count:,} Gaussians, {content['scene_mib']} MiB decoded; at most "
        f"{content['limit_mib']} MiB more than a small conversion needs; {origin(content)}"
    )
    return table(head, body, caption)


def memory_table() -> str:
    """Generate the table of the memory that loading and saving take beyond the scene."""
    content = read_results("formats-memory")
    rows = content["results"]
    degrees = sorted({row["sh_degree"] for row in rows})
    head = ["file", *(f"{verb}, SH {degree}" for degree in degrees for verb in ("load", "save"))]
    body = []
    for name in dict.fromkeys(row["file"] for row in rows):
        suffix, _, setting = name.partition(" ")
        own = [row for row in rows if row["file"] == name]
        cells = [_shown(row[key]) for row in own for key in ("load_mib", "save_mib")]
        body.append([f"`{suffix}` {setting}".strip(), *cells])
    scenes = " and ".join(f"{row['scene_mib']:.0f}" for row in rows if row["file"] == ".ply")
    caption = (
        f"MiB more than the scene, whose {rows[0]['gaussians']:,} Gaussians take {scenes} MiB; "
        f"{origin(content)}"
    )
    return table(head, body, caption)


COPY = ", PLY to PLY"
"""Suffix of a program that converts to PLY in place of SOG."""


def sog_speed_table() -> str:
    """Generate the table of conversions from PLY to SOG, beside another program."""
    content = read_results("sog-speed")
    head = [
        "scene", "program", "processor seconds", "without start and reading", "elapsed, s",
        "file, MB", "PSNR, dB",
    ]  # fmt: skip
    others = {
        (row["scene"], row["program"].removesuffix(COPY)): row["cpu"]
        for row in content["results"]
        if row["program"].endswith(COPY)
    }
    body = [
        [row["scene"], row["program"], _shown(row["cpu"]), _shown(row["cpu"] - others[key]),
         _shown(row["seconds"]), f"{row['bytes'] / 1e6:.2f}", f"{row['psnr']:.1f}"]
        for row in content["results"]
        if (key := (row["scene"], row["program"])) in others
    ]  # fmt: skip
    texts = "; ".join(f"{name}: {text}" for name, text in content["definitions"].items())
    return table(head, body, f"{texts}; medians of {content['repeats']}; {origin(content)}")


def _shown(value: str | float) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _losses(row: Mapping[str, Any]) -> list[str]:
    settings = " ".join(f"{key}={value}" for key, value in row["settings"].items())
    cells = [
        f"`{row['suffix']}` {settings}".strip(),
        f"{row['bytes_per_gaussian']:.1f}",
        "equal" if row["psnr"] >= LOSSLESS_DB else f"{row['psnr']:.1f}",
    ]
    if "means" not in row:  # in another order
        return cells + [ABSENT] * 4
    colors = _number(row["color"])
    return [
        *cells,
        _number(row["means"]),
        f"{100 * row['scales']:.1f} %" if row["scales"] > SMALL else "0",
        f"{row['degrees']:.2f}°" if row["degrees"] > SMALL else "0",
        f"{colors}, {_number(row['sh'])}" if row["sh_degree"] else colors,
    ]


def _number(value: float) -> str:
    return f"{value:.2g}" if value > SMALL else "0"


def _check(row: Mapping[str, Any]) -> list[str]:
    whole = isinstance(row["difference"], int)
    shown = str(row["difference"]) if whole else f"{row['difference']:.1g}"
    verdict = shown if row["agrees"] else f"**{shown}**"
    return [row["file"], row["writer"], row["reader"], row["against"], verdict, row["note"]]
