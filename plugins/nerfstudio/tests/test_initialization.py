import pytest
import torch

from gaussrep import Gaussians
from gaussrep.data import PointCloud
from gaussrep.errors import DataError, RunError
from gaussrep_nerfstudio import initialization
from gaussrep_nerfstudio.initialization import predict_gaussians


def cloud(count=7):
    points = torch.arange(3.0 * count).reshape(count, 3)
    ones = torch.ones(count, dtype=torch.int64)
    return PointCloud(points, torch.rand(count, 3), torch.eye(3)[ones], -ones, -ones)


class AtPoints:
    """Says each point as a Gaussian, and pads."""

    def gaussians(self, batch):
        count = len(batch["points"])
        assert batch["scene"].tolist() == [0] * count
        assert len(batch["index"]) == 1
        scene = Gaussians(
            means=batch["points"],
            quats=batch["normals"].new_tensor([1.0, 0, 0, 0]).expand(count, 4),
            scales=torch.full((count, 3), 0.1),
            opacities=torch.full((count,), 0.4),
            colors=batch["colors"],
            features=batch["normals"],
        )
        return Gaussians.stack([scene.pad(count + 5)])


class OfPictures:
    def gaussians(self, batch):
        return batch["image"]


def test_what_a_method_reports_of_points_is_taken_without_padding(monkeypatch):
    monkeypatch.setattr(initialization, "load_run", lambda folder: AtPoints())
    given = cloud()
    found = predict_gaussians("run", given)
    assert torch.equal(found.means, given.points)
    assert torch.equal(found.colors, given.colors)
    assert found.features is None


def test_a_method_of_images_is_refused(monkeypatch):
    monkeypatch.setattr(initialization, "load_run", lambda folder: OfPictures())
    with pytest.raises(DataError, match="run: OfPictures needs 'image', which a point cloud lacks"):
        predict_gaussians("run", cloud())


def test_a_run_is_wanted(tmp_path):
    with pytest.raises(RunError):
        predict_gaussians(tmp_path / "none", cloud())
