import pytest
import torch

from gaussrep_gmae.evaluations.layers import gradient_at_centers, spearman


def test_rows_of_an_untrained_model(evaluate):
    scores = evaluate("layers", fractions=[0.25, 1.0])
    assert list(scores.rows) == ["gmae", "farthest first", "random order"]
    assert scores.facts["samples"] == 3
    own, far, drawn = scores.rows.values()
    assert set(own) == {"psnr 25.00%", "psnr 100.00%", "size", "detail"}
    assert own["psnr 100.00%"] == pytest.approx(far["psnr 100.00%"], abs=1e-4)
    assert own["psnr 100.00%"] == pytest.approx(drawn["psnr 100.00%"], abs=1e-4)
    assert own["psnr 25.00%"] != pytest.approx(far["psnr 25.00%"], abs=1e-4)
    assert own["size"] == pytest.approx(-far["size"])
    assert own["detail"] == pytest.approx(-far["detail"])
    assert all(-1 <= row[name] <= 1 for row in scores.rows.values() for name in ("size", "detail"))


def test_the_same_seed_gives_the_same_scores(evaluate):
    assert evaluate("layers").rows == evaluate("layers").rows


def test_spearman_looks_at_ranks_only():
    a = torch.tensor([[1.0, 2.0, 3.0, 4.0], [1.0, 2.0, 3.0, 4.0]])
    b = torch.tensor([[0.0, 1.0, 10.0, 1000.0], [1.0, 0.0, 3.0, 2.0]])
    assert spearman(a, b).tolist() == pytest.approx([1.0, 0.6])  # 1 - 6 * 4 / (4 * 15)


def test_detail_is_high_where_the_image_changes(make_method):
    images = torch.zeros(1, 3, 32, 32)
    images[..., 16:] = 1
    gaussians = make_method().gaussians({"image": images}).detach()[:, :2]
    at_edge, beside = torch.tensor([0.0, 0.0, 0.0]), torch.tensor([0.8, 0.0, 0.0])
    detail = gradient_at_centers(
        gaussians.replace(means=torch.stack([at_edge, beside])[None]), images
    )[0]
    assert detail.tolist() == pytest.approx([0.2, 0.0])  # two columns of slope 1/2 in five
