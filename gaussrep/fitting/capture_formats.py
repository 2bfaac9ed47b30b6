"""Find the format of a capture; never imports torch."""

from pathlib import Path

from gaussrep import plugins
from gaussrep.errors import DataError

IMAGES = (".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")
VIDEOS = (".avi", ".m4v", ".mkv", ".mov", ".mp4", ".webm")
MODEL_FILES = ("cameras.bin", "cameras.txt")


def find_capture_format(path: str) -> str:
    """Find the format of a capture from its path, without importing any format.

    Args:
        path: Folder of the capture, or its name with the prefix of a format.

    Returns:
        Name of the format whose prefix the path starts with, or else of the format that has a
        marker in the folder.

    Raises:
        DataError: No format matches, or several do.
    """
    formats = plugins.list("captures")
    found = [each for each in formats if _has_prefix(path, each.record.prefix)]
    found = found or [each for each in formats if _has_marker(path, each.record.markers)]
    names = {each.name for each in found}
    found = [each for each in found if not names & set(each.record.yields_to)]
    if len(found) == 1:
        is_unique = sum(each.name == found[0].name for each in formats) == 1
        return found[0].name if is_unique else found[0].qualified
    listed = ", ".join(each.name for each in found or formats)
    if found:
        raise DataError(
            f"{path}: several capture formats match, {listed}; choose one with data.type"
        )
    raise DataError(
        f"{path}: this is no capture; looked for transforms.json, a COLMAP model in sparse, "
        f"frames/*.pose.txt of an RGB-D recording, synthetic:balls, or another capture of the "
        f"formats {listed}; {_describe(path)}"
    )


def _has_prefix(path: str, prefix: str | None) -> bool:
    return prefix is not None and path.startswith(prefix)


def _has_marker(path: str, markers: tuple[str, ...]) -> bool:
    return bool(path) and any(any(Path(path).glob(marker)) for marker in markers)


def _describe(path: str) -> str:
    """What is at the path, and the command that helps."""
    place = Path(path)
    if not path or not place.exists():
        return "found no such folder"
    if place.is_file():
        return _describe_file(place)
    if any((place / name).exists() for name in MODEL_FILES):
        root = place.parent.parent if place.parent.name == "sparse" else place.parent
        return f"found a COLMAP model itself; give the folder of its images: gaussrep fit {root}"
    inside = [each for each in sorted(place.iterdir()) if not each.name.startswith(".")]
    captures = [str(each) for each in inside if each.is_dir() and _is_capture(each)]
    if captures:
        more = f", and {len(captures) - 1} more" if len(captures) > 1 else ""
        return f"found captures inside; fit one: gaussrep fit {captures[0]}{more}"
    for folder in (place / "images", place / "input", place):
        count = _count_images(folder)
        if count:
            return _describe_images(place, folder, count)
    videos = [each for each in inside if each.suffix.lower() in VIDEOS]
    if videos:
        return _describe_file(videos[0])
    names = ", ".join(each.name for each in inside[:3]) or "nothing"
    return f"found {names}{' and more' if len(inside) > 3 else ''}"


def _describe_images(place: Path, folder: Path, count: int) -> str:
    return (
        f"found {count} images in {folder} without cameras; estimate them with COLMAP: colmap "
        f"automatic_reconstructor --workspace_path {place} --image_path {folder}, then gaussrep "
        f"fit {place} data.images={folder.relative_to(place)}"
    )


def _describe_file(file: Path) -> str:
    if file.suffix.lower() in VIDEOS:
        return (
            f"found the video {file}; estimate its cameras with nerfstudio: ns-process-data video "
            f"--data {file} --output-dir {file.with_suffix('')}, then gaussrep fit "
            f"{file.with_suffix('')}"
        )
    if file.suffix.lower() == ".json":
        return f"found a file; give its folder: gaussrep fit {file.parent}"
    return "found a file; give the folder of a capture"


def _is_capture(folder: Path) -> bool:
    formats = plugins.list("captures")
    return any(_has_marker(str(folder), each.record.markers) for each in formats)


def _count_images(folder: Path) -> int:
    if not folder.is_dir():
        return 0
    return sum(each.suffix.lower() in IMAGES for each in folder.iterdir())
