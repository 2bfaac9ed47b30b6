"""Images of what a file holds, in the file's own axes, are images of what was saved."""

import pytest
import torch

from gaussrep.formats.axes import LEFT_UP_FORWARD, RIGHT_UP_BACK
from gaussrep.formats.by_suffix import load, save
from gaussrep.formats.gltf_buffers import read_container
from gaussrep.formats.gltf_scene import scene_rows
from gaussrep.formats.remarks import Remarks
from gaussrep.formats.spz_streams import decode_streams
from gaussrep.formats.spz_unpacking import open_spz
from gaussrep.gaussians import Gaussians


def held_by_spz(path):
    with path.open("rb") as file:
        source = open_spz(file)
        return Gaussians(
            **decode_streams(source.header, source.in_order(), source.header.count, (1, 1, 1))
        )


def held_by_glb(path):
    with path.open("rb") as file:
        return scene_rows(read_container(file, path.parent), Remarks()).collect()


@pytest.mark.parametrize(
    ("name", "held", "signs", "tolerance"),
    [
        ("a.glb", held_by_glb, LEFT_UP_FORWARD, 1e-5),
        ("a.spz", held_by_spz, RIGHT_UP_BACK, 0.1),
    ],
)
def test_turned_cameras_see_the_scene_in_the_file(
    tmp_path, make_scene, cameras, draw, name, held, signs, tolerance
):
    scene = make_scene(degree=3)
    save(scene, tmp_path / name)
    turned = cameras.transform(torch.diag(torch.tensor([*signs, 1.0])))
    inside = draw(held(tmp_path / name), turned)
    torch.testing.assert_close(draw(load(tmp_path / name), cameras), inside, rtol=0, atol=1e-5)
    assert (inside - draw(scene, cameras)).abs().max() < tolerance
    assert (draw(held(tmp_path / name), cameras) - inside).abs().max() > 0.2


@pytest.mark.parametrize("name", ["a.ply", "a.splat"])
def test_the_other_formats_are_not_turned(tmp_path, make_scene, name):
    scene = make_scene()
    save(scene, tmp_path / name)
    assert torch.equal(load(tmp_path / name).means, scene.means)
