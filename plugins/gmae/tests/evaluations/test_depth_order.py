import pytest
import torch

from gaussrep.errors import DataError
from gaussrep_gmae.evaluations.depth_order import ordinal_accuracy, size_map, true_depth

ROWS = [
    "gmae",
    "smaller Gaussians nearer",
    "lower in the image nearer",
    "center nearer",
    "border assumption",
    "border assumption, blurred, plus training mean",
]
KINDS = ["object_background", "object_object", "across_contour"]


@pytest.mark.parametrize(
    ("data", "figure", "columns"),
    [
        ({"type": "shapes", "image_size": 32}, ["perfect figure mask"], ["accuracy", *KINDS]),
        ({"type": "stereo"}, [], ["accuracy"]),
    ],
)
def test_rows_of_an_untrained_model(evaluate, data, figure, columns):
    scores = evaluate("depth-order", data=data, pairs=300, training_images=4)
    assert list(scores.rows) == [*ROWS, *figure, "chance"]
    for row in scores.rows.values():
        assert list(row) == columns
        assert all(0 <= value <= 1 for value in row.values())
    assert set(scores.rows["chance"].values()) == {0.5}


def test_a_perfect_figure_mask_orders_no_two_objects(evaluate):
    rows = evaluate("depth-order", limit=20, training_images=20).rows
    perfect = rows["perfect figure mask"]
    assert perfect["object_object"] == perfect["across_contour"] == 0.5
    assert perfect["object_background"] > 0.95
    assumed = rows["border assumption, blurred, plus training mean"]
    assert perfect["object_background"] > assumed["object_background"] > 0.7


def test_what_stands_on_the_ground_is_lower_the_nearer_it_is(evaluate):
    rows = evaluate("depth-order", data={"type": "stereo"}).rows
    assert rows["lower in the image nearer"]["accuracy"] > 0.6


def test_ordinal_accuracy_counts_ties_half():
    truth = torch.tensor([[1.0, 2.0, 3.0, 4.0]])
    estimate = torch.tensor([[1.0, 1.0, 5.0, 0.0]])
    pairs = torch.tensor([[0, 0, 3, 2], [1, 2, 0, 3]])  # tie, right, wrong, wrong
    assert ordinal_accuracy(estimate, truth, pairs) == pytest.approx(1.5 / 4)


def test_disparity_falls_with_depth():
    valid = torch.tensor([[True, False]])
    depth, known = true_depth({"disparity": torch.tensor([[3.0, 0.0]]), "valid": valid}, "stereo")
    assert depth[0, 0] == -3
    assert known.equal(valid)


def test_data_without_depth_is_refused(evaluate):
    with pytest.raises(DataError, match=r"has no depth or disparity"):
        evaluate("depth-order", data={"type": "photos", "image_size": 32, "val_crops": 1})


def test_size_map_shows_the_size_of_what_is_seen(make_method, images):
    gaussians = make_method().gaussians({"image": images}).detach()
    one_size = gaussians.replace(scales=torch.full_like(gaussians.scales, 0.25))
    sizes = size_map(one_size, 32)
    torch.testing.assert_close(sizes, torch.full_like(sizes, 0.25), atol=1e-4, rtol=0)
