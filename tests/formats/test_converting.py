import os
import subprocess
import sys

import pytest
import torch

from gaussrep.errors import ConfigError, FormatError
from gaussrep.formats.by_suffix import load, save
from gaussrep.formats.converting import Editing, convert_file
from gaussrep.formats.ply_layout import column_names, encode
from gaussrep.gaussians import Gaussians

NAMES = ["a.ply", "a.splat", "a.spz", "a.glb", "a.gltf", "a.compressed.ply", "a.sog"]
PARTS = ["format.PART", "ply.PART", "ply.ROWS", "spz_streams.ROWS", "gltf_scene.ROWS"]
PARTS += [
    "gltf_writing.ROWS",
    "compressed_ply.ROWS",
    "sog.ROWS",
    "sog_writing.ROWS",
    "codebooks.FEW",
]


@pytest.fixture(autouse=True)
def small_parts(monkeypatch):
    for name in PARTS:
        monkeypatch.setattr(f"gaussrep.formats.{name}", 16)


def convert(source, target, editing=None, **settings):
    return convert_file(source, target, settings, {}, editing)


@pytest.mark.parametrize("target", NAMES)
@pytest.mark.parametrize("source", NAMES)
def test_the_bytes_are_those_of_load_and_save(tmp_path, make_scene, source, target):
    save(make_scene(50, degree=1).replace(antialiased=True), tmp_path / source)
    save(load(tmp_path / source), tmp_path / ("whole_" + target))
    assert convert(tmp_path / source, tmp_path / ("parts_" + target)) == 50
    parts = (tmp_path / ("parts_" + target)).read_bytes()
    assert parts == (tmp_path / ("whole_" + target)).read_bytes()


@pytest.mark.parametrize("target", ["b.sog", "b.compressed.ply", "b.usda"])
@pytest.mark.parametrize("count", [1, 50])
def test_a_large_scene_is_in_temporary_files(tmp_path, make_scene, monkeypatch, target, count):
    monkeypatch.setattr("gaussrep.formats.format.IN_MEMORY", 100)
    save(make_scene(count, degree=1).replace(antialiased=True), tmp_path / "a.ply")
    save(load(tmp_path / "a.ply"), tmp_path / ("whole_" + target))
    assert convert(tmp_path / "a.ply", tmp_path / target) == count
    assert (tmp_path / target).read_bytes() == (tmp_path / ("whole_" + target)).read_bytes()
    assert len(list(tmp_path.iterdir())) == 3
    with pytest.raises(FormatError, match=rf"no_folder.{target}: cannot be written"):
        convert(tmp_path / "a.ply", tmp_path / "no_folder" / target)


def test_no_gaussians_are_in_temporary_files(tmp_path, make_scene, monkeypatch):
    monkeypatch.setattr("gaussrep.formats.format.IN_MEMORY", 100)
    save(make_scene(50), tmp_path / "a.ply")
    with pytest.raises(FormatError, match=r"b\.sog: a SOG file holds at least one Gaussian"):
        convert(tmp_path / "a.ply", tmp_path / "b.sog", Editing(edit=lambda part: part[:0]))


def test_colors_in_linear_light(tmp_path, make_scene):
    save(make_scene(50).replace(color_space="linear"), tmp_path / "a.ply")
    convert(tmp_path / "a.ply", tmp_path / "b.ply")
    assert load(tmp_path / "b.ply").color_space == "linear"
    assert (tmp_path / "b.ply").stat().st_size == (tmp_path / "a.ply").stat().st_size


@pytest.mark.parametrize("kept", [0, 1, 99, 100])
def test_what_an_edit_removes_makes_the_header_shorter(tmp_path, make_scene, monkeypatch, kept):
    monkeypatch.setattr("gaussrep.formats.ply.BLOCK", 100)
    scene = make_scene(100, degree=1)
    save(scene, tmp_path / "a.ply")
    limit = scene.means[:, 0].sort().values[kept - 1] if kept else -9
    editing = Editing(edit=lambda part: part.prune(part.means[:, 0] <= limit))
    assert convert(tmp_path / "a.ply", tmp_path / "b.ply", editing) == kept
    save(editing.edit(load(tmp_path / "a.ply")), tmp_path / "c.ply")
    assert (tmp_path / "b.ply").read_bytes() == (tmp_path / "c.ply").read_bytes()


def write_with_bad_rows(path, scene, bad):
    means = scene.means.clone()
    means[bad] = float("nan")
    names = column_names(1)
    header = ["ply", "format binary_little_endian 1.0", f"element vertex {scene.count}"]
    header += [*(f"property float {name}" for name in names), "end_header", ""]
    rows = encode(scene.replace(means=means)).numpy()
    path.write_bytes("\n".join(header).encode() + rows.tobytes())


def test_impossible_gaussians_are_counted_over_all_parts(tmp_path, make_scene, caplog):
    write_with_bad_rows(tmp_path / "a.ply", make_scene(200), [3, 4])
    assert convert(tmp_path / "a.ply", tmp_path / "b.ply") == 198
    (line,) = caplog.messages
    assert line.startswith(f"{tmp_path / 'a.ply'}: left out 2 impossible Gaussians of 200")
    with pytest.raises(FormatError, match="2 impossible Gaussians of"):
        convert(tmp_path / "a.ply", tmp_path / "c.ply", strict=True)
    write_with_bad_rows(tmp_path / "a.ply", make_scene(200), [3, 4, 190])
    with pytest.raises(FormatError, match=r"a\.ply: the file holds 3 impossible Gaussians of 200"):
        convert(tmp_path / "a.ply", tmp_path / "c.ply")
    assert not (tmp_path / "c.ply").exists()


@pytest.mark.parametrize("target", ["b.ply", "b.splat", "b.spz", "b.glb"])
def test_a_check_after_the_last_part_leaves_the_old_file(tmp_path, make_scene, target):
    save(make_scene(50), tmp_path / "a.ply")
    save(make_scene(5), tmp_path / target)
    before = (tmp_path / target).read_bytes()
    seen = []

    def refuse():
        raise ConfigError(f"after {len(seen)} parts")

    editing = Editing(check=refuse, report=lambda done, count: seen.append((done, count)))
    with pytest.raises(ConfigError, match="after 4 parts"):
        convert(tmp_path / "a.ply", tmp_path / target, editing)
    assert seen == [(16, 50), (32, 50), (48, 50), (50, 50)]
    assert (tmp_path / target).read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.ply", target]


@pytest.mark.parametrize("name", ["a.ply", "a.splat"])
def test_errors_name_the_file_that_has_them(tmp_path, make_scene, name):
    save(make_scene(50, degree=1), tmp_path / name)
    with pytest.raises(FormatError, match=r"no_folder.b.ply: cannot be written"):
        convert(tmp_path / name, tmp_path / "no_folder" / "b.ply")
    with pytest.raises(FormatError, match=r"none.ply: cannot be read"):
        convert(tmp_path / "none.ply", tmp_path / "b.ply")
    (tmp_path / name).write_bytes((tmp_path / name).read_bytes()[:-3])
    with pytest.raises(FormatError, match=rf"{name}: .*truncated"):
        convert(tmp_path / name, tmp_path / "b.ply")
    assert not (tmp_path / "b.ply").exists()


def test_a_file_onto_itself_and_no_gaussians(tmp_path, make_scene):
    save(make_scene(0), tmp_path / "a.ply")
    assert convert(tmp_path / "a.ply", tmp_path / "a.ply") == 0
    assert load(tmp_path / "a.ply").count == 0


TARGETS = ["out.ply", "out.splat", "out.spz", "out.glb"]
LIMITED = """
import resource, sys
from pathlib import Path
from gaussrep.formats.by_suffix import load
from gaussrep.formats.converting import Editing, convert_file
source, warm, mib, *targets = sys.argv[1:]
edit = Editing(edit=lambda part: part.replace(means=part.means + 1))
for target in targets:
    convert_file(Path(warm), Path(target), {}, {}, edit)
for read in targets[2:]:
    convert_file(Path(read), Path(targets[0]), {}, {})
with open("/proc/self/statm") as file:
    size = int(file.read().split()[0]) * resource.getpagesize()
limit = size + int(mib) * 2**20
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
for target in targets:
    assert convert_file(Path(source), Path(target), {}, {}, edit) == 400_000
for read in targets[2:]:
    assert convert_file(Path(read), Path(targets[0]), {}, {}) == 400_000
try:
    load(source)
except (MemoryError, RuntimeError):
    print("too large")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="needs a limit on the address space")
def test_a_scene_larger_than_the_memory(tmp_path):
    """94 MiB of Gaussians with 72 MiB more than the process starts with; loading them fails.

    It takes seconds, because a process of its own imports torch. The thresholds keep large arrays
    out of the C library's heap, whose gaps would decide whether the next array fits.
    """
    count = 400_000
    scene = Gaussians(
        means=torch.rand(count, 3),
        quats=torch.ones(count, 4),
        scales=torch.ones(count, 3),
        opacities=torch.ones(count),
        sh=torch.zeros(count, 16, 3),
    )
    save(scene, tmp_path / "large.ply")
    save(scene[:70_000], tmp_path / "small.ply")
    targets = [tmp_path / name for name in TARGETS]
    files = [tmp_path / "large.ply", tmp_path / "small.ply"]
    command = [sys.executable, "-c", LIMITED, *map(str, files), "72", *map(str, targets)]
    heap = {
        "MALLOC_ARENA_MAX": "1",
        "MALLOC_MMAP_THRESHOLD_": "262144",
        "MALLOC_TRIM_THRESHOLD_": "262144",
    }
    env = {**os.environ, **heap, "OMP_NUM_THREADS": "1"}
    ran = subprocess.run(command, capture_output=True, text=True, check=False, env=env)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout == "too large\n"
