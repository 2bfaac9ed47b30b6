"""Find the format of a capture; never imports torch."""

from pathlib import Path

from gaussrep import plugins
from gaussrep.errors import DataError
from gaussrep.fitting.other_folders import describe_path


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
        f"{path}: this is not a capture; looked for transforms.json, a COLMAP model in sparse, "
        f"frames/*.pose.txt of an RGB-D recording, synthetic:balls, or another capture of the "
        f"formats {listed}; {describe_path(path, _is_capture)}"
    )


def _has_prefix(path: str, prefix: str | None) -> bool:
    return prefix is not None and path.startswith(prefix)


def _has_marker(path: str, markers: tuple[str, ...]) -> bool:
    return bool(path) and any(any(Path(path).glob(marker)) for marker in markers)


def _is_capture(folder: Path) -> bool:
    formats = plugins.list("captures")
    return any(_has_marker(str(folder), each.record.markers) for each in formats)
