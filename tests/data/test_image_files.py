import io
import os
import pickle
import struct
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from gaussrep.data import image_files
from gaussrep.data.image_files import (
    ImageFiles,
    UnreadableImageError,
    list_images,
    read_image,
    shrink_size,
    split_images,
    write_png,
)
from gaussrep.errors import DataError


def pixels(path):
    image = read_image(path)
    assert image.mode == "RGB"
    return np.asarray(image).tolist()


def save(tmp_path, image, **options):
    path = tmp_path / "picture.png"
    image.save(path, **options)
    return path


def test_grayscale(tmp_path):
    assert pixels(save(tmp_path, Image.new("L", (1, 1), 77))) == [[[77, 77, 77]]]


def test_sixteen_bits_are_rounded_to_eight(tmp_path):
    values = np.array([[0, 257, 32768, 65535, 128, 129]], dtype=np.uint16)
    expected = [0, 1, 128, 255, 0, 1]
    assert pixels(save(tmp_path, Image.fromarray(values))) == [[[v] * 3 for v in expected]]


def test_transparency_lies_over_white(tmp_path):
    image = Image.fromarray(np.array([[[255, 0, 0, 0], [255, 0, 0, 255]]], dtype=np.uint8))
    assert pixels(save(tmp_path, image)) == [[[255, 255, 255], [255, 0, 0]]]


def test_gray_with_transparency(tmp_path):
    image = Image.new("LA", (1, 1), (0, 0))
    assert pixels(save(tmp_path, image)) == [[[255, 255, 255]]]


def test_palettes_with_and_without_transparency(tmp_path):
    image = Image.new("P", (2, 1))
    image.putpalette([10, 20, 30, 40, 50, 60])
    image.putpixel((1, 0), 1)
    assert pixels(save(tmp_path, image)) == [[[10, 20, 30], [40, 50, 60]]]
    assert pixels(save(tmp_path, image, transparency=0)) == [[[255, 255, 255], [40, 50, 60]]]


def test_one_bit(tmp_path):
    assert pixels(save(tmp_path, Image.new("1", (1, 1), 1))) == [[[255, 255, 255]]]


def test_cmyk_jpeg(tmp_path):
    path = tmp_path / "print.jpg"
    Image.new("CMYK", (8, 8), (0, 0, 0, 0)).save(path)
    assert pixels(path)[0][0] == [255, 255, 255]


@pytest.mark.parametrize(
    ("orientation", "corner"), [(1, (0, 0)), (2, (3, 0)), (3, (3, 1)), (6, (1, 0)), (8, (0, 3))]
)
def test_the_orientation_tag_is_obeyed(tmp_path, orientation, corner):
    image = Image.new("RGB", (4, 2))
    image.putpixel((0, 0), (255, 255, 255))
    exif = Image.Exif()
    exif[0x0112] = orientation
    turned = read_image(save(tmp_path, image, exif=exif))
    assert turned.getpixel(corner) == (255, 255, 255)


@pytest.mark.parametrize("orientation", [1, 6])
def test_stored_pixels_can_be_kept(tmp_path, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = save(tmp_path, Image.new("RGB", (4, 2)), exif=exif)
    assert read_image(path, upright=False).size == (4, 2)


def _exif(tag, kind, value):
    """Orientation 6 and one more tag, little-endian."""
    head = struct.pack("<HHIHH", 0x0112, 3, 1, 6, 0) + struct.pack("<HHI", tag, kind, 1)
    inline = len(value) <= 4
    entries = head + (value.ljust(4, b"\0") if inline else struct.pack("<I", 8 + 2 + 24 + 4))
    table = struct.pack("<IH", 8, 2) + entries + struct.pack("<I", 0)
    return b"Exif\0\0II*\0" + table + (b"" if inline else value)


@pytest.mark.parametrize(
    "tag",
    [(0x0213, 8, struct.pack("<h", -1)), (0x9000, 12, struct.pack("<d", 1.5))],
    ids=["signed", "double"],
)
def test_tags_that_cannot_be_written_back_play_no_part(tmp_path, tag):
    path = tmp_path / "a.jpg"
    Image.new("RGB", (48, 32)).save(path, exif=_exif(*tag))
    assert read_image(path).size == (32, 48)


@pytest.mark.parametrize("content", [b"", b"not a picture", b"\x89PNG\r\n\x1a\n"])
def test_no_image_is_one_sentence_with_the_name(tmp_path, content):
    path = tmp_path / "bad.png"
    path.write_bytes(content)
    with pytest.raises(
        UnreadableImageError, match=r"bad\.png: this image cannot be read"
    ) as caught:
        read_image(path)
    assert isinstance(caught.value, DataError)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "bmp", "tif"])
def test_a_truncated_image_is_refused(tmp_path, suffix):
    path = tmp_path / f"half.{suffix}"
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    Image.fromarray(noise).save(path)
    os.truncate(path, path.stat().st_size // 2)
    with pytest.raises(UnreadableImageError, match=f"half.{suffix}"):
        read_image(path)


def test_a_missing_file(tmp_path):
    with pytest.raises(UnreadableImageError, match=r"none\.png: there is no such file"):
        read_image(tmp_path / "none.png")


def test_an_image_too_large_to_decode(tmp_path, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    with pytest.raises(UnreadableImageError, match="cannot be read"):
        read_image(save(tmp_path, Image.new("L", (100, 100))))


def test_the_error_survives_pickling_and_a_worker():
    error = UnreadableImageError("a.png: bad.")
    assert str(pickle.loads(pickle.dumps(error))) == "a.png: bad."
    wrapped = f"Caught it in a worker.\nTraceback:\n  x.UnreadableImageError: {error}\n"
    assert str(UnreadableImageError(wrapped)) == "a.png: bad."


def encoded(format_name):
    file = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6
    image = Image.fromarray(np.arange(192, dtype=np.uint8).reshape(8, 8, 3))
    image.save(file, format=format_name, exif=exif)
    return file.getvalue()


VALID = [encoded(name) for name in ("PNG", "JPEG", "WEBP", "BMP", "TIFF")]


@settings(max_examples=600)
@given(st.data())
def test_a_damaged_image_loads_or_is_one_error(tmp_path_factory, data):
    content = bytearray(data.draw(st.sampled_from(VALID)))
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.getbasetemp() / "damaged"
    path.write_bytes(content[: data.draw(st.integers(0, len(content)))])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        message = None
        try:
            assert read_image(path).mode == "RGB"
        except UnreadableImageError as error:
            message = str(error)
    assert message is None or (message.startswith(str(path)) and "\n" not in message)


class TestWriting:
    @pytest.mark.parametrize("shape", [(3, 5, 3), (3, 5)])
    def test_what_is_written_is_read(self, tmp_path, shape):
        values = np.random.default_rng(0).integers(0, 255, shape, dtype=np.uint8)
        write_png(values, tmp_path / "out.png")
        with Image.open(tmp_path / "out.png") as image:
            assert image.format == "PNG"
            assert np.asarray(image).tolist() == values.tolist()
        assert len(list(tmp_path.iterdir())) == 1

    def test_a_missing_folder_is_one_sentence(self, tmp_path):
        with pytest.raises(DataError, match="cannot be written: No such file"):
            write_png(np.zeros((1, 1), dtype=np.uint8), tmp_path / "none" / "out.png")


def touch(root, *names):
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()


def test_images_of_all_folders_in_sorted_order(tmp_path):
    touch(tmp_path, "b.png", "a/z.JPG", "a/b/c.webp", "a.jpeg", "\N{SNOWMAN}/ü ñ.bmp", "notes.txt")
    touch(tmp_path, "scan.TIF", "a/scan.tiff")
    assert list_images(tmp_path) == [
        "a.jpeg", "a/b/c.webp", "a/scan.tiff", "a/z.JPG", "b.png", "scan.TIF",
        "\N{SNOWMAN}/ü ñ.bmp",
    ]  # fmt: skip


def test_images_of_other_formats_are_named_once(tmp_path, caplog):
    touch(tmp_path, "a.png", "x/1.HEIC", "2.heic", "3.avif", "4.gif", "notes.txt")
    assert list_images(tmp_path) == list_images(tmp_path) == ["a.png"]
    (message,) = caplog.messages
    assert message.startswith(f"{tmp_path}: 4 of formats that are not read are left out (2.heic,")
    assert "and 1 more); convert them to JPEG or PNG" in message


def test_a_folder_of_other_formats_explains_itself(tmp_path):
    touch(tmp_path, "a.heic")
    with pytest.raises(DataError, match=r"no image .* 1 of formats .*a\.heic.*convert"):
        list_images(tmp_path)


def test_an_image_of_another_format_names_the_cure(tmp_path):
    touch(tmp_path, "a.heic")
    with pytest.raises(UnreadableImageError, match="not read; convert the image to JPEG or PNG"):
        read_image(tmp_path / "a.heic")


def test_floating_point_values_are_refused(tmp_path):
    Image.new("F", (2, 2), 0.5).save(tmp_path / "depth.tif")
    with pytest.raises(UnreadableImageError, match="floating-point values"):
        read_image(tmp_path / "depth.tif")


def test_hidden_files_and_folders_are_left_out(tmp_path):
    touch(tmp_path, "a.png", "._a.png", ".thumbnails/a.png")
    assert list_images(tmp_path) == ["a.png"]


def test_a_link_in_a_circle_ends_and_nothing_counts_twice(tmp_path):
    touch(tmp_path, "a/x.png")
    (tmp_path / "a" / "loop").symlink_to(tmp_path)
    (tmp_path / "b").symlink_to(tmp_path / "a")
    assert list_images(tmp_path) == ["a/x.png"]


def test_links_to_files_and_folders_elsewhere_are_followed(tmp_path):
    touch(tmp_path, "store/x.png", "other/y.png")
    root = tmp_path / "root"
    root.mkdir()
    (root / "linked").symlink_to(tmp_path / "store")
    (root / "y.png").symlink_to(tmp_path / "other" / "y.png")
    assert list_images(root) == ["linked/x.png", "y.png"]


def test_missing_empty_and_mistaken_folders(tmp_path):
    with pytest.raises(DataError, match=r"none: there is no such folder; expected a folder"):
        list_images(tmp_path / "none")
    with pytest.raises(DataError, match=r"holds no image \(\.bmp"):
        list_images(tmp_path)
    touch(tmp_path, "a.png")
    with pytest.raises(DataError, match=r"a\.png: this is a file"):
        list_images(tmp_path / "a.png")


def test_a_link_to_itself_is_one_sentence(tmp_path):
    (tmp_path / "self").symlink_to(tmp_path / "self")
    with pytest.raises(DataError, match="self"):
        list_images(tmp_path)


NAMES = st.lists(st.text(min_size=1), min_size=2, max_size=40, unique=True)


@given(NAMES, st.floats(0.01, 0.99))
def test_a_split_loses_and_doubles_nothing_and_both_have_some(names, share):
    train, val = split_images(names, share)
    assert sorted(train + val) == sorted(names)
    assert train
    assert val


def test_the_share_is_met_and_the_same_ones_stay_held_out():
    names = [f"picture {number}.png" for number in range(4000)]
    _, val = split_images(names, 0.05)
    assert 140 <= len(val) <= 260
    _, fewer = split_images(names[:2000], 0.05)
    assert fewer == [name for name in val if name in set(names[:2000])]


def test_the_split_is_the_same_on_every_machine():
    # By `printf 11.jpg | b2sum -l 64` the digests of these two alone begin below 0x3333.
    _, val = split_images([f"{number}.jpg" for number in range(20)], 0.2)
    assert val == ["11.jpg", "12.jpg"]


def test_a_single_image_is_for_training():
    assert split_images(["a.png"], 0.99) == (["a.png"], [])


def test_images_by_number(tmp_path):
    names = ["größe/ü.png", "b.png"]
    for gray, name in enumerate(names):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        Image.new("L", (1, 1), gray).save(tmp_path / name)
    files = ImageFiles(tmp_path, names)
    assert len(files) == 2
    assert [files[index].getpixel((0, 0)) for index in range(2)] == [(0, 0, 0), (1, 1, 1)]
    with pytest.raises(IndexError):
        files[2]


def test_a_missing_image_is_found_out_when_it_is_read(tmp_path):
    files = ImageFiles(tmp_path, ["a.png"])
    with pytest.raises(UnreadableImageError, match=r"a\.png: there is no such file"):
        files[0]


@pytest.mark.parametrize(
    ("size", "longest", "wanted"),
    [((640, 480), 160, (160, 120)), ((480, 640), 160, (120, 160)), ((64, 48), 160, (64, 48)),
     ((64, 48), None, (64, 48)), ((1000, 1), 10, (10, 1))],
)  # fmt: skip
def test_smaller(size, longest, wanted):
    assert shrink_size(size, longest) == wanted


def test_only_the_listed_readers_open_a_file(tmp_path):
    Image.new("RGB", (2, 2)).save(tmp_path / "a.png", format="PPM")
    with pytest.raises(UnreadableImageError, match="cannot be read"):
        read_image(tmp_path / "a.png")


@pytest.mark.parametrize(("mode", "side"), [("L", 60), ("RGB", 60), ("RGBA", 40), ("I;16", 40)])
def test_the_memory_of_decoding_is_limited(tmp_path, monkeypatch, mode, side):
    path = save(tmp_path, Image.new(mode, (side, side)))
    monkeypatch.setattr(image_files, "MAX_BYTES", 40 * 40 * 16)
    assert (len(pixels(path)) == side) if side == 40 else True
    larger = save(tmp_path, Image.new(mode, (side + 1, 60)))
    with pytest.raises(UnreadableImageError, match=r"pixels take .* GB to decode"):
        read_image(larger)


def test_sixteen_bits_are_rounded_as_a_division_is():
    values = np.arange(65536, dtype=np.uint16).reshape(256, 256)
    assert np.array_equal(image_files.round_to_8_bits(values), np.round(values / 257))
    assert image_files.round_to_8_bits(np.array([[-5, 70000]])).tolist() == [[0, 255]]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes in folders")
def test_a_pipe_is_no_image(tmp_path):
    os.mkfifo(tmp_path / "a.png")
    with pytest.raises(UnreadableImageError, match="not a regular file"):
        read_image(tmp_path / "a.png")
