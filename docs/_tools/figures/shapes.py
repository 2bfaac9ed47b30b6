"""Draw the figure of `shapes`: `python docs/_tools/figures/shapes.py OUT.png`."""

import sys
from pathlib import Path

import numpy as np

from gaussrep.data import oklab_to_srgb, write_png
from gaussrep.data.shapes.config import ShapesConfig
from gaussrep.data.shapes.dataset import Shapes
from gaussrep.data.shapes.scene import FAR, NEAR

COLUMNS = 12
GAP = 4


def sheet() -> np.ndarray:
    """Lay out one scene per column: image, order, depth (nearer is brighter), edges."""
    dataset = Shapes(ShapesConfig(image_size=96), "val")
    columns = []
    for index in range(COLUMNS):
        sample = {name: value.numpy() for name, value in dataset[index].items()}
        depth = (FAR - sample["depth"]) / (FAR - NEAR)
        gray = [np.repeat(panel[..., None], 3, axis=2) for panel in (depth, ~sample["edges"])]
        panels = [sample["image"].transpose(1, 2, 0), order_colors()[sample["order"]], *gray]
        columns.append(np.concatenate([framed(panel) for panel in panels]))
    return np.round(255 * np.concatenate(columns, axis=1)).astype(np.uint8)


def order_colors() -> np.ndarray:
    """Choose a color per depth rank, lighter for nearer shapes."""
    places = np.arange(7)
    hues = 4.0 + 0.75 * places
    return oklab_to_srgb(
        np.column_stack([0.25 + 0.1 * places, 0.1 * np.cos(hues), 0.1 * np.sin(hues)])
    )


def framed(panel: np.ndarray) -> np.ndarray:
    return np.pad(panel.astype(float), ((0, GAP), (0, GAP), (0, 0)), constant_values=1.0)


if __name__ == "__main__":
    write_png(sheet(), Path(sys.argv[1]))
