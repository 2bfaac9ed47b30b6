import struct
import zlib

import numpy as np
import pytest

from gaussrep.data import mat_file
from gaussrep.data.mat_file import MatFileError, read_mat_variable

HEADER = b"MATLAB 5.0 MAT-file".ljust(124) + b"\x00\x01IM"


def element(kind, data):
    return struct.pack("<II", kind, len(data)) + data + b"\0" * (-len(data) % 8)


def matrix(kind, shape, name, *parts):
    head = element(6, struct.pack("<II", kind, 0)) + element(
        5, struct.pack(f"<{len(shape)}i", *shape)
    )
    return element(14, head + element(1, name) + b"".join(parts))


def array(values, name=b""):
    values = np.asarray(values, "<f8")
    return matrix(6, values.shape, name, element(9, values.tobytes(order="F")))


def struct_of(name=b"", **fields):
    names = b"".join(field.encode().ljust(32, b"\0") for field in fields)
    length = struct.pack("<HHi", 5, 4, 32)
    return matrix(2, (1, 1), name, length, element(1, names), *fields.values())


def write(tmp_path, *variables):
    (tmp_path / "a.mat").write_bytes(HEADER + b"".join(variables))
    return tmp_path / "a.mat"


def test_cells_structs_and_numbers_are_read(tmp_path):
    cell = matrix(1, (1, 2), b"x", struct_of(a=array([[1, 2, 3], [4, 5, 6]])), array([[7]]))
    path = write(tmp_path, array([[0]], b"other"), cell)
    (first,), second = read_mat_variable(path, "x")
    assert first["a"].tolist() == [[1, 2, 3], [4, 5, 6]]
    assert second.tolist() == [[7]]


def test_a_compressed_variable_is_read(tmp_path):
    packed = zlib.compress(array([[1, 2]], b"x"))
    path = write(tmp_path, struct.pack("<II", 15, len(packed)) + packed)
    assert read_mat_variable(path, "x").tolist() == [[1, 2]]


def test_scipy_writes_the_same(tmp_path):
    savemat = pytest.importorskip("scipy.io").savemat
    entry = {"a": np.arange(6, dtype=np.uint16).reshape(2, 3), "b": np.eye(2) > 0}
    cell = np.empty((1, 1), dtype=object)
    cell[0, 0] = entry
    for compressed in (False, True):
        savemat(tmp_path / "b.mat", {"x": cell}, do_compression=compressed)
        ((read,),) = read_mat_variable(tmp_path / "b.mat", "x")
        assert read["a"].tolist() == entry["a"].tolist()
        assert read["b"].tolist() == entry["b"].tolist()


def nested(depth):
    inner = array([[1]])
    for _ in range(depth):
        inner = matrix(1, (1, 1), b"x", inner)
    return inner


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ([array([[1]], b"y")], "holds no variable x"),
        ([nested(40)], "nested too deeply"),
        ([array([[1]], b"x")[:-4]], "truncated"),
        (
            [matrix(6, (2, 2), b"x", element(9, b"\0" * 8))],
            "the length of an array is not that of its shape",
        ),
        ([matrix(6, (1 << 30, 1 << 30), b"x", element(9, b""))], "has the shape"),
        ([matrix(6, (-1, 1), b"x", element(9, b""))], "has the shape"),
        ([matrix(1, (1, 3), b"x", array([[1]]))], "a cell is damaged"),
        ([matrix(2, (1, 1), b"x", struct.pack("<HHi", 5, 4, 0), element(1, b"a"))], "a struct is"),
        ([matrix(4, (1, 1), b"x", element(4, b"a\0"))], "class 4 is not read"),
        ([matrix(6, (1, 1), b"x", element(99, b"\0" * 8))], "of type 99"),
        ([struct.pack("<II", 15, 4) + b"junk"], "cannot be unpacked"),
        ([element(14, b"")], "no variable x"),
    ],
)
def test_damage_is_one_sentence(tmp_path, content, message):
    with pytest.raises(MatFileError, match=message):
        read_mat_variable(write(tmp_path, *content), "x")


def test_a_variable_is_unpacked_up_to_the_limit(tmp_path, monkeypatch):
    monkeypatch.setattr(mat_file, "MAX_UNPACKED", 1000)
    packed = zlib.compress(array(np.zeros((20, 20)), b"x"))
    path = write(tmp_path, struct.pack("<II", 15, len(packed)) + packed)
    with pytest.raises(MatFileError, match="unpacks to more than 1,000 bytes"):
        read_mat_variable(path, "x")


def test_something_else_is_refused(tmp_path):
    (tmp_path / "a.mat").write_bytes(b"PK" * 100)
    with pytest.raises(MatFileError, match="not a MATLAB file of level 5"):
        read_mat_variable(tmp_path / "a.mat", "x")
