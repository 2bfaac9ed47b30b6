import math

import pytest
import torch

from gaussrep.building import build
from gaussrep.config import resolve
from gaussrep.data import write_scene
from gaussrep.errors import CapabilityError
from gaussrep.evaluation.resolve import resolve_evaluation_config
from gaussrep.evaluation.running import run_evaluation
from gaussrep.methods.method import Method
from gaussrep_rooms.config import RoomsConfig
from gaussrep_rooms.room import make_room


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Two small rooms as a data set with two views each."""
    root = tmp_path_factory.mktemp("rooms")
    for number, split in enumerate(("train", "val")):
        room = make_room(0, number, RoomsConfig(frames=2, height=24, width=32, points=2000))
        write_scene(root, split, f"scene{number:04}_00", room.cloud, room.frames, room.intrinsics)
    given = {"type": "scannet", "root": root, "views": 2, "image_size": (24, 32), "frame_step": 1}
    return resolve("datasets", given)


def evaluate(method, data, *overrides):
    return run_evaluation(resolve_evaluation_config("views", data, None, list(overrides)), method)


def test_views_are_compared_with_fresh_weights_and_one_color(make_method, data):
    method = make_method().eval()
    with torch.no_grad():
        method.head.raw.bias[11:14] = torch.tensor([4.0, -4.0, -4.0])  # everything is red
    rows = evaluate(method, data).rows
    assert list(rows) == ["gaussiancross", "untrained", "mean color"]
    assert rows["gaussiancross"]["psnr"] < rows["untrained"]["psnr"] < rows["mean color"]["psnr"]
    assert rows["gaussiancross"]["depth_error"] > 0
    assert 0 < rows["gaussiancross"]["kept_fraction"] <= 1


def test_the_baseline_is_each_views_own_mean(make_method, data):

    images = build("datasets", data, split="val")[0]["images"]
    flat = images.mean((2, 3), keepdim=True)
    errors = (images - flat).square().mean((1, 2, 3))
    wanted = -10 * sum(math.log10(error) for error in errors.tolist()) / 2
    rows = evaluate(make_method().eval(), data, "untrained=false").rows
    assert list(rows) == ["gaussiancross", "mean color"]
    assert rows["mean color"]["psnr"] == pytest.approx(wanted, abs=1e-3)


class Silent(Method):
    def training_loss(self, batch):
        raise NotImplementedError


def test_other_methods_are_refused(data):
    method = Silent(resolve("methods", "gaussiancross"))
    method.weight = torch.nn.Parameter(torch.zeros(1))
    with pytest.raises(CapabilityError, match="Silent renders no scenes"):
        evaluate(method, data)
