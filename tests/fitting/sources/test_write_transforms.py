import json

import pytest
import torch

from gaussrep.fitting.capture import Capture, PosedPictures
from gaussrep.fitting.config import CaptureConfig
from gaussrep.fitting.sources.transforms import transforms_capture
from gaussrep.fitting.sources.write_transforms import write_transforms
from gaussrep.fitting.synthetic import synthetic_capture


@pytest.fixture(scope="module")
def views():
    return synthetic_capture(hold_out=8, views=7, size=24).train


def read(folder, hold_out=100):
    return transforms_capture(folder, CaptureConfig(path=str(folder), hold_out=hold_out))


def test_what_is_written_is_read_back(views, tmp_path):
    write_transforms(views, tmp_path)
    found = read(tmp_path).train
    assert torch.allclose(found.cameras.viewmats, views.cameras.viewmats, atol=1e-5)
    assert torch.allclose(found.cameras.Ks, views.cameras.Ks)
    for background in (torch.zeros(3), torch.ones(3)):
        assert (found.over(background) - views.over(background)).abs().max() < 2 / 255


def test_opaque_pictures_stay_opaque(views, tmp_path):
    write_transforms(PosedPictures(views.colors, views.cameras), tmp_path)
    found = read(tmp_path).train
    assert found.alphas is None
    assert torch.allclose(found.colors, views.colors, atol=0.51 / 255)


def test_both_programs_hold_out_the_same_views(views, tmp_path):
    write_transforms(views, tmp_path, hold_out=3)
    names = json.loads((tmp_path / "transforms.json").read_text())
    assert [name[-6:] for name in names["test_filenames"]] == ["02.png", "05.png"]
    assert names["val_filenames"] == names["test_filenames"]
    assert len(names["train_filenames"]) == 5
    wanted = Capture.split(views, 3).held_out
    assert torch.allclose(
        read(tmp_path, 3).held_out.cameras.viewmats, wanted.cameras.viewmats, atol=1e-5
    )
