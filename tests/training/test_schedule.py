import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gaussrep.training.optimization import warmup_cosine


def factors(steps, warmup, floor):
    return [warmup_cosine(step, steps=steps, warmup=warmup, floor=floor) for step in range(steps)]


def test_by_hand():
    assert factors(8, 4, 0.0) == pytest.approx(
        [0.25, 0.5, 0.75, 1.0, 1.0, (2 + math.sqrt(2)) / 4, 0.5, (2 - math.sqrt(2)) / 4]
    )


def test_a_run_of_one_step_trains_at_the_full_rate():
    assert factors(1, 0, 0.0) == [1.0]


def test_step_after_the_last_would_be_the_floor():
    assert warmup_cosine(10, steps=10, warmup=2, floor=0.25) == pytest.approx(0.25)


@given(
    steps=st.integers(1, 300),
    share=st.floats(0, 0.99),
    floor=st.floats(0, 1),
)
def test_rises_to_one_then_falls_to_the_floor(steps, share, floor):
    warmup = int(share * steps)
    values = factors(steps, warmup, floor)
    rise, fall = values[:warmup], values[warmup:]
    assert rise == sorted(rise)
    assert fall == sorted(fall, reverse=True)
    assert fall[0] == 1.0
    assert all(0 < value <= 1 for value in rise)
    assert all(floor - 1e-12 <= value <= 1 for value in fall)
