"""The contract of every loss between images."""

import math

import jaxtyping
import pytest
import torch
from torch import Tensor

from gaussrep.errors import ShapeError
from gaussrep.losses.loss import Loss, PixelLoss
from gaussrep.testing.component_contract import ComponentContract

SHAPES = [(12, 14, 3), (2, 12, 14, 3), (2, 3, 12, 14, 5)]
"""Images without and with batch axes."""


class LossContract(ComponentContract):
    """Subclass this in a plugin's tests and set `name`.

    Examples:
        >>> class TestMine(LossContract):
        ...     name = "mine"
    """

    kind = "losses"

    @pytest.fixture
    def loss(self) -> Loss:
        """The loss under test."""
        return self.build()

    @pytest.fixture
    def unchecked(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Switch off run-time checks of shape annotations, as they are off for users."""
        monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)

    def test_it_is_a_loss(self, loss: Loss) -> None:
        assert isinstance(loss, Loss)

    @pytest.mark.parametrize("shape", SHAPES)
    def test_it_is_a_distance(self, loss: Loss, shape: tuple[int, ...]) -> None:
        one, two = _images(*shape)
        assert loss(one, two).shape == ()
        assert loss(one, two).item() > 0
        assert loss(one, one).item() == pytest.approx(0, abs=1e-6)
        assert loss(one, two).item() == loss(one, two).item()

    def test_a_mask_of_all_pixels_changes_nothing(self, loss: Loss) -> None:
        one, two = _images(2, 12, 14, 3)
        everything = torch.ones(2, 12, 14, dtype=torch.bool)
        torch.testing.assert_close(loss(one, two, everything), loss(one, two))

    def test_pixels_outside_the_mask_reach_neither_value_nor_gradient(self, loss: Loss) -> None:
        one, two = _images(2, 12, 14, 3)
        mask = torch.ones(2, 12, 14, dtype=torch.bool)
        mask[:, :, 7:] = False
        expected = loss(one, two, mask)
        one[:, :, 7:], two[:, :, 7:] = math.nan, math.inf
        one.requires_grad_()
        value = loss(one, two, mask)
        (gradient,) = torch.autograd.grad(value, one)
        torch.testing.assert_close(value, expected)
        assert not gradient[:, :, 7:].any()
        assert gradient[:, :, :7].any()

    def test_an_empty_mask_is_zero_with_a_gradient(self, loss: Loss) -> None:
        one, two = _images(2, 12, 14, 3)
        nothing = torch.zeros(2, 12, 14, dtype=torch.bool)
        value = loss(one.requires_grad_(), two, nothing)
        (gradient,) = torch.autograd.grad(value, one)
        assert value.item() == 0
        assert not gradient.any()

    def test_it_is_a_mean_over_images(self, loss: Loss) -> None:
        one, two = _images(2, 12, 14, 3)
        apart = torch.stack([loss(one[0], two[0]), loss(one[1], two[1])])
        torch.testing.assert_close(loss(one, two), apart.mean())

    def test_the_gradient_agrees_with_finite_differences(self, loss: Loss) -> None:
        one, two = (image.double() for image in _images(5, 6, 2))
        loss = loss.double()
        assert torch.autograd.gradcheck(lambda image: loss(image, two), one.requires_grad_())

    def test_a_step_against_the_gradient_lowers_the_loss(self, loss: Loss) -> None:
        one, two = _images(12, 14, 3)
        value = loss(one.requires_grad_(), two)
        (gradient,) = torch.autograd.grad(value, one)
        moved = one.detach() - 1e-3 * gradient / gradient.norm()
        assert loss(moved, two).item() < value.item()

    def test_the_loss_with_terms_is_the_loss(self, loss: Loss) -> None:
        one, two = _images(2, 12, 14, 3)
        found = loss.with_terms(one.requires_grad_(), two)
        assert found.loss.item() == loss(one, two).item()
        assert all(term.shape == () for term in found.terms.values())
        assert not any(term.requires_grad for term in found.terms.values())

    def test_errors_per_pixel_average_to_the_loss(self, loss: Loss) -> None:
        if not isinstance(loss, PixelLoss):
            pytest.skip("the loss has no errors per pixel")
        one, two = _images(2, 12, 14, 3)
        mask = torch.ones(2, 12, 14, dtype=torch.bool)
        mask[:, :, 7:] = False
        errors = loss.errors(one, two, mask)
        assert errors.shape[:-1] == mask.shape
        assert not errors[~mask].any()
        torch.testing.assert_close(errors[mask].mean(), loss(one, two, mask))
        torch.testing.assert_close(loss.errors(one, two).mean(), loss(one, two))

    @pytest.mark.usefixtures("unchecked")
    def test_a_wrong_shape_is_named_instead_of_broadcast(self, loss: Loss) -> None:
        one, two = _images(12, 14, 3)
        with pytest.raises(ShapeError, match="target has shape"):
            loss(one, two[:1])
        with pytest.raises(ShapeError, match="mask has shape"):
            loss(one, two, torch.ones(12, 1, dtype=torch.bool))


def _images(*shape: int) -> tuple[Tensor, Tensor]:
    """Two different images, in [0, 1]."""
    generator = torch.Generator().manual_seed(0)
    one, two = torch.rand(2, *shape, generator=generator)
    return one, two
