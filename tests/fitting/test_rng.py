from itertools import chain

import torch

from gaussrep.fitting.rng import RngStream, generator, views_of_step


def test_every_view_is_seen_once_before_any_is_seen_again():
    seen = list(
        chain.from_iterable(views_of_step(s, batch_size=3, count=7, seed=5) for s in range(14))
    )
    for epoch in range(6):
        assert sorted(seen[7 * epoch : 7 * epoch + 7]) == list(range(7))
    assert seen[:7] != seen[7:14]


def test_order_depends_on_the_seed_and_nothing_else():
    first = [views_of_step(s, batch_size=1, count=50, seed=1) for s in range(20)]
    torch.rand(3)
    assert first == [views_of_step(s, batch_size=1, count=50, seed=1) for s in range(20)]
    assert first != [views_of_step(s, batch_size=1, count=50, seed=2) for s in range(20)]


def test_streams_and_steps_differ():
    drawn = {
        torch.rand(1, generator=generator(0, stream, number)).item()
        for stream in RngStream
        for number in range(5)
    }
    assert len(drawn) == 15
