import torch

from gaussrep.data import SampleKey
from gaussrep.methods import sample_seeds, sample_uniform

CPU = torch.device("cpu")


def test_numbers_are_those_of_splitmix64():
    """The first ones of the seed 1234567, as the generator's own test vectors give them."""
    words = [6457827717110365317, 3203168211198807973, 9817491932198370423]
    found = sample_uniform(torch.tensor(1234567), torch.arange(3))
    assert found.tolist() == [(word >> 11) * 2.0**-53 for word in words]


def test_numbers_are_spread_evenly_and_independent():
    seeds = torch.tensor([SampleKey(index).random_seed() for index in range(64)])
    numbers = sample_uniform(seeds[:, None], torch.arange(256))
    assert 0 <= numbers.min() < numbers.max() < 1
    assert numbers.flatten().unique().numel() == numbers.numel()
    assert (numbers.mean(0) - 0.5).abs().max() < 0.2
    assert (torch.corrcoef(numbers) - torch.eye(64)).abs().max() < 0.3
    assert (numbers.histc(8, 0, 1) / 2048 - 1).abs().max() < 0.1


def test_a_batch_of_the_trainer_decides_its_seeds():
    given = torch.tensor([3, 4])
    assert torch.equal(sample_seeds({"sample_seed": given}, 2, CPU), given)


def test_without_them_the_global_generator_does():
    torch.manual_seed(0)
    first, second = sample_seeds({}, 4, CPU), sample_seeds({}, 4, CPU)
    torch.manual_seed(0)
    assert torch.equal(sample_seeds({}, 4, CPU), first)
    assert not torch.equal(first, second)
