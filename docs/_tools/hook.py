"""Puts tables, examples and what the code says of itself into pages when these are built (mkdocs).

Tables are made from the JSON files in `results`, the reference from commands and configurations.
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
"""What makes each table, by the name in its mark, `<!-- table: name -->`."""


PROGRAM = ("commands",)
"""Kinds of components that are on the page of commands."""
REFERENCE: Mapping[str, Callable[[], str]] = {
    "commands": commands_page,
    "train": partial(settings_tables, TrainConfig),
    "fit": partial(settings_tables, FitConfig),
    **{kind: partial(components_page, kind) for kind in KINDS if kind not in PROGRAM},
}
"""What makes each part of the reference, by the name in its mark, `<!-- reference: name -->`."""


EXAMPLES = Path(__file__).parents[2] / "examples"


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Put tables, parts of the reference and examples where a page marks their places."""
    markdown = re.sub(r"<!-- reference: ([\w-]+) -->", lambda mark: REFERENCE[mark[1]](), markdown)
    markdown = re.sub(r"<!-- example: (\w+) -->", lambda mark: _example(mark[1]), markdown)
    return re.sub(r"<!-- table: ([\w-]+) -->", lambda mark: TABLES[mark[1]](), markdown)


def _example(name: str) -> str:
    """A script as it stands in `examples`, for its mark, `<!-- example: name -->`."""
    return f"```python\n{(EXAMPLES / f'{name}.py').read_text(encoding='utf-8')}```"
