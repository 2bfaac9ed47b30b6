import torch

from gaussrep_gmae.evaluations.depth_baselines import DepthBaselines, contact_pairs


def test_contact_pairs_are_two_objects_apart_by_the_distance():
    order = torch.tensor([[1, 1, 2, 2], [0, 0, 0, 2], [1, 1, 1, 1], [3, 3, 0, 0]])
    pairs = contact_pairs(order, 2).T.tolist()
    assert pairs == [[0, 2], [1, 3], [2, 10], [3, 11]]


def test_estimates_rise_with_depth():
    image = torch.zeros(3, 64, 64)
    image[0, 16:48, 16:48] = 1
    figure = image[0] > 0
    found = DepthBaselines([image]).estimates({"image": image, "figure": figure})
    assert found["lower in the image nearer"][63, 0] < found["lower in the image nearer"][0, 0]
    for row in ("center nearer", "border assumption", "perfect figure mask"):
        assert found[row].shape == (64, 64)
        assert found[row][figure].mean() < found[row][~figure].mean()
    assert "perfect figure mask" not in DepthBaselines([image]).estimates({"image": image})
    blurred = found["border assumption, blurred, plus training mean"]
    assert blurred.unique().numel() > found["border assumption"].unique().numel()
