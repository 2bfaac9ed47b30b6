"""Draw a scene in meters and in its cuboid: `python docs/_tools/figures/cuboid.py OUT.svg`."""

import sys
from pathlib import Path

import torch
from drawing import INK, SOFT, Point, dot, hexadecimal, image, line, polygon, text, write_svg

from gaussrep.cameras import Cameras
from gaussrep.cuboid import Cuboid
from gaussrep.fitting import known_scene
from gaussrep.gaussians import Gaussians
from gaussrep.rendering import Rendering, render

SIZE = (900, 276)
SIDE = 200
TOP, GAP = 34.0, 18.0
RESOLUTION = 320


def drawing() -> list[str]:
    """Draw a map and a rendered image in meters, then both in units of the cube."""
    gaussians, cameras = scene()
    cube = Cuboid.fit(gaussians, padding=0.05)
    unit = Cuboid(torch.zeros(3), torch.ones(3))
    small, near = cube.normalize(gaussians), cube.normalize(cameras)
    metric, normalized = draw(gaussians, cameras), draw(small, near)
    apart = (metric.color - normalized.color).abs().max().item()
    depths = [
        float(each.depth[0, RESOLUTION // 2, RESOLUTION // 2]) for each in (metric, normalized)
    ]
    scale = float(cube.scale[0])
    return [
        *panel(0, "in meters, from above", plan(gaussians, cameras, cube, left(0))),
        *panel(1, "rendered", [image(metric.color[0], (left(1), TOP), SIDE)]),
        text((left(1) + SIDE / 2, TOP + SIDE + 20), f"depth in the middle: {depths[0]:.3f} m"),
        *panel(2, "in the unit cube", plan(small, near, unit, left(2))),
        *panel(3, "rendered", [image(normalized.color[0], (left(3), TOP), SIDE)]),
        text((left(3) + SIDE / 2, TOP + SIDE + 20),
             f"{depths[1]:.3f} = {scale:.4f} × {depths[0]:.3f}"),
        text((left(3) + SIDE / 2, TOP + SIDE + 37), f"images differ by at most {apart:.0e}"),
    ]  # fmt: skip


def scene() -> tuple[Gaussians, Cameras]:
    """Make a scaled and shifted copy of the known scene, and a camera."""
    scaled = torch.diag(torch.tensor([2.5, 2.5, 2.5, 1.0]))
    scaled[:3, 3] = torch.tensor([12.0, -4.0, 0.0])
    eye = torch.tensor([[8.0, -9.0, 4.0]])
    target, up = torch.tensor([12.0, -4.0, 0.5]), torch.tensor([0.0, 0.0, 1.0])
    cameras = Cameras.look_at(eye, target, up, RESOLUTION, RESOLUTION, fov=42.0)
    return known_scene().transform(scaled), cameras


def draw(gaussians: Gaussians, cameras: Cameras) -> Rendering:
    return render(gaussians, cameras, background=torch.ones(3))


def panel(number: int, title: str, elements: list[str]) -> list[str]:
    return [text((left(number) + SIDE / 2, TOP - 12), title), *elements]


def left(number: int) -> float:
    return GAP + number * (SIDE + GAP)


def plan(gaussians: Gaussians, cameras: Cameras, cube: Cuboid, x0: float) -> list[str]:
    """Draw the centers, the cuboid and the camera from above, y upward."""
    middle, reach = cube.center[:2], float(cube.size.max())
    zoom = SIDE / (2.3 * reach)

    def place(point: torch.Tensor) -> Point:
        across, up = ((point[:2] - middle) * zoom).tolist()
        return x0 + 0.6 * SIDE + across, TOP + 0.36 * SIDE - up

    dots = zip(gaussians.means, colors(gaussians), strict=True)
    corners = [middle + torch.tensor(c) * reach / 2 for c in ((-1, -1), (1, -1), (1, 1), (-1, 1))]
    eye = cameras.positions[0]
    frame = f'x="{x0}" y="{TOP}" width="{SIDE}" height="{SIDE}" fill="none" stroke="{SOFT}"'
    return [
        f"<rect {frame}/>",
        polygon([place(corner) for corner in corners], "#f1f4f8", INK),
        *(dot(place(mean), 1.7, hexadecimal(color)) for mean, color in dots),
        *(line(place(eye), place(end)) for end in view_edges(cameras, reach)),
        dot(place(eye), 4, INK),
        text((place(eye)[0], place(eye)[1] + 17), named(eye)),
        text((place(corners[0])[0], place(corners[0])[1] + 15), named(corners[0]), "start"),
        text((place(corners[2])[0], place(corners[2])[1] - 5), named(corners[2]), "end"),
    ]


def view_edges(cameras: Cameras, reach: float) -> list[torch.Tensor]:
    """Compute the ends of the left and the right edge of the field of view."""
    right, _, forward = cameras.viewmats[0, :3, :3]
    slope = cameras.width / 2 / cameras.Ks[0, 0, 0]
    return [cameras.positions[0] + 0.55 * reach * (forward + s * slope * right) for s in (-1, 1)]


def colors(gaussians: Gaussians) -> torch.Tensor:
    assert gaussians.colors is not None
    return gaussians.colors


def named(point: torch.Tensor) -> str:
    return f"({point[0]:.3g}, {point[1]:.3g})".replace("-", "−")


if __name__ == "__main__":
    write_svg(drawing(), SIZE, Path(sys.argv[1]))
