"""Write the generated parts of the pages: tables, examples and the reference.

python docs/_tools/pages.py          writes them into the pages of docs/
python docs/_tools/pages.py --check  names the pages that are out of date

A generated part is between the marks `<!-- table: NAME -->` and `<!-- end -->`. Tables come from
the JSON files in `benchmarks/results`, examples from `examples/`, the reference from commands and
configuration classes.
"""

import re
import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from gaussrep.fitting.config import FitConfig
from gaussrep.plugins.records import KINDS
from gaussrep.training.config import TrainConfig
from reference.commands import commands_page
from reference.components import components_page
from reference.settings import settings_tables
from tables.busy import busy_table
from tables.data import data_table
from tables.decimation import decimation_table
from tables.formats import (
    files_speed_table,
    garden_table,
    memory_table,
    readers_table,
    sog_speed_table,
    streaming_table,
    synthetic_table,
)
from tables.gmae_cost import gmae_cost_table
from tables.gpu import gpu_speed_table, gpu_training_table
from tables.nerfstudio import fits_table, starts_table, strategies_table
from tables.processes import processes_table
from tables.pytorch3d import contract_table, speed_table
from tables.render import render_table
from tables.render_builds import render_builds_table
from tables.render_stages import render_stages_table
from tables.render_threads import render_threads_table
from tables.scores import (
    ablations_table,
    cifar10_differences_table,
    cifar10_table,
    depth_order_differences_table,
    depth_order_table,
    depth_views_differences_table,
    depth_views_table,
    edges_differences_table,
    edges_table,
    figure_ground_differences_table,
    figure_ground_table,
    fine_tuning_differences_table,
    fine_tuning_table,
    room_table,
    rooms_differences_table,
    rooms_table,
)
from tables.sparse_unet import sparse_unet_table
from tables.triton_compile import triton_compile_table

TABLES: Mapping[str, Callable[[], str]] = {
    "render": render_table,
    "render-builds": render_builds_table,
    "render-stages": render_stages_table,
    "render-threads": render_threads_table,
    "gmae-cost": gmae_cost_table,
    "cifar10": cifar10_table,
    "cifar10-differences": cifar10_differences_table,
    "edges": edges_table,
    "edges-differences": edges_differences_table,
    "figure-ground": figure_ground_table,
    "figure-ground-differences": figure_ground_differences_table,
    "depth-order": depth_order_table,
    "depth-order-differences": depth_order_differences_table,
    "depth-views": depth_views_table,
    "depth-views-differences": depth_views_differences_table,
    "room": room_table,
    "rooms": rooms_table,
    "rooms-differences": rooms_differences_table,
    "rooms-fine-tuning": fine_tuning_table,
    "rooms-fine-tuning-differences": fine_tuning_differences_table,
    "rooms-ablations": ablations_table,
    "processes": processes_table,
    "sparse-unet": sparse_unet_table,
    "formats-garden": garden_table,
    "formats-synthetic": synthetic_table,
    "formats-speed": files_speed_table,
    "formats-memory": memory_table,
    "formats-streaming": streaming_table,
    "sog-speed": sog_speed_table,
    "format-readers": readers_table,
    "busy": busy_table,
    "data": data_table,
    "decimation": decimation_table,
    "fit-strategies": strategies_table,
    "nerfstudio-fits": fits_table,
    "nerfstudio-starts": starts_table,
    "triton-compile": triton_compile_table,
    "gpu-speed": gpu_speed_table,
    "gpu-training": gpu_training_table,
    "pytorch3d": speed_table,
    "pytorch3d-contract": contract_table,
}
"""Functions that generate tables, by the name in the mark `<!-- table: name -->`."""


PROGRAM = ("commands",)
"""Kinds of components that are documented on the page of commands."""
REFERENCE: Mapping[str, Callable[[], str]] = {
    "commands": commands_page,
    "train": partial(settings_tables, TrainConfig),
    "fit": partial(settings_tables, FitConfig),
    **{kind: partial(components_page, kind) for kind in KINDS if kind not in PROGRAM},
}
"""Functions that generate reference sections, by the name in the mark
`<!-- reference: name -->`."""


DOCS = Path(__file__).parents[1]
EXAMPLES = DOCS.parent / "examples"
PART = re.compile(r"(<!-- (table|reference|example): ([\w-]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def fill(markdown: str) -> str:
    """Return a page with its generated parts up to date."""
    return PART.sub(lambda part: f"{part[1]}\n{_generate(part[2], part[3])}\n\n{part[4]}", markdown)


def pages() -> list[Path]:
    """Return the pages that have generated parts."""
    return [p for p in sorted(DOCS.rglob("*.md")) if PART.search(p.read_text(encoding="utf-8"))]


def _generate(kind: str, name: str) -> str:
    if kind == "example":
        return f"```python\n{(EXAMPLES / f'{name}.py').read_text(encoding='utf-8')}```"
    return (TABLES if kind == "table" else REFERENCE)[name]().strip()


def main() -> None:
    """Write the pages, or name those that are out of date."""
    old = {page: page.read_text(encoding="utf-8") for page in pages()}
    stale = {page: new for page, text in old.items() if (new := fill(text)) != text}
    if "--check" not in sys.argv:
        for page, text in stale.items():
            page.write_text(text, encoding="utf-8")
    elif stale:
        names = ", ".join(str(page.relative_to(DOCS.parent)) for page in stale)
        sys.exit(f"out of date: {names}; run `make docs-pages`")


if __name__ == "__main__":
    main()
