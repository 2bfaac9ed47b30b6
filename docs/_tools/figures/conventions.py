"""Draw the axes of camera and image: `python docs/_tools/figures/conventions.py OUT.svg`."""

import sys
from math import cos, pi, sin
from pathlib import Path

import torch
from drawing import INK, SOFT, Point, arrow, dot, hexadecimal, line, polygon, text, write_svg

from gaussrep.cameras import Cameras
from gaussrep.gaussians import Gaussians
from gaussrep.rendering import project, render

RED, GREEN, BLUE, VIOLET = "#c0392b", "#2e7d32", "#1f5fa8", "#7b3fa0"
SIZE = (860, 330)
EYE: Point = (70.0, 170.0)
PLANE = (1.0, 0.75, 1.9)
"""Half width, half height and distance of the image plane in the drawing."""
GRID: Point = (480.0, 48.0)
PIXEL = 28.0
COLUMNS, ROWS = 12, 8


def camera() -> list[str]:
    """Draw a camera from its left side; its x axis points to the reader."""
    half, tall, far = PLANE
    sides = ((-half, -tall), (half, -tall), (half, tall), (-half, tall))
    corners = [project_oblique(x, y, far) for x, y in sides]
    return [
        *(line(EYE, corner) for corner in corners),
        polygon(corners, "#dfe7f1", SOFT),
        *named_arrow(corners[0], project_oblique(-0.3, -tall, far), "u", RED, (4, 18)),
        *named_arrow(corners[0], project_oblique(-half, -0.2, far), "v", GREEN, (12, -10)),
        text(move(corners[0], 0, -8), "(0, 0)"),
        *named_arrow(EYE, project_oblique(1.1, 0, 0), "x, right", RED, (0, 18)),
        *named_arrow(EYE, project_oblique(0, 1.2, 0), "y, down", GREEN, (0, 18)),
        *named_arrow(EYE, project_oblique(0, 0, far), "z, forward", BLUE, (0, 18)),
        dot(EYE, 4, INK),
        *distant_gaussian(project_oblique(0.35, 0.1, 3.3)),
        text((215, 30), "camera axes"),
    ]


def named_arrow(start: Point, end: Point, name: str, color: str, beside: Point) -> list[str]:
    return [arrow(start, end, color), text(move(end, *beside), name, color=color)]


def distant_gaussian(at: Point) -> list[str]:
    shape = f'cx="{at[0]:.1f}" cy="{at[1]:.1f}" rx="40" ry="20" fill="{VIOLET}" fill-opacity="0.45"'
    turned = f'transform="rotate(-25 {at[0]:.1f} {at[1]:.1f})"'
    return [f"<ellipse {shape} {turned}/>", text(move(at, 0, 48), "a Gaussian")]


def project_oblique(x: float, y: float, z: float) -> Point:
    """Project a point in camera axes to the drawing."""
    return EYE[0] + 88 * z - 38 * x, EYE[1] + 72 * y + 30 * x


def move(at: Point, right: float, down: float) -> Point:
    return at[0] + right, at[1] + down


def pixels() -> list[str]:
    """Draw the rendered pixels of one Gaussian, and its ellipses."""
    gaussians, cameras = scene()
    color = render(gaussians, cameras, background=torch.ones(3)).color[0]
    places = [(row, column) for row in range(ROWS) for column in range(COLUMNS)]
    below = on_grid(COLUMNS / 2, ROWS)
    return [
        *(cell(row, column, color[row, column]) for row, column in places),
        *ellipses(gaussians, cameras),
        *(text(on_grid(u, -0.25), f"{u}") for u in range(0, COLUMNS + 1, 2)),
        *(text(move(on_grid(-0.3, v), 0, 4), f"{v}", "end") for v in range(0, ROWS + 1, 2)),
        text(move(on_grid(COLUMNS, -0.25), 12, 0), "u", "start", RED),
        text(move(on_grid(-0.3, ROWS), 0, 20), "v", "end", GREEN),
        text(move(below, 0, 22), "center of the first pixel: (0.5, 0.5)"),
        text(move(below, 0, 40), "ellipses: one and two standard deviations"),
    ]


def scene() -> tuple[Gaussians, Cameras]:
    """Make one rotated Gaussian in front of a camera of 12 x 8 pixels."""
    half = -pi / 12
    gaussians = Gaussians(
        means=torch.tensor([[0.1, 0.05, 4.0]]),
        quats=torch.tensor([[cos(half), 0.0, 0.0, sin(half)]]),
        scales=torch.tensor([[0.9, 0.4, 0.4]]),
        opacities=torch.ones(1),
        colors=torch.tensor([[0.48, 0.25, 0.63]]),
    )
    K = torch.tensor([[10.0, 0, COLUMNS / 2], [0, 10.0, ROWS / 2], [0, 0, 1]])
    return gaussians, Cameras(torch.eye(4)[None], K[None], COLUMNS, ROWS)


def cell(row: int, column: int, color: torch.Tensor) -> str:
    x, y = on_grid(column, row)
    box = f'x="{x}" y="{y}" width="{PIXEL}" height="{PIXEL}"'
    square = f'<rect {box} fill="{hexadecimal(color)}" stroke="#c9d1da" stroke-width="0.7"/>'
    return square + dot(on_grid(column + 0.5, row + 0.5), 1.6, INK)


def ellipses(gaussians: Gaussians, cameras: Cameras) -> list[str]:
    """Draw the contours of the projected Gaussian at one and two standard deviations."""
    projected = project(gaussians, cameras)
    xx, xy, yy = projected.conics[0, 0].tolist()
    root = torch.linalg.cholesky(torch.tensor([[xx, xy], [xy, yy]]).inverse())
    angles = torch.linspace(0, 2 * pi, 73)
    circle = torch.stack([angles.cos(), angles.sin()])
    center = projected.means2d[0, 0, :, None]
    outlines = [(center + sigma * root @ circle).T.tolist() for sigma in (1, 2)]
    contours = [
        polygon([on_grid(u, v) for u, v in outline], "none", VIOLET) for outline in outlines
    ]
    u, v = projected.means2d[0, 0].tolist()
    return [*contours, dot(on_grid(u, v), 3, VIOLET)]


def on_grid(u: float, v: float) -> Point:
    return GRID[0] + PIXEL * u, GRID[1] + PIXEL * v


if __name__ == "__main__":
    write_svg([*camera(), *pixels()], SIZE, Path(sys.argv[1]))
