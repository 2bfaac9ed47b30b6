"""Elements of SVG drawings."""

from pathlib import Path

import numpy as np
import torch
from PIL import Image

from gaussrep.report.images import encode_data_url
from gaussrep.runtime.atomic_files import atomic_write

INK, SOFT = "#2b3440", "#8a95a3"
FONT = "font-family:Helvetica,Arial,sans-serif;font-size:13px"
HEAD = 7.0
"""Length of an arrow's head in pixels."""

Point = tuple[float, float]


def write_svg(elements: list[str], size: tuple[int, int], path: Path) -> None:
    """Write an SVG file with a white background."""
    width, height = size
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" style="{FONT}">'
    paper = f'<rect width="{width}" height="{height}" fill="#fff"/>'
    with atomic_write(path) as temporary:
        temporary.write_text("\n".join([head, paper, *elements, "</svg>"]) + "\n", encoding="utf-8")


def text(at: Point, words: str, anchor: str = "middle", color: str = INK) -> str:
    """Return a line of text."""
    place = f'x="{at[0]:.1f}" y="{at[1]:.1f}"'
    return f'<text {place} text-anchor="{anchor}" fill="{color}">{words}</text>'


def line(start: Point, end: Point, color: str = SOFT, width: float = 1.0) -> str:
    """Return a straight line."""
    ends = f'x1="{start[0]:.1f}" y1="{start[1]:.1f}" x2="{end[0]:.1f}" y2="{end[1]:.1f}"'
    return f'<line {ends} stroke="{color}" stroke-width="{width}"/>'


def arrow(start: Point, end: Point, color: str) -> str:
    """Return an arrow."""
    along = np.subtract(end, start) / np.hypot(*np.subtract(end, start))
    across = np.array([-along[1], along[0]])
    base = np.asarray(end) - HEAD * along
    corners = [end, base + 0.45 * HEAD * across, base - 0.45 * HEAD * across]
    return line(start, (base[0], base[1]), color, 2) + polygon(corners, color)


def polygon(corners: list, fill: str, stroke: str = "none") -> str:
    """Return a filled polygon."""
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in corners)
    return f'<polygon points="{points}" fill="{fill}" stroke="{stroke}"/>'


def dot(at: Point, radius: float, color: str) -> str:
    """Return a filled circle."""
    return f'<circle cx="{at[0]:.1f}" cy="{at[1]:.1f}" r="{radius:g}" fill="{color}"/>'


def image(color: torch.Tensor, at: Point, side: float) -> str:
    """Return a framed image, [h, w, 3], scaled to the width `side`."""
    pixels = (255 * color.clamp(0, 1)).round().to(torch.uint8).numpy()
    height = side * pixels.shape[0] / pixels.shape[1]
    box = f'x="{at[0]:.1f}" y="{at[1]:.1f}" width="{side:g}" height="{height:g}"'
    return (
        f'<image {box} href="{encode_data_url(Image.fromarray(pixels))}"/>'
        f'<rect {box} fill="none" stroke="{SOFT}"/>'
    )


def hexadecimal(color: torch.Tensor) -> str:
    """Format an RGB color in [0, 1] as a hexadecimal code."""
    return "#" + "".join(f"{round(255 * float(c)):02x}" for c in color.clamp(0, 1))
