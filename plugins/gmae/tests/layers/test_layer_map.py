import torch

from gaussrep_gmae.layers import jumps, layer_map

WHITE = torch.ones(3)
RED, BLUE = (1.0, 0.0, 0.0), (0.0, 0.0, 1.0)


def test_a_pixel_takes_the_number_of_the_group_that_paints_it(make_gaussians):
    gaussians = make_gaussians(((24, 8), 0.5, BLUE, 0.9, 2.0), ((8, 8), -0.5, RED, 0.9, 2.0))
    numbers = layer_map(gaussians, 2, 0.1, 32, WHITE)[0]
    assert numbers[8, 8] == 1
    assert numbers[8, 24] == 2
    assert numbers[28, 16] == 0


def test_what_is_hidden_behind_changes_nothing(make_gaussians):
    gaussians = make_gaussians(((8, 8), -0.5, RED, 0.95, 2.0), ((8, 8), 0.5, BLUE, 0.95, 4.0))
    numbers = layer_map(gaussians, 2, 0.1, 32, WHITE)[0]
    assert numbers[8, 8] == 1  # 0.05 of the light is left, so that nothing changes by 0.1
    assert numbers[8, 14] == 2
    assert layer_map(gaussians, 2, 0.04, 32, WHITE)[0, 8, 8] == 2


def test_jumps_are_differences_from_the_neighbors():
    numbers = torch.tensor([[[1, 1, 3], [1, 1, 1]]])
    assert jumps(numbers).tolist() == [[[0, 2, 2], [0, 0, 2]]]
