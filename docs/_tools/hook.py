"""mkdocs hook: inserts tables, examples and the reference into pages at build time.

Tables are generated from the JSON files in `benchmarks/results`, the reference from commands and
configuration classes.
"""

import re
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from gaussrep.fitting.config import FitConfig
from gaussrep.plugins import KINDS
from gaussrep.training.config import TrainConfig
from reference.commands import commands_page
from reference.components import components_page
from reference.settings import settings_tables
from tables.formats import garden_table, readers_table, synthetic_table
from tables.gmae_cost import gmae_cost_table
from tables.nerfstudio import fits_table, starts_table
from tables.pytorch3d import contract_table, speed_table
from tables.render import render_table
from tables.render_stages import render_stages_table
from tables.render_threads import render_threads_table
from tables.scores import (
    ablations_table,
    cifar10_table,
    depth_order_table,
    edges_table,
    figure_ground_table,
    room_table,
    rooms_table,
)
from tables.sparse_unet import sparse_unet_table

TABLES: Mapping[str, Callable[[], str]] = {
    "render": render_table,
    "render-stages": render_stages_table,
    "render-threads": render_threads_table,
    "gmae-cost": gmae_cost_table,
    "cifar10": cifar10_table,
    "edges": edges_table,
    "figure-ground": figure_ground_table,
    "depth-order": depth_order_table,
    "room": room_table,
    "rooms": rooms_table,
    "rooms-ablations": ablations_table,
    "sparse-unet": sparse_unet_table,
    "formats-garden": garden_table,
    "formats-synthetic": synthetic_table,
    "format-readers": readers_table,
    "nerfstudio-fits": fits_table,
    "nerfstudio-starts": starts_table,
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


EXAMPLES = Path(__file__).parents[2] / "examples"


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Replace the marks of a page by tables, reference sections and examples."""
    markdown = re.sub(r"<!-- reference: ([\w-]+) -->", lambda mark: REFERENCE[mark[1]](), markdown)
    markdown = re.sub(r"<!-- example: (\w+) -->", lambda mark: _example(mark[1]), markdown)
    return re.sub(r"<!-- table: ([\w-]+) -->", lambda mark: TABLES[mark[1]](), markdown)


def _example(name: str) -> str:
    """Return the source of a script in `examples` as a code block."""
    return f"```python\n{(EXAMPLES / f'{name}.py').read_text(encoding='utf-8')}```"
