"""The page in a real browser."""

import numpy as np
import pytest
import torch

import gaussrep as gr
from gaussrep import quaternions
from gaussrep.fitting.synthetic import known_scene
from gaussrep.viewer.camera import BrowserCamera
from gaussrep.viewer.sources import make_view_source
from gaussrep.viewer.viser_scene import CUBOID_COLOR

pytestmark = pytest.mark.slow
WIDTH, HEIGHT = 900, 500
CLEAR = np.s_[200:, :510]
"""Pixels that neither the panel nor a notice covers, nor their shadows."""
SHARP = "?fixedDpr=1"
"""Keeps viser from drawing fewer pixels where the browser is slow."""
SMALL = 1.5
"""Mean difference of bytes between viser's splats and our renderers' images of them."""


@pytest.fixture
def file(tmp_path):
    """Balls on a disc seen at a slant, so that no two Gaussians are equally far."""
    turn = torch.eye(4)
    turn[:3, :3] = quaternions.to_matrix(torch.tensor([0.8, 0.55, 0.2, 0.1]))
    gr.save(known_scene().transform(turn), tmp_path / "scene.ply")
    return tmp_path / "scene.ply"


@pytest.fixture
def server(file, tab, wait_for):
    """viser's server of an open page."""
    from gaussrep.viewer.serve import running_server

    with running_server(make_view_source(file), "127.0.0.1", 8137, "cpu") as server:
        tab.open(f"http://127.0.0.1:{server.get_port()}/{SHARP}", WIDTH, HEIGHT)
        wait_for(server.get_clients, 60)
        wait_for(lambda: tab.pixels()[CLEAR].std() > 5, 60)
        yield server
        tab.call("Page.navigate", url="about:blank")


def drawn(file, server, share=0.0):
    """What our renderer draws from the browser's camera, without the nearest share."""
    (client,) = server.get_clients().values()
    camera = client.camera
    cameras = BrowserCamera(
        tuple(camera.wxyz.tolist()),
        tuple(camera.position.tolist()),
        camera.fov,
        camera.image_width,
        camera.image_height,
    ).cameras()
    assert (cameras.width, cameras.height) == (WIDTH, HEIGHT)
    scene = gr.load(file)
    order = (scene.means @ cameras.viewmats[0, 2, :3]).argsort()
    rest = scene[order[round(share * scene.count) :]]
    return (gr.render(rest, cameras, "cpu", torch.ones(3)).color[0] * 255).round().numpy()


def error(tab, image):
    """Differences of the screenshot from an image, in bytes."""
    return np.abs(tab.pixels()[CLEAR].astype(float) - image[CLEAR])


def test_the_page_shows_the_scene_and_its_layers(file, server, tab, wait_for):
    wait_for(lambda: error(tab, drawn(file, server)).mean() < SMALL, 60)
    whole = drawn(file, server)

    tab.choose("splats", "renderer")
    wait_for(lambda: error(tab, whole).max() <= 1, 60)

    tab.drag(".multi-slider-thumb", 60)
    share = float(tab.run("parseFloat(document.querySelector('.multi-slider-thumb').style.left)"))
    assert 20 < share < 60
    back = drawn(file, server, share / 100)
    assert np.abs(back - whole)[CLEAR].mean() > 4 * SMALL
    wait_for(lambda: error(tab, back).max() <= 1, 60)
    tab.choose("renderer", "splats")
    wait_for(lambda: error(tab, back).mean() < SMALL, 60)


def test_the_page_follows_a_file_that_is_written_again(file, server, tab, wait_for):
    green = torch.tensor([0.0, 1, 0]).expand(422, 3)
    gr.save(known_scene().replace(colors=green), file)
    wait_for(lambda: is_green(tab), 60)


def is_green(tab):
    """Whether all that is dark in red is bright in green."""
    seen = tab.pixels()[CLEAR].astype(int)
    covered = seen[seen[..., 0] < 128]
    return len(covered) > 1000 and (covered[:, 1] > covered[:, 0] + 50).all()


def test_the_cuboid_is_shown(server, tab, wait_for):
    before = orange(tab)
    tab.tick("cuboid")
    wait_for(lambda: orange(tab) > before + 200, 60)


def orange(tab):
    """Pixels of the cuboid's color."""
    apart = np.abs(tab.pixels()[CLEAR].astype(int) - CUBOID_COLOR)
    return int((apart.max(-1) < 40).sum())
