"""Draw a scene with three renderers: `python docs/_tools/figures/spheres.py OUT.svg`."""

import sys
from pathlib import Path

import torch
from drawing import image, text, write_svg

from gaussrep.cameras import Cameras
from gaussrep.fitting import known_scene
from gaussrep.rendering import render

SIZE = (744, 214)
SIDE, TOP, GAP = 240.0, 30.0, 6.0
RESOLUTION = (480, 360)


def drawing() -> list[str]:
    """Render the known scene with each renderer; measure the difference of the first two."""
    eye, target = torch.tensor([[-1.9, -2.4, 1.5]]), torch.tensor([0.0, 0.0, 0.25])
    cameras = Cameras.look_at(eye, target, torch.tensor([0.0, 0.0, 1.0]), *RESOLUTION, fov=42.0)
    images = {
        name: render(known_scene(), cameras, name, torch.ones(3)).color[0]
        for name in ("cpu", "pytorch3d", "pulsar")
    }
    apart = (images["cpu"] - images["pytorch3d"]).abs().max().item()
    titles = {"pytorch3d": f"pytorch3d, within {apart:.0e} of cpu"}
    elements = []
    for number, (name, color) in enumerate(images.items()):
        left = GAP + number * (SIDE + GAP)
        elements.append(text((left + SIDE / 2, TOP - 10), titles.get(name, name)))
        elements.append(image(color, (left, TOP), SIDE))
    return elements


if __name__ == "__main__":
    write_svg(drawing(), SIZE, Path(sys.argv[1]))
