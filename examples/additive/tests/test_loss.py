import pytest
import torch

import gaussrep as gr


def pyramid(levels):
    return gr.build("losses", {"type": "pyramid", "levels": levels})


def test_one_level_is_the_mean_squared_error():
    one, two = torch.rand(2, 3, 5, 7, 3)
    mse = gr.build("losses", "mse")
    torch.testing.assert_close(pyramid(1)(one, two), mse(one, two))


def test_a_constant_error_costs_as_much_on_every_level():
    image = torch.rand(7, 10, 3)
    for levels in (1, 2, 5):
        assert pyramid(levels)(image + 0.2, image).item() == pytest.approx(0.04)


def test_noise_costs_on_the_first_level_only():
    checks = torch.tensor([[0.1, -0.1], [-0.1, 0.1]]).repeat(4, 4)[..., None]
    assert pyramid(1)(checks, torch.zeros_like(checks)).item() == pytest.approx(0.01)
    assert pyramid(2)(checks, torch.zeros_like(checks)).item() == pytest.approx(0.005)


def test_a_smaller_pixel_is_the_mean_of_those_that_count():
    errors = torch.tensor([[0.3, 9.0], [0.1, 9.0]])[..., None]
    mask = torch.tensor([[True, False], [True, False]])
    fine, coarse = (0.09 + 0.01) / 2, 0.2**2
    value = pyramid(2)(errors, torch.zeros_like(errors), mask)
    assert value.item() == pytest.approx((fine + coarse) / 2)
