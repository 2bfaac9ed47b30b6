import pytest
import torch
from torch.nn.functional import cosine_similarity

from gaussrep.encoders.encoder import ImageEncoder
from gaussrep.encoders.teacher import build_teacher
from gaussrep_nerfstudio.distillation import compute_feature_targets, feature_error


class Flat(ImageEncoder):
    """Vectors of length 6 that lie in the plane of two directions, far from their mean's origin."""

    def __init__(self):
        super().__init__()
        generator = torch.Generator().manual_seed(0)
        self.plane, _ = torch.linalg.qr(torch.randn(6, 2, generator=generator))

    @property
    def width(self):
        return 6

    def forward(self, images):
        red, green = images[:, 0, ::2, ::2], images[:, 1, ::2, ::2]
        return torch.stack([5 + red, green - 0.5], dim=-1) @ self.plane.mT


def make_images(count=3):
    generator = torch.Generator().manual_seed(1)
    return [torch.rand(3, 8, 6 + 2 * number, generator=generator) for number in range(count)]


def test_short_vectors_keep_all_angles_where_so_many_directions_hold_them():
    encoder = Flat()
    lessons = compute_feature_targets(encoder, make_images(), channels=2)
    assert [tuple(each.shape) for each in lessons.maps] == [(4, 3, 2), (4, 4, 2), (4, 5, 2)]
    for image, short in zip(make_images(), lessons.maps, strict=True):
        long = encoder(image[None])[0].flatten(0, 1)
        rows = short.flatten(0, 1)
        angles = cosine_similarity(long[:, None], long[None], dim=-1)
        assert torch.allclose(
            cosine_similarity(rows[:, None], rows[None], dim=-1), angles, atol=1e-5
        )


def test_the_longest_directions_are_kept():
    encoder = build_teacher("statistics")
    few, many = (compute_feature_targets(encoder, make_images(1), n) for n in (2, 8))
    assert torch.allclose(few.maps[0], many.maps[0][..., :2], atol=1e-5)
    energy = many.maps[0].square().sum((0, 1))
    assert (energy.diff() <= 1e-5).all()
    assert torch.equal(many.maps[0], compute_feature_targets(encoder, make_images(1), 8).maps[0])


def test_error_of_cells():
    wanted = torch.tensor([[[1.0, 0], [0, 1]]])
    drawn = torch.zeros(2, 4, 2)
    drawn[:, :2, 0] = torch.tensor([[1.0, 3], [2, 2]])
    drawn[:, 2:, 0], drawn[:, 2:, 1] = 0.5, torch.tensor([[0.0, 1], [1, 0]])
    assert feature_error(drawn, wanted).item() == pytest.approx((0 + 1 - 0.5**0.5) / 2, abs=1e-6)
    assert feature_error(-drawn, wanted).item() == pytest.approx((2 + 1 + 0.5**0.5) / 2, abs=1e-6)


def test_error_moves_features_to_what_is_wanted():
    wanted = torch.nn.functional.normalize(torch.randn(2, 3, 4), dim=-1)
    drawn = torch.randn(8, 12, 4, requires_grad=True)
    for _ in range(200):
        (slope,) = torch.autograd.grad(feature_error(drawn, wanted), drawn)
        drawn = (drawn - 50 * slope).detach().requires_grad_()
    assert feature_error(drawn, wanted) < 0.02
