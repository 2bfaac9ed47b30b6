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
        f"gaussrep fit {folder}"
    )


def photographs_below(folder):
    images(folder / "dslr" / "small")
    (folder / "notes").mkdir()
    return folder, f"then gaussrep fit {folder} data.images=dslr/small"


def photographs_of_a_phone(folder):
    (folder / "IMG_1.HEIC").touch()
    return folder, "found images of the type .heic, which is not read; convert them to JPEG"


def database(folder):
    images(folder / "images")
    (folder / "database.db").touch()
    return folder, (
        f"found the COLMAP database {folder / 'database.db'} without a model; estimate the "
        f"cameras: mkdir {folder / 'sparse'}, colmap mapper --database_path "
        f"{folder / 'database.db'} --image_path {folder / 'images'} --output_path "
        f"{folder / 'sparse'}, then gaussrep fit {folder}"
    )


def nerfstudio_run(folder):
    run = folder / "splatfacto" / "2026-01-01_000000"
    run.mkdir(parents=True)
    (run / "config.yml").touch()
    return folder, f"export its scene: gaussrep convert {run / 'config.yml'} scene.ply"


def own_run(folder):
    (folder / "checkpoints").mkdir()
    (folder / "config.yaml").touch()
    return folder, f"found a run of gaussrep; continue a fit by gaussrep fit --resume {folder}"


def gaussian_files(folder):
    (folder / "a.ply").touch()
    return folder, (
        f"found Gaussians in {folder / 'a.ply'}; show them: gaussrep view {folder / 'a.ply'}, or "
        f"start a fit to a capture from them: gaussrep fit CAPTURE init={folder / 'a.ply'}"
    )


def polycam(folder):
    images(folder / "keyframes" / "images")
    return folder, f"ns-process-data polycam --data {folder} --output-dir {folder}-capture"


def record3d(folder):
    images(folder / "EXR_RGBD" / "rgb")
    return folder, f"ns-process-data record3d --data {folder / 'EXR_RGBD'} --output-dir"


def archive(folder):
    (folder / "kiri.zip").touch()
    return folder / "kiri.zip", (
        f"unpack it: python -m zipfile -e {folder / 'kiri.zip'} {folder / 'kiri'}, then gaussrep "
        f"fit {folder / 'kiri'}"
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
    return folder, (
        "found nothing; try a capture that needs no files: gaussrep fit synthetic:balls"
    )


@pytest.mark.parametrize(
    "case",
    [
        missing,
        photographs,
        photographs_below,
        photographs_of_a_phone,
        film,
        database,
        model_itself,
        nerfstudio_run,
        own_run,
        gaussian_files,
        polycam,
        record3d,
        archive,
        parent,
        json_file,
        other,
        empty,
    ],
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
