"""Choice of the number of threads by durations of launches."""

import random
from math import log2

import pytest

from gaussrep.kernels.thread_choice import LONGEST_WAIT, TRIAL, WAIT, ThreadChoice


def run(choice, seconds_of, launches):
    """Note launches whose duration depends on the number of threads; return the numbers."""
    numbers = []
    for _ in range(launches):
        numbers.append(choice.threads)
        choice.note(choice.threads, seconds_of(choice.threads))
    return numbers


def test_the_first_launches_have_all_threads():
    assert run(ThreadChoice(8, 8), lambda threads: 1 / threads, WAIT) == [8] * WAIT


@pytest.mark.parametrize("best", [1, 2, 4, 8, 12])
def test_a_number_near_the_fastest_is_found_and_kept(best):
    numbers = run(ThreadChoice(12, 12), lambda threads: 1 + abs(log2(threads / best)), 60 * WAIT)
    late = numbers[-20 * WAIT :]
    assert sum(abs(log2(threads / best)) for threads in late) <= 0.65 * len(late)


def test_a_number_that_compiles_at_first_is_not_judged_by_that():
    times = iter([1000.0])
    numbers = run(ThreadChoice(2, 2), lambda threads: next(times, 1.0 / threads), 20 * WAIT)
    assert numbers.count(2) >= 0.95 * len(numbers)


def test_trials_become_rare_and_stop_when_they_have_taken_too_long():
    numbers = run(
        ThreadChoice(2, 2), lambda threads: 1.0 if threads == 2 else 5.0, 40 * LONGEST_WAIT
    )
    assert numbers.count(1) <= 2 * (5 + 40)  # two launches per trial
    assert 1 in numbers[-LONGEST_WAIT - 1 :]


def test_a_machine_that_becomes_busy_and_free_again_is_followed():
    choice = ThreadChoice(2, 2)
    run(choice, lambda threads: 1 / threads, 10 * LONGEST_WAIT)
    busy = run(choice, float, 2 * LONGEST_WAIT)
    assert set(busy[-WAIT // 2 :]) == {1}
    free = run(choice, lambda threads: 1 / threads, 2 * LONGEST_WAIT)
    assert set(free[-WAIT // 2 :]) == {2}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("other", [1.0, 1.2])
def test_one_thread_is_kept_where_two_are_about_as_fast(seed, other):
    chance = random.Random(seed)

    def seconds_of(threads):
        return (1.0 if threads == 1 else other) * chance.uniform(0.6, 1.4)

    late = run(ThreadChoice(2, 2), seconds_of, 40 * LONGEST_WAIT)[20 * LONGEST_WAIT :]
    assert late.count(1) >= 0.9 * len(late)


@pytest.mark.parametrize("seed", range(3))
def test_rare_delays_do_not_hide_what_is_faster(seed):
    chance = random.Random(seed)

    def seconds_of(threads):
        delayed = threads == 2 and chance.random() < 0.3
        return (4.0 if delayed else 0.6 if threads == 2 else 1.0) * chance.uniform(0.8, 1.2)

    numbers = run(ThreadChoice(2, 2), seconds_of, 40 * LONGEST_WAIT)
    late = numbers[len(numbers) // 2 :]
    assert late.count(1) >= 0.8 * len(late)


def test_launches_of_before_a_change_are_not_counted():
    choice = ThreadChoice(2, 2)
    run(choice, lambda threads: 1.0, WAIT + 1)
    assert choice.threads == 1
    for _ in range(2 * TRIAL):
        choice.note(2, 0.0)
    assert choice.threads == 1
