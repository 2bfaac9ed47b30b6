"""Where the files of a scene lie in the raw ScanNet release."""

from pathlib import Path

from gaussrep.data.scenes.scannet.raw.exported_frames import ExportedFrames
from gaussrep.data.scenes.scannet.raw.raw_frames import RawFrames
from gaussrep.data.scenes.scannet.raw.sens import SensFile
from gaussrep.data.scenes.unreadable_scene import UnreadableSceneError
from gaussrep.errors import DataError

SEGMENTS = ("_vh_clean_2.0.010000.segs.json", ".0.010000.segs.json")
AGGREGATIONS = (".aggregation.json", "_vh_clean.aggregation.json")


def find_raw_scenes(raw: Path) -> list[Path]:
    """Find the folders of all scenes.

    Args:
        raw: Holds `scans`, and may hold `scans_test`.

    Raises:
        DataError: If there is none.
    """
    found = sorted(
        folder
        for inside in ("scans", "scans_test")
        for folder in (raw / inside).glob("scene*")
        if folder.is_dir()
    )
    if not found:
        raise DataError(
            f"{raw}: there is no scene here; wanted scans/scene0000_00 and so on, as ScanNet's "
            "download gives them."
        )
    return found


def find_file(folder: Path, endings: tuple[str, ...]) -> Path:
    """Find a file of a scene that goes by several names.

    Args:
        folder: Folder of the scene; its name is that of the scene.
        endings: What may follow the scene's name, the first that is there is taken.

    Raises:
        UnreadableSceneError: If none is there.
    """
    places = [folder / f"{folder.name}{ending}" for ending in endings]
    for place in places:
        if place.is_file():
            return place
    raise UnreadableSceneError(f"{places[0]}: there is no such file.")


def open_frames(folder: Path) -> RawFrames | None:
    """Open the frames of a scene.

    Args:
        folder: Folder of the scene.

    Returns:
        Exported frames where there are some, else the recording; None where there is neither.

    Raises:
        UnreadableFileError: If they are damaged.
    """
    if (folder / "color").is_dir():
        return ExportedFrames(folder)
    sens = folder / f"{folder.name}.sens"
    return SensFile(sens) if sens.is_file() else None
