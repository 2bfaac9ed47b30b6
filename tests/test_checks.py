import pytest
import torch

from gaussrep.checks import check_finite
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
