"""Puts tables, made from the JSON files in `results`, into pages when these are built (mkdocs)."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from tables.formats import garden_table, readers_table, synthetic_table
from tables.gmae_cost import gmae_cost_table
from tables.render import render_table
from tables.scores import (
    ablations_table,
    cifar10_table,
    edges_table,
    figure_ground_table,
    room_table,
    rooms_table,
from tables.nerfstudio import fits_table, starts_table
)
from tables.sparse_unet import sparse_unet_table

TABLES: Mapping[str, Callable[[], str]] = {
    "render": render_table,
    "gmae-cost": gmae_cost_table,
    "cifar10": cifar10_table,
    "edges": edges_table,
    "figure-ground": figure_ground_table,
    "room": room_table,
    "rooms": rooms_table,
    "rooms-ablations": ablations_table,
    "sparse-unet": sparse_unet_table,
    "formats-garden": garden_table,
    "formats-synthetic": synthetic_table,
    "format-readers": readers_table,
}
"""What makes each table, by the name in its mark, `<!-- table: name -->`."""


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Put the tables where a page marks their places."""
    return re.sub(r"<!-- table: ([\w-]+) -->", lambda mark: TABLES[mark[1]](), markdown)
    "nerfstudio-fits": fits_table,
    "nerfstudio-starts": starts_table,
