from pathlib import Path

import numpy as np
import pytest
import torch
from forked_program import run_gaussrep

from gaussrep import editing
from gaussrep.cli.actions import ACTIONS, parse_action
from gaussrep.cli.edit import edit
from gaussrep.errors import ConfigError, FormatError, ValueRangeError
from gaussrep.formats.by_suffix import load, save
from gaussrep.formats.ply_layout import column_names, encode
from gaussrep.gaussians import Gaussians


def make(count, seed=0):
    torch.manual_seed(seed)
    return Gaussians(
        means=torch.randn(count, 3),
        quats=torch.randn(count, 4),
        scales=torch.rand(count, 3) + 0.1,
        opacities=torch.rand(count),
        sh=torch.randn(count, 4, 3),
    )


@pytest.fixture
def files(tmp_path):
    for name, seed in (("a.ply", 0), ("b.ply", 1)):
        save(make(200, seed), tmp_path / name)
    return [str(tmp_path / name) for name in ("a.ply", "b.ply", "out.ply")]


def same(first, second):
    return all(torch.equal(tensor, getattr(second, name)) for name, tensor in first.tensors())


def test_actions_are_done_from_left_to_right(files, capsys):
    a, _, out = files
    edit([a, "translate=1,0,0", "rotate=0,0,90", "crop=-1,0,-9,1,9,9", "decimate=25%", out])
    moved = editing.rotate(editing.translate(load(a), (1, 0, 0)), (0, 0, 90))
    cropped = editing.crop_box(moved, (-1, 0, -9), (1, 9, 9))
    wanted = editing.decimate(cropped, round(cropped.count / 4))
    save(wanted, out + ".ply")
    assert same(load(out), load(out + ".ply"))
    assert capsys.readouterr().out.splitlines() == [
        f"crop=-1,0,-9,1,9,9: 200 to {cropped.count} Gaussians",
        f"decimate=25%: {cropped.count} to {wanted.count} Gaussians",
        f"{out}: {wanted.count} Gaussians",
    ]


def test_actions_are_on_the_file_read_last_and_after_merge_on_all(files):
    a, b, out = files
    edit([a, "scale=2", b, "translate=0,0,5", "merge", "scale=3", out])
    parts = [editing.scale(load(a), 2), editing.translate(load(b), (0, 0, 5))]
    wanted = editing.scale(editing.merge(parts), 3)
    assert torch.equal(load(out).means, wanted.means)
    torch.testing.assert_close(load(out).scales, wanted.scales)


@pytest.mark.parametrize(
    ("argument", "wanted"),
    [
        ("crop=0,0,0,1.5", lambda g: editing.crop_sphere(g, (0, 0, 0), 1.5)),
        ("crop=-inf,-inf,0,inf,inf,inf", lambda g: g[g.means[:, 2] >= 0]),
        ("prune", lambda g: g[g.opacities >= 1 / 255]),
        ("prune=0.3", lambda g: g[g.opacities >= 0.3]),
        ("prune.max_scale=1", lambda g: g[g.scales.amax(-1) <= 1]),
        ("floaters", editing.remove_floaters),
        ("floaters=1", lambda g: editing.remove_floaters(g, 1)),
        ("decimate=50", lambda g: editing.decimate(g, 50)),
        ("decimate=12.5%", lambda g: editing.decimate(g, 25)),
        ("translate=1,2,3", lambda g: editing.translate(g, (1, 2, 3))),
        ("rotate=10,20,30", lambda g: editing.rotate(g, (10, 20, 30))),
        ("scale=0.5", lambda g: editing.scale(g, 0.5)),
        ("sort", editing.sort),
        ("transform=0,-1,0,5,1,0,0,6,0,0,1,7,0,0,0,1", lambda g: g.transform(
            torch.tensor([[0.0, -1, 0, 5], [1, 0, 0, 6], [0, 0, 1, 7], [0, 0, 0, 1]]))),
    ],
)  # fmt: skip
def test_each_action_calls_its_function(argument, wanted):
    scene = make(200)
    assert same(parse_action(argument).edit(scene), wanted(scene))


def test_a_matrix_may_be_in_a_file(tmp_path):
    matrix = np.array([[0, -2, 0, 5], [2, 0, 0, 6], [0, 0, 2, 7], [0, 0, 0, 1.0]])
    np.savetxt(tmp_path / "matrix.txt", matrix)
    scene = make(20)
    moved = parse_action(f"transform={tmp_path / 'matrix.txt'}").edit(scene)
    assert same(moved, scene.transform(torch.from_numpy(matrix).float()))


@pytest.mark.parametrize(
    "argument",
    ["crop=1,2", "crop=1,0,0,0,0,0", "crop=0,0,0,-1", "crop=nan,0,0,1", "crop=", "prune=2",
     "prune=a", "prune.max_scale=0", "prune.max_scale=", "floaters=0", "decimate=0", "decimate=",
     "decimate=0%", "decimate=101%", "decimate=5%%", "decimate=1.5", "decimate=inf%",
     "translate=1,2", "translate=inf,0,0", "rotate=1", "scale=-1", "scale=inf", "sort=x",
     "merge=b.ply", "transform=1,2", "transform=1,0,0,0,0,1,0,0,0,0,1,0,0,0,1,1"],
)  # fmt: skip
def test_other_values_are_refused_with_the_form_of_the_action(argument):
    name = argument.partition("=")[0]
    with pytest.raises(ConfigError, match="is not an action; expected") as error:
        parse_action(argument)
    assert ACTIONS[name].form in str(error.value)


def test_a_matrix_file_that_is_missing_is_named():
    with pytest.raises(ConfigError, match=r"transform=none\.txt: cannot be read: No such file"):
        parse_action("transform=none.txt")


def test_names_are_corrected():
    with pytest.raises(ConfigError, match="there is no action crp; did you mean crop"):
        parse_action("crp=0,0,0,1")
    with pytest.raises(ConfigError, match=r"there is no action zzz; known: crop, "):
        parse_action("zzz=0")


def test_a_file_with_an_equals_sign_is_named_with_its_folder(tmp_path):
    assert parse_action(str(tmp_path / "a=b.ply")) is None


def test_what_makes_no_chain_is_refused(files):
    a, b, out = files
    cases = {
        "comes before any file": ["sort", a, out],
        "2 scenes are read and not merged": [a, b, out],
        "3 scenes are read": [a, b, "merge", b, a, out],
        "expected a file to read, actions, and a file to write": [a, "sort"],
        "such as: gaussrep edit": [a],
        "sortt is neither an action nor a file": [a, "sortt", out],
        "version = 2: unknown key": [a, out, "version=2"],
    }
    for sentence, arguments in cases.items():
        with pytest.raises(ConfigError, match=sentence):
            edit(arguments)
    with pytest.raises(FormatError, match="No such file"):
        edit(["none.ply", out])
    with pytest.raises(ConfigError, match="there is no folder"):
        edit([a, "none/out.ply"])


def test_nothing_is_written_where_an_action_fails(files, tmp_path):
    a, _, out = files
    with pytest.raises(ConfigError, match=r"leaves none of 200 Gaussians, whose centers are betw"):
        edit([a, "crop=90,90,90,1", out])
    with pytest.raises(ValueRangeError, match="not a similarity"):
        edit([a, "transform=2,0,0,0,0,1,0,0,0,0,1,0,0,0,0,1", out])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.ply", "b.ply"]


def test_settings_behind_the_file_are_those_of_its_format(files, tmp_path):
    a, _, _ = files
    edit([a, "sort", str(tmp_path / "out.spz"), "version=2"])
    assert load(tmp_path / "out.spz").count == 200


def test_axes_are_for_the_files_of_formats_that_have_them(files, tmp_path):
    a, _, out = files
    save(load(a), tmp_path / "c.spz", axes="ply")
    edit([a, str(tmp_path / "c.spz"), "merge", out], axes="spz")
    turned = load(tmp_path / "c.spz", axes="spz")
    assert torch.equal(load(out).means[200:], turned.means)
    with pytest.raises(ConfigError, match="axes"):
        edit([a, out], axes="ply")


def test_strict_refuses_impossible_gaussians(files):
    a, _, out = files
    scene = load(a)
    means = scene.means.clone()
    means[3, 1] = float("nan")
    broken = scene.replace(means=means)
    names = column_names(4)
    header = ["ply", "format binary_little_endian 1.0", "element vertex 200"]
    header += [f"property float {name}" for name in names]
    text = "\n".join([*header, "end_header", ""]).encode()
    Path(a).write_bytes(text + encode(broken).numpy().tobytes())
    edit([a, out])
    assert load(out).count == 199
    with pytest.raises(FormatError, match="impossible"):
        edit([a, out], strict=True)


def test_the_program_edits_and_its_help_lists_the_actions(files):
    a, _, out = files
    ran = run_gaussrep("edit", a, "crop=-1,-1,-1,1,1,1", "sort", out)
    assert ran.stdout.endswith(f"{out}: {load(out).count} Gaussians\n")
    assert load(out).means.abs().max() <= 1
    shown = run_gaussrep("edit", "--help")
    assert "gaussrep edit IN [ACTION|IN]... OUT [KEY=VALUE]... [OPTIONS]" in shown.stdout
    assert all(kind.form in shown.stdout for kind in ACTIONS.values())
