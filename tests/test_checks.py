import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from gaussrep.checks import check_finite, defer_finite_checks
from gaussrep.errors import ValueRangeError


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_finite_values_pass_even_if_their_sum_overflows(dtype):
    largest = torch.finfo(dtype).max
    check_finite({"means": torch.tensor([largest, largest], dtype=dtype)})


@pytest.mark.parametrize(
    ("values", "count"),
    [([1, torch.nan], 1), ([torch.inf, 2], 1), ([torch.inf, -torch.inf], 2), ([torch.nan] * 3, 3)],
)
def test_values_that_are_not_finite_are_counted(values, count):
    with pytest.raises(
        ValueRangeError, match=rf"means holds {count} values .*\(of {len(values)}\)"
    ):
        check_finite({"means": torch.tensor(values, dtype=torch.float32)})


class CountReads(TorchDispatchMode):
    """Counts how often Python waits for a value of a tensor."""

    count = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        self.count += func is torch.ops.aten._local_scalar_dense.default
        return func(*args, **(kwargs or {}))


def halves(**values):
    """Tensors of a type that is checked on the device, as all are on a GPU."""
    return {name: torch.tensor(v, dtype=torch.bfloat16) for name, v in values.items()}


def test_a_check_of_many_tensors_waits_for_the_device_once():
    tensors = halves(means=[1.0], quats=[2.0], scales=[3.0])
    with CountReads() as reads:
        check_finite(tensors)
    assert reads.count == 1


def test_checks_of_a_block_wait_once_at_its_end():
    with CountReads() as reads:
        with defer_finite_checks():
            for _ in range(3):
                check_finite(halves(means=[1.0], quats=[2.0]))
            assert reads.count == 0
        assert reads.count == 1


def test_a_deferred_check_names_the_tensor():
    def check_twice():
        with defer_finite_checks():
            check_finite(halves(means=[1.0]))
            check_finite(halves(means=[1.0], quats=[torch.nan, 1.0]))

    with pytest.raises(ValueRangeError, match=r"quats holds 1 values .*\(of 2\)"):
        check_twice()


def test_a_block_that_fails_raises_its_own_error():
    def fail():
        with defer_finite_checks():
            check_finite(halves(means=[torch.nan]))
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    check_finite(halves(means=[1.0]))


def test_float32_on_the_cpu_is_checked_at_once():
    with defer_finite_checks(), pytest.raises(ValueRangeError):
        check_finite({"means": torch.tensor([torch.nan])})
