import pytest
from PIL import Image

from gaussrep.data.image_files import ImageFiles, UnreadableImageError


def test_pictures_by_number(tmp_path):
    names = ["größe/ü.png", "b.png"]
    for gray, name in enumerate(names):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        Image.new("L", (1, 1), gray).save(tmp_path / name)
    files = ImageFiles(tmp_path, names)
    assert len(files) == 2
    assert [files[index].getpixel((0, 0)) for index in range(2)] == [(0, 0, 0), (1, 1, 1)]
    with pytest.raises(IndexError):
        files[2]


def test_a_missing_picture_is_found_out_when_it_is_read(tmp_path):
    files = ImageFiles(tmp_path, ["a.png"])
    with pytest.raises(UnreadableImageError, match=r"a\.png: there is no such file"):
        files[0]
