import os

import pytest

import gaussrep as gr
from gaussrep.config.yaml_text import parse_value, read_yaml
from gaussrep.data.bsds500 import read_annotations
from gaussrep.data.scenes.frames import read_depth
from gaussrep.data.scenes.scannet.raw_labels import read_label_table
from gaussrep.data.scenes.scannet.raw_mesh import read_mesh
from gaussrep.data.scenes.scene_files import read_array, read_matrix
from gaussrep.embedding import FolderEmbedding
from gaussrep.errors import ConfigError, GaussrepError
from gaussrep.fitting.camera_paths import read_camera_path
from gaussrep.fitting.colmap_model import read_cameras
from gaussrep.runtime.plain_files import parse_json, read_json, read_plain_text
from gaussrep.training.metrics_table import read_rows


@pytest.mark.parametrize(
    "text",
    ["[" * 100_000, '{"a":' * 100_000, "NaN", "[1, -Infinity]", "1e999", "9" * 5000, "{", ""],
)
def test_a_damaged_json_is_a_value_error(text):
    with pytest.raises(ValueError):  # noqa: PT011 - readers add the file
        parse_json(text)


def test_json_is_plain_data(tmp_path):
    (tmp_path / "a.json").write_text('\ufeff{"a": [1, 2.5, null]}', encoding="utf-8")
    assert read_json(tmp_path / "a.json", "utf-8-sig") == {"a": [1, 2.5, None]}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes in folders")
def test_a_pipe_in_the_place_of_a_file_is_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "config.yaml")
    with pytest.raises(OSError, match="not a regular file"):
        read_plain_text(tmp_path / "config.yaml")
    with pytest.raises(ConfigError, match=r"config\.yaml cannot be read: it is not a regular file"):
        read_yaml(tmp_path / "config.yaml")


@pytest.mark.parametrize("text", ["[" * 5000, "{a: " * 5000, "- " * 5000])
def test_yaml_nested_deep_is_one_sentence(text):
    with pytest.raises(ConfigError, match="settings: it is nested too deeply"):
        parse_value(text, "settings")


def test_aliases_that_multiply_are_refused():
    lines = ["a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    with pytest.raises(ConfigError, match="its aliases make it too large"):
        parse_value("\n".join(lines), "settings")
    with pytest.raises(ConfigError, match="its aliases make it too large"):
        parse_value("a: &a [*a]", "settings")
    assert parse_value("a: &a {b: 1}\nc: {<<: *a, d: 2}", "s") == {
        "a": {"b": 1},
        "c": {"b": 1, "d": 2},
    }


PIPES = {
    "a.ply": gr.load,
    "a.spz": gr.load,
    "a.sog": gr.load,
    "a.glb": gr.load,
    "a.png": read_depth,
    "a.mat": lambda path: read_annotations(path, 6, 8),
    "a.npy": read_array,
    "a.txt": read_matrix,
    "points.ply": read_mesh,
    "labels.tsv": read_label_table,
    "path.json": lambda path: read_camera_path(path, 8, 8),
    "cameras.bin": lambda path: read_cameras(path.parent, ".bin"),
    "metrics.csv": read_rows,
    "a.safetensors": FolderEmbedding.open,
}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes in folders")
@pytest.mark.parametrize("name", PIPES)
def test_no_reader_waits_for_a_pipe(tmp_path, name):
    os.mkfifo(tmp_path / name)
    with pytest.raises(GaussrepError) as caught:
        PIPES[name](tmp_path / name)
    assert name in str(caught.value)
