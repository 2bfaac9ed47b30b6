"""Describe paths that are not captures, and the commands that help; never imports torch."""

from collections.abc import Callable
from itertools import islice
from pathlib import Path

from gaussrep.errors import GaussrepError
from gaussrep.formats.suffixes import format_of

IMAGES = (".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")
UNREAD_IMAGES = (".arw", ".avif", ".cr2", ".dng", ".exr", ".heic", ".heif", ".nef")
VIDEOS = (".avi", ".m4v", ".mkv", ".mov", ".mp4", ".webm")
ARCHIVES = (".7z", ".gz", ".r3d", ".rar", ".tar", ".tgz", ".zip")
MODEL_FILES = ("cameras.bin", "cameras.txt")
SEARCHED = 10_000
"""Files and folders that are looked at for images."""


def describe_path(path: str, is_capture: Callable[[Path], bool]) -> str:
    """Describe what is at a path that is not a capture, and the command that helps.

    Args:
        path: A path that no format of captures reads.
        is_capture: Whether a folder inside is a capture.

    Returns:
        A part of a sentence, beginning with what was found.
    """
    place = Path(path)
    if not path or not place.exists():
        return "found no such folder"
    if place.is_file():
        return _describe_file(place)
    inside = [each for each in sorted(place.iterdir()) if not each.name.startswith(".")]
    if not inside:
        return "found nothing; try a capture that needs no files: gaussrep fit synthetic:balls"
    captures = [str(each) for each in inside if each.is_dir() and is_capture(each)]
    if captures:
        more = f", and {len(captures) - 1} more" if len(captures) > 1 else ""
        return f"found captures inside; fit one: gaussrep fit {captures[0]}{more}"
    for describe in (_model, _run, _nerfstudio_run, _scanner_export, _database, _images):
        if found := describe(place):
            return found
    for each in inside:
        if each.is_file() and (found := _describe_known(each)):
            return found
    names = ", ".join(each.name for each in inside[:3])
    return f"found {names}{' and more' if len(inside) > 3 else ''}"


def _model(place: Path) -> str:
    if not any((place / name).exists() for name in MODEL_FILES):
        return ""
    root = place.parent.parent if place.parent.name == "sparse" else place.parent
    return f"found a COLMAP model itself; give the folder of its images: gaussrep fit {root}"


def _run(place: Path) -> str:
    if not (place / "config.yaml").exists() or not (place / "checkpoints").is_dir():
        return ""
    return (
        f"found a run of gaussrep; continue a fit by gaussrep fit --resume {place}, or show its "
        f"scene: gaussrep view {place / 'scene.ply'}"
    )


def _nerfstudio_run(place: Path) -> str:
    configs = sorted(path for depth in range(4) for path in place.glob("*/" * depth + "config.yml"))
    if not configs:
        return ""
    return (
        "found a run of nerfstudio, not its data; give the folder that it was trained on, or "
        f"export its scene: gaussrep convert {configs[0]} scene.ply"
    )


def _scanner_export(place: Path) -> str:
    """Folders of Polycam and Record3D, which nerfstudio converts."""
    for name, marker in (("polycam", "keyframes"), ("record3d", "EXR_RGBD")):
        data = place if name == "polycam" else place / marker
        if (place / marker).is_dir():
            return (
                f"found an export of {name.title()}; convert it with nerfstudio: ns-process-data "
                f"{name} --data {data} --output-dir {place}-capture, then gaussrep fit "
                f"{place}-capture"
            )
    return ""


def _database(place: Path) -> str:
    databases = [*place.glob("*.db"), *place.glob("*/database.db")]
    folder = _image_folder(place)
    if not databases or folder is None:
        return ""
    images, sparse = folder[0], place / "sparse"
    return (
        f"found the COLMAP database {databases[0]} without a model; estimate the cameras: mkdir "
        f"{sparse}, colmap mapper --database_path {databases[0]} --image_path {images} "
        f"--output_path {sparse}, then {_fit_command(place, images)}"
    )


def _images(place: Path) -> str:
    if (found := _image_folder(place)) is None:
        return ""
    folder, count = found
    return (
        f"found {_number(count, 'image')} in {folder} without cameras; estimate them with COLMAP: "
        f"colmap automatic_reconstructor --workspace_path {place} --image_path {folder}, then "
        f"{_fit_command(place, folder)}"
    )


def _fit_command(place: Path, images: Path) -> str:
    inside = images.relative_to(place).as_posix()
    return f"gaussrep fit {place}" + ("" if inside == "images" else f" data.images={inside}")


def _image_folder(place: Path) -> tuple[Path, int] | None:
    """The folder of images in or below a folder, and their number."""
    for folder in (place / "images", place / "input", place):
        count = sum(_is_image(each) for each in folder.iterdir()) if folder.is_dir() else 0
        if count:
            return folder, count
    below = [each.parent for each in islice(place.rglob("*"), SEARCHED) if _is_image(each)]
    if not below:
        return None
    most = max(sorted(set(below)), key=below.count)
    return most, below.count(most)


def _is_image(path: Path) -> bool:
    return path.suffix.lower() in IMAGES and not path.name.startswith(".")


def _describe_file(file: Path) -> str:
    if found := _describe_known(file):
        return found
    if file.suffix.lower() == ".json":
        return f"found a file; give its folder: gaussrep fit {file.parent}"
    return "found a file; give the folder of a capture"


def _describe_known(file: Path) -> str:
    """Describe a file that another command takes; empty for any other file."""
    suffix, folder = file.suffix.lower(), file.with_suffix("")
    if suffix in VIDEOS:
        return (
            f"found the video {file}; estimate its cameras with nerfstudio: ns-process-data video "
            f"--data {file} --output-dir {folder}, then gaussrep fit {folder}"
        )
    if suffix in ARCHIVES:
        how = f": python -m zipfile -e {file} {folder}" if suffix in (".zip", ".r3d") else ""
        return f"found the archive {file}; unpack it{how}, then gaussrep fit {folder}"
    if suffix in UNREAD_IMAGES:
        return f"found images of the type {suffix}, which is not read; convert them to JPEG or PNG"
    if suffix == ".db":
        return f"found the COLMAP database {file}; give the folder of its model and images"
    try:
        format_of(file, reading=True)
    except GaussrepError:  # no format, or several, read it
        return ""
    return (
        f"found Gaussians in {file}; show them: gaussrep view {file}, or start a fit to a capture "
        f"from them: gaussrep fit CAPTURE init={file}"
    )


def _number(count: int, noun: str) -> str:
    return f"1 {noun}" if count == 1 else f"{count} {noun}s"
