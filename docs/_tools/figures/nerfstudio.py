"""Lay out what `ns-render dataset` drew of held-out views.

python docs/_tools/figures/nerfstudio.py OUT.png ROW… [--views N]

A ROW is a folder that holds one folder of pictures for each of rgb, gt-rgb, depth, …
"""

import argparse
from pathlib import Path

import numpy as np
from PIL import Image

from gaussrep.data import write_png

COLUMNS = ("gt-rgb", "rgb", "depth", "features")
GAP = 4


def sheet(rows: list[Path], views: int, height: int) -> np.ndarray:
    """A line a view: truth, picture, depth, and features where there are any."""
    lines = [line(row, name, height) for row in rows for name in names(row, views)]
    width = max(each.shape[1] for each in lines)
    return np.concatenate(
        [np.pad(each, ((0, GAP), (0, width - each.shape[1]), (0, 0))) for each in lines]
    )[:-GAP]


def names(row: Path, views: int) -> list[str]:
    """Views that lie evenly among those that were drawn."""
    every = sorted(path.name for path in (row / "rgb").iterdir())
    return [every[int((place + 0.5) * len(every) / views)] for place in range(views)]


def line(row: Path, name: str, height: int) -> np.ndarray:
    panels = [picture(row / column / name, height) for column in COLUMNS if (row / column).is_dir()]
    return np.concatenate([np.pad(each, ((0, 0), (0, GAP), (0, 0))) for each in panels], axis=1)[
        :, :-GAP
    ]


def picture(path: Path, height: int) -> np.ndarray:
    image = Image.open(path).convert("RGB")
    width = round(image.width * height / image.height)
    return np.asarray(image.resize((width, height), Image.Resampling.LANCZOS))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Lay out what ns-render drew.")
    parser.add_argument("out", type=Path)
    parser.add_argument("rows", type=Path, nargs="+", metavar="ROW")
    parser.add_argument("--views", type=int, default=2)
    parser.add_argument("--height", type=int, default=180)
    given = parser.parse_args()
    write_png(sheet(given.rows, given.views, given.height), given.out)
