import pytest
import torch

from gaussrep_gaussiancross.report.views import NO_DEPTH, ViewDepths, ViewImages, render_views


def test_errors_count_where_depth_was_measured():
    real = torch.tensor([[[1.0, 0.0], [2.0, 4.0]], [[0.0, 0.0], [0.0, 0.0]]])
    output = torch.tensor([[[1.5, 9.0], [2.0, 3.0]], [[1.0, 1.0], [1.0, 1.0]]])
    first, second = ViewDepths(real, output).errors().tolist()
    assert first == pytest.approx(0.5)
    assert second != second


def test_depths_have_the_same_colors():
    real = torch.tensor([[[1.0, 0.0], [2.0, 4.0]]])
    output = torch.tensor([[[2.0, 1.0], [0.0, 4.0]]])
    depth, rendered, error = ViewDepths(real, output).images("m")
    assert [depth.title, rendered.title] == ["depth 1.0 to 4.0 m", "rendered depth"]
    assert torch.equal(depth.images[0, 1, 0], rendered.images[0, 0, 0])
    assert torch.equal(depth.images[0, 0, 0], rendered.images[0, 0, 1])
    for chart, place in ((depth, (0, 1)), (rendered, (1, 0)), (error, (0, 1))):
        assert chart.images[0][place].tolist() == pytest.approx([NO_DEPTH] * 3)
    assert error.title == "error to 2.00 m"
    assert error.images[0, :, :, 0][real[0] > 0].tolist() == pytest.approx([0.5, 0.0, 1.0])


def test_views_are_measured_one_by_one(method, batch, scene):
    with torch.no_grad():
        first, second = render_views(method, batch, scene.field, "m")
        alone = {name: values[:, 1:] if name in VIEWS else values for name, values in batch.items()}
        (same,) = render_views(method, alone, scene.field, "m")
    assert (first.frame, second.frame, same.frame) == (0, 1, 1)
    assert second.psnr == pytest.approx(same.psnr, abs=1e-3)
    assert second.depth_error == pytest.approx(same.depth_error, abs=1e-4)
    assert second.cosine == pytest.approx(same.cosine, abs=1e-3)
    image = batch["images"][0, 1]
    error = (image - image.mean((1, 2), keepdim=True)).square().mean()
    assert second.baseline == pytest.approx(-10 * error.log10().item(), abs=1e-3)


def test_panels_keep_the_shape_of_the_views():
    (panel,) = ViewImages("a", torch.zeros(1, 30, 40, 3)).panels(0.75)
    assert panel.image.size == (224, 168)


VIEWS = ("images", "depths", "viewmats", "Ks", "frames")
