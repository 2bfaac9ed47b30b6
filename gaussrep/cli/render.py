"""`gaussrep render`: render a file of Gaussians as an image or a clip."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gaussrep import plugins
from gaussrep.cli.checks import require_output, require_output_folder, require_renderer
from gaussrep.cli.reading import AxesOption, StrictOption, require_readable
from gaussrep.clips import check_clip, write_clip
from gaussrep.errors import ConfigError, DataError
from gaussrep.runtime.console import Progress
from gaussrep.runtime.plain_files import read_json

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

    from gaussrep.cameras import Cameras
    from gaussrep.gaussians import Gaussians
    from gaussrep.rendering import Rendering

COLORS = {"white": "1,1,1", "black": "0,0,0"}


def render(
    file: Annotated[Path, typer.Argument(help="File of Gaussians.")],
    out: Annotated[
        Path,
        typer.Option(
            help="PNG file to write; with --path *.gif, *.webp, *.mp4 or a new folder of PNGs."
        ),
    ],
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
    median_depth: Annotated[
        bool, typer.Option("--median-depth", help="Render the median depth, like --depth.")
    ] = False,
    normals: Annotated[
        bool,
        typer.Option(
            "--normals", help="Render normals: red, green, blue are x, y, z from -1 to 1."
        ),
    ] = False,
    path: Annotated[
        str | None,
        typer.Option(
            help="Render a clip: orbit, or a transforms.json, nerfstudio's camera_path.json, a "
            "cameras.json of 3DGS."
        ),
    ] = None,
    frames: Annotated[int, typer.Option(min=2, help="Frames of an orbit.")] = 120,
    fps: Annotated[int, typer.Option(min=1, max=120, help="Frames per second.")] = 30,
    axes: AxesOption = None,
    strict: StrictOption = False,
) -> None:
    """Render a file of Gaussians as a PNG image, or as a clip along a camera path."""
    _check_output(out, path, width, height)
    _check_view(fov, eye, look_at, up)
    color = _background(background)
    shown = _shown(depth=depth, median_depth=median_depth, normals=normals)
    require_renderer("--renderer", renderer)
    reading = require_readable(file, axes, strict=strict)

    with Progress(f"reading {file}"):
        import torch

        from gaussrep.data.image_files import write_png
        from gaussrep.formats.by_suffix import load

        gaussians = load(file, **reading)
    size = (width, height)
    if path is None or path == "orbit":
        count = None if path is None else frames
        cameras = _cameras(gaussians, eye, look_at, up, *size, fov, count)
    else:
        cameras = _path_cameras(path, *size)
    images = _render(gaussians, cameras, renderer, torch.tensor(color), shown)
    if path is None:
        write_png(next(images), out)
    else:
        write_clip(images, out, fps)
    clip = "" if path is None else f"{len(cameras.viewmats)} frames of "
    typer.echo(f"{out}: {clip}{width}x{height}, {gaussians.count} Gaussians")


def _check_output(out: Path, path: str | None, width: int, height: int) -> None:
    if path is None:
        if out.suffix.lower() != ".png":
            raise ConfigError(
                f"--out is {out}; an image is *.png; for a clip give --path orbit, or --path FILE."
            )
        require_output("--out", out)
        return
    if path != "orbit" and not Path(path).is_file():
        raise ConfigError(f"--path is {path}, expected orbit or a JSON file of cameras.")
    if path != "orbit":
        _check_json(Path(path))
    check_clip(out, width, height)
    if out.suffix:
        require_output("--out", out)
    else:
        require_output_folder("--out", out)


def _check_json(path: Path) -> None:
    try:
        read_json(path, "utf-8-sig", finite=False)
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: cannot be read: {error}.") from error


def _check_view(fov: float, eye: str | None, look_at: str | None, up: str) -> None:
    if not 0 < fov < 180:
        raise ConfigError(f"--fov is {fov}, expected degrees between 0 and 180.")
    for option, given in (("--eye", eye), ("--look-at", look_at), ("--up", up)):
        if given is not None:
            _numbers(option, given)


def _background(given: str) -> list[float]:
    """Read a color, by name or as numbers."""
    color = _numbers("--background", COLORS.get(given, given))
    if not all(0 <= value <= 1 for value in color):
        raise ConfigError(f"--background is {given}, expected values in 0 to 1.")
    return color


def _shown(**chosen: bool) -> str:
    """Return the output to show: color by default."""
    names = [name for name, is_chosen in chosen.items() if is_chosen]
    if len(names) > 1:
        given = ", ".join(f"--{name.replace('_', '-')}" for name in names)
        raise ConfigError(f"{given} were given, expected one of them.")
    return names[0] if names else "color"


def _device(renderer: str) -> str:
    """Return the CPU, or another device if the renderer does not support the CPU."""
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
        names = "".join(f"{name}, " for name in COLORS) if option == "--background" else ""
        raise ConfigError(f"{option} is {text!r}, expected {names}three numbers such as 0,0.5,1.")
    return values


def _render(
    gaussians: "Gaussians", cameras: "Cameras", renderer: str, background: "Tensor", shown: str
) -> "Iterator[np.ndarray]":
    """Render the cameras one by one; the gray values of all depths have one scale."""
    from gaussrep import rendering
    from gaussrep.color_spaces import from_srgb

    device = _device(renderer)
    count = len(cameras.viewmats)
    limits = _depth_limits(gaussians, cameras) if "depth" in shown and count > 1 else None
    outputs = [shown] if shown in ("median_depth", "normals") else []
    gaussians, cameras = gaussians.to(device), cameras.to(device)
    background = from_srgb(background.to(device), gaussians.color_space)
    with Progress("rendering", total=count) as progress:
        for number in range(count):
            camera = cameras[number : number + 1]
            image = rendering.render(gaussians, camera, renderer, background, outputs)
            yield _pixels(image, shown, gaussians, limits)
            progress.update(number + 1)


def _path_cameras(path: str, width: int, height: int) -> "Cameras":
    from gaussrep.fitting.camera_paths import read_camera_path

    return read_camera_path(Path(path), width, height)


def _cameras(
    gaussians: "Gaussians",
    eye: str | None,
    look_at: str | None,
    up: str,
    width: int,
    height: int,
    fov: float,
    count: int | None,
) -> "Cameras":
    """Place one camera that shows the scene, or an orbit of a number of cameras around it."""
    import torch

    from gaussrep.cameras import Cameras
    from gaussrep.framing import bounds, fit_camera, orbit

    corners = bounds(gaussians)
    target = corners.mean(0) if look_at is None else torch.tensor(_numbers("--look-at", look_at))
    upward = torch.tensor(_numbers("--up", up))
    center = None if eye is None else torch.tensor(_numbers("--eye", eye))
    if count is not None:
        return orbit(corners, target, upward, width, height, fov, count, center)
    if center is None:
        center = fit_camera(corners, target, upward, width, height, fov)
    return Cameras.look_at(center[None], target, upward, width, height, fov)


def _pixels(
    image: "Rendering", shown: str, gaussians: "Gaussians", limits: tuple[float, float] | None
) -> "np.ndarray":
    if shown == "normals":
        return _normal_pixels(image)
    if shown == "color":
        return _color_pixels(image, gaussians)
    depth = image.median_depth if shown == "median_depth" else image.depth
    assert depth is not None
    return _depth_pixels(depth[0], image.alpha[0] > 0.5, limits)


def _normal_pixels(image: "Rendering") -> "np.ndarray":
    assert image.normals is not None
    color = (image.normals[0] + 1) / 2 * (image.alpha[0, ..., None] > 0.5)
    return (color * 255).round().byte().cpu().numpy()


def _color_pixels(image: "Rendering", gaussians: "Gaussians") -> "np.ndarray":
    from gaussrep.color_spaces import to_srgb

    color = to_srgb(image.color[0], gaussians.color_space)
    return (color * 255).round().byte().cpu().numpy()


def _depth_limits(gaussians: "Gaussians", cameras: "Cameras") -> tuple[float, float]:
    """Return the smallest and the largest depth of the scene's box in all cameras."""
    import torch

    from gaussrep.framing import MIN_DEPTH, bounds

    points = torch.cartesian_prod(*bounds(gaussians).unbind(1))
    depths = cameras.viewmats[:, 2, :3] @ points.T + cameras.viewmats[:, 2, 3:]
    return max(depths.min().item(), MIN_DEPTH), depths.max().item()


def _depth_pixels(
    depth: "Tensor", covered: "Tensor", limits: tuple[float, float] | None
) -> "np.ndarray":
    """Gray values from 255 at the smallest depth to 55 at the largest; 0 where nothing is.

    The limits are those of the image's covered pixels if None.
    """
    gray = depth.new_zeros(depth.shape)
    if covered.any():
        low, high = limits or map(float, depth[covered].aminmax())
        fraction = (high - depth[covered]) / max(high - low, 1e-12)
        gray[covered] = 55 + 200 * fraction.clamp(0, 1)
    return gray.round().byte().cpu().numpy()
