"""Render a scene from three views, in color and depth, and save it.

python examples/render.py OUT
"""

import sys
from pathlib import Path

import torch

import gaussrep as gr
from gaussrep.data import write_png
from gaussrep.fitting import known_scene


def main(out: Path, size: int = 240) -> None:
    """Write `render.png` and `scene.ply` to a folder."""
    out.mkdir(parents=True, exist_ok=True)
    scene = known_scene()  # a gr.Gaussians, like the result of gr.load("scene.ply")
    eyes = torch.tensor([[3.0, -2.0, 1.6], [-1.0, -3.4, 1.2], [0.1, 0.1, 4.0]])
    target, up = torch.tensor([0.0, 0.0, 0.2]), torch.tensor([0.0, 0.0, 1.0])
    cameras = gr.Cameras.look_at(eyes, target, up, size, size, fov=40.0)

    rendering = gr.render(scene, cameras, background=torch.ones(3))  # all views at once

    covered = rendering.alpha > 0.5
    near, far = rendering.depth[covered].min(), rendering.depth[covered].max()
    nearness = torch.where(covered, 1 - 0.9 * (rendering.depth - near) / (far - near), 0.0)
    rows = [rendering.color, nearness[..., None].expand(-1, -1, -1, 3)]
    sheet = torch.cat([torch.cat(list(row), dim=1) for row in rows])
    write_png((255 * sheet.clamp(0, 1)).byte().numpy(), out / "render.png")
    gr.save(scene, out / "scene.ply")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
