"""Draw a scene in depth layers: `python docs/_tools/figures/layers.py OUT.svg`."""

import sys
from pathlib import Path

import torch
from drawing import image, text, write_svg

from gaussrep.cameras import Cameras
from gaussrep.fitting import known_scene
from gaussrep.rendering import render
from gaussrep.viewer.layers import gaussian_depths, layer_mask

PARTS = 4
SIZE = (900, 492)
SIDE, GAP, TOP = 200, 18.0, 34.0
RESOLUTION = 320


def drawing() -> list[str]:
    """Draw cumulative depth layers above, and each layer alone below."""
    elements = []
    for part in range(PARTS):
        start, end = part / PARTS, (part + 1) / PARTS
        x = GAP + part * (SIDE + GAP)
        elements += panel((x, TOP), f"the nearest {end:.0%}", 0.0, end)
        elements += panel((x, TOP + SIDE + 38), f"{start:.0%} to {end:.0%}", start, end)
    return elements


def panel(at: tuple[float, float], title: str, front: float, back: float) -> list[str]:
    return [text((at[0] + SIDE / 2, at[1] - 10), title), image(cut(front, back), at, SIDE)]


def cut(front: float, back: float) -> torch.Tensor:
    """Render the Gaussians between two fractions of the depth order, over white."""
    gaussians, eye = known_scene(), torch.tensor([[0.4, -3.2, 1.1]])
    target, up = torch.tensor([0.0, 0.0, 0.25]), torch.tensor([0.0, 0.0, 1.0])
    cameras = Cameras.look_at(eye, target, up, RESOLUTION, RESOLUTION, fov=38.0)
    kept = layer_mask(gaussian_depths(gaussians, "camera", cameras), front, back)
    return render(gaussians[kept], cameras, background=torch.ones(3)).color[0]


if __name__ == "__main__":
    write_svg(drawing(), SIZE, Path(sys.argv[1]))
