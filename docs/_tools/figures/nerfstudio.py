"""Lay out the held-out views that `ns-render dataset` rendered.

python docs/_tools/figures/nerfstudio.py OUT.png ROW… [--views N]

A ROW is a folder that holds one folder of images for each of rgb, gt-rgb, depth, …
"""

import argparse
from pathlib import Path

import numpy as np
from PIL import Image

from gaussrep.data import write_png

COLUMNS = ("gt-rgb", "rgb", "depth", "features")
GAP = 4


def sheet(rows: list[Path], views: int, height: int) -> np.ndarray:
    """Lay out one view per row: ground truth, rendering, depth, and features if present."""
    lines = [line(row, name, height) for row in rows for name in names(row, views)]
    width = max(each.shape[1] for each in lines)
    return np.concatenate(
        [np.pad(each, ((0, GAP), (0, width - each.shape[1]), (0, 0))) for each in lines]
    )[:-GAP]


def names(row: Path, views: int) -> list[str]:
    """Choose evenly spaced views."""
    every = sorted(path.name for path in (row / "rgb").iterdir())
    return [every[int((place + 0.5) * len(every) / views)] for place in range(views)]


def line(row: Path, name: str, height: int) -> np.ndarray:
    panels = [
        read_resized(row / column / name, height) for column in COLUMNS if (row / column).is_dir()
    ]
    return np.concatenate([np.pad(each, ((0, 0), (0, GAP), (0, 0))) for each in panels], axis=1)[
        :, :-GAP
    ]


def read_resized(path: Path, height: int) -> np.ndarray:
    image = Image.open(path).convert("RGB")
    width = round(image.width * height / image.height)
    return np.asarray(image.resize((width, height), Image.Resampling.LANCZOS))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Lay out views that ns-render rendered.")
    parser.add_argument("out", type=Path)
    parser.add_argument("rows", type=Path, nargs="+", metavar="ROW")
    parser.add_argument("--views", type=int, default=2)
    parser.add_argument("--height", type=int, default=180)
    args = parser.parse_args()
    write_png(sheet(args.rows, args.views, args.height), args.out)
