"""Draw the figure of the rooms: `python docs/_tools/figures/rooms.py OUT.png`."""

import sys
from pathlib import Path

import numpy as np

from gaussrep.data import oklab_to_srgb, write_png
from gaussrep_rooms.classes import Label
from gaussrep_rooms.config import RoomsConfig
from gaussrep_rooms.room import Room, make_room

NUMBERS = (5, 9, 2, 3)
"""A living room, a study, a kitchen and a bathroom."""
CONFIG = RoomsConfig(height=150, width=200, points=60_000)
GAP = 4


def sheet() -> np.ndarray:
    """Lay out one room per row: image, depth (nearer is brighter), labels, points from above."""
    return np.concatenate([row(make_room(0, number, CONFIG)) for number in NUMBERS])


def row(room: Room) -> np.ndarray:
    best = max(range(CONFIG.frames), key=lambda number: variety(room.labels[number]))
    frame, labels = room.frames[best], room.labels[best]
    near = np.where(frame.depth > 0, 1 - 0.9 * frame.depth / frame.depth.max(), 0)
    panels = [frame.image / 255, np.repeat(near[..., None], 3, axis=2), label_colors()[labels]]
    panels.append(from_above(room, CONFIG.height))
    return np.round(255 * np.concatenate([framed(p) for p in panels], axis=1)).astype(np.uint8)


def variety(labels: np.ndarray) -> int:
    """Count the classes that cover more than 1% of an image."""
    return int((np.bincount(labels.ravel() + 1, minlength=21)[1:] > labels.size / 100).sum())


def label_colors() -> np.ndarray:
    """Choose a color per class; the last one, dark, marks unlabeled pixels."""
    places = np.arange(len(Label))
    hues, light = 2.4 * places, 0.62 + 0.13 * (places % 3)
    colors = oklab_to_srgb(np.column_stack([light, 0.13 * np.cos(hues), 0.13 * np.sin(hues)]))
    return np.concatenate([colors, [[0.1, 0.1, 0.1]]])


def from_above(room: Room, size: int) -> np.ndarray:
    """Render the cloud from above to a square image; higher points hide lower ones."""
    points, colors = room.cloud.points.numpy(), room.cloud.colors.numpy()
    low, high = points[:, :2].min(axis=0), points[:, :2].max(axis=0)
    scale = (size - 5) / (high - low).max()
    corner = size / 2 + (points[:, :2] - (low + high) / 2) * scale
    image = np.ones((size, size, 3))
    column, row_ = corner[:, 0].astype(int), size - 1 - corner[:, 1].astype(int)
    for index in np.argsort(points[:, 2]):
        r, c = row_[index], column[index]
        image[r : r + 2, c : c + 2] = colors[index]
    return image


def framed(panel: np.ndarray) -> np.ndarray:
    return np.pad(panel.astype(float), ((0, GAP), (0, GAP), (0, 0)), constant_values=1.0)


if __name__ == "__main__":
    write_png(sheet(), Path(sys.argv[1]))
