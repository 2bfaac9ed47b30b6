"""`gaussrep render`: render a file of Gaussians."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gaussrep import plugins
from gaussrep.cli.checks import require_gaussians, require_output, require_renderer
from gaussrep.errors import ConfigError

if TYPE_CHECKING:
    import numpy as np

    from gaussrep.cameras import Cameras
    from gaussrep.gaussians import Gaussians
    from gaussrep.rendering import Rendering

COLORS = {"white": "1,1,1", "black": "0,0,0"}


def render(
    file: Annotated[Path, typer.Argument(help="File of Gaussians.")],
    out: Annotated[Path, typer.Option(help="PNG file to write; overwritten.")],
    width: Annotated[int, typer.Option(min=1, max=16384, help="Width in pixels.")] = 640,
    height: Annotated[int, typer.Option(min=1, max=16384, help="Height in pixels.")] = 480,
    eye: Annotated[
        str | None, typer.Option(help="Camera center x,y,z; by default the whole scene is shown.")
    ] = None,
    look_at: Annotated[
        str | None, typer.Option(help="Point x,y,z to look at; by default the scene's center.")
    ] = None,
    up: Annotated[str, typer.Option(help="Up direction x,y,z.")] = "0,-1,0",
    fov: Annotated[float, typer.Option(help="Horizontal field of view in degrees.")] = 60.0,
    renderer: Annotated[str, typer.Option(help="Renderer; see gaussrep plugins.")] = "auto",
    background: Annotated[
        str, typer.Option(help="white, black, or r,g,b with values in 0 to 1.")
    ] = "white",
    depth: Annotated[
        bool, typer.Option("--depth", help="Render depth (near is bright) instead of color.")
    ] = False,
) -> None:
    """Render a file of Gaussians as a PNG image."""
    if out.suffix.lower() != ".png":
        raise ConfigError(f"--out is {out}; only PNG images are written, name it *.png.")
    if not 0 < fov < 180:
        raise ConfigError(f"--fov is {fov}, wanted degrees between 0 and 180.")
    color = _numbers("--background", COLORS.get(background, background))
    if not all(0 <= value <= 1 for value in color):
        raise ConfigError(f"--background is {background}, wanted values in 0 to 1.")
    for option, given in (("--eye", eye), ("--look-at", look_at), ("--up", up)):
        if given is not None:
            _numbers(option, given)
    require_output("--out", out)
    require_renderer("--renderer", renderer)
    require_gaussians(file)

    import torch

    from gaussrep import rendering
    from gaussrep.data.image_files import write_png
    from gaussrep.formats.by_suffix import load

    device = _device(renderer)
    gaussians = load(file)
    cameras = _camera(gaussians, eye, look_at, up, width, height, fov).to(device)
    color = torch.tensor(color, device=device)
    image = rendering.render(gaussians.to(device), cameras, renderer, color)
    write_png(_depth_pixels(image) if depth else _color_pixels(image), out)
    typer.echo(f"{out}: {width}x{height}, {gaussians.count} Gaussians")


def _device(renderer: str) -> str:
    """Return the CPU, or the device of a renderer that runs on others only."""
    if renderer == "auto":
        return "cpu"
    devices = plugins.find("renderers", renderer).record.devices
    return "cpu" if "cpu" in devices else min(devices)


def _numbers(option: str, text: str) -> list[float]:
    try:
        values = [float(word) for word in text.split(",")]
    except ValueError:
        values = []
    if len(values) != 3 or not all(abs(value) < 1e30 for value in values):
        raise ConfigError(f"{option} is {text!r}, wanted three numbers such as 0,0.5,1.")
    return values


def _camera(
    gaussians: "Gaussians",
    eye: str | None,
    look_at: str | None,
    up: str,
    width: int,
    height: int,
    fov: float,
) -> "Cameras":
    import torch

    from gaussrep.cameras import Cameras
    from gaussrep.framing import bounds, fit_camera

    corners = bounds(gaussians)
    target = corners.mean(0) if look_at is None else torch.tensor(_numbers("--look-at", look_at))
    upward = torch.tensor(_numbers("--up", up))
    if eye is None:
        center = fit_camera(corners, target, upward, width, height, fov)
    else:
        center = torch.tensor(_numbers("--eye", eye))
    return Cameras.look_at(center[None], target, upward, width, height, fov)


def _color_pixels(image: "Rendering") -> "np.ndarray":
    return (image.color[0].clamp(0, 1) * 255).round().byte().cpu().numpy()


def _depth_pixels(image: "Rendering") -> "np.ndarray":
    """Gray values from 255 at the nearest covered pixel to 55 at the farthest; 0 elsewhere."""
    depth, covered = image.depth[0], image.alpha[0] > 0.5
    gray = depth.new_zeros(depth.shape)
    if covered.any():
        low, high = depth[covered].aminmax()
        fraction = (high - depth[covered]) / (high - low).clamp_min(1e-12)
        gray[covered] = 55 + 200 * fraction
    return gray.round().byte().cpu().numpy()
