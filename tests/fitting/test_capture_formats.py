"""What is said about paths that no capture format takes."""

import re

import pytest
from PIL import Image

from gaussrep.errors import DataError
from gaussrep.fitting.capture_formats import find_capture_format


def images(folder):
    folder.mkdir(parents=True)
    for number in range(3):
        Image.new("RGB", (2, 2)).save(folder / f"{number}.JPG", format="PNG")


def missing(folder):
    return folder / "nowhere", "found no such folder"


def photographs(folder):
    images(folder / "images")
    return folder, (
        f"found 3 images in {folder / 'images'} without cameras; estimate them with COLMAP: colmap "
        f"automatic_reconstructor --workspace_path {folder} --image_path {folder / 'images'}, then "
        f"gaussrep fit {folder} data.images=images"
    )


def film(folder):
    (folder / "walk.MOV").touch()
    return folder, f"found the video {folder / 'walk.MOV'}; estimate its cameras with nerfstudio"


def model_itself(folder):
    model = folder / "sparse" / "0"
    model.mkdir(parents=True)
    (model / "cameras.bin").touch()
    return (
        model,
        f"found a COLMAP model itself; give the folder of its images: gaussrep fit {folder}",
    )


def parent(folder):
    (folder / "garden").mkdir()
    (folder / "garden" / "transforms.json").touch()
    return folder, f"found captures inside; fit one: gaussrep fit {folder / 'garden'}"


def json_file(folder):
    (folder / "transforms.json").touch()
    return folder / "transforms.json", f"found a file; give its folder: gaussrep fit {folder}"


def other(folder):
    (folder / "notes.txt").touch()
    return folder, "found notes.txt"


def empty(folder):
    return folder, "found nothing"


@pytest.mark.parametrize(
    "case", [missing, photographs, film, model_itself, parent, json_file, other, empty]
)
def test_a_path_that_is_no_capture(tmp_path, case):
    path, help = case(tmp_path)
    with pytest.raises(DataError, match=re.escape(help)) as caught:
        find_capture_format(str(path))
    assert "looked for transforms.json, a COLMAP model in sparse" in str(caught.value)


def test_transforms_come_before_a_model(tmp_path):
    """As folders of nerfstudio's ns-process-data have both."""
    model = tmp_path / "colmap" / "sparse" / "0"
    model.mkdir(parents=True)
    (model / "cameras.bin").touch()
    assert find_capture_format(str(tmp_path)) == "colmap"
    (tmp_path / "transforms.json").touch()
    assert find_capture_format(str(tmp_path)) == "transforms"
