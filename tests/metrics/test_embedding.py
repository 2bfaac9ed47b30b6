from math import exp, log

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from gaussrep import metrics


def with_spectrum(values, rows=12, width=7):
    generator = torch.Generator().manual_seed(0)
    left = torch.linalg.qr(torch.randn(rows, width, generator=generator)).Q
    right = torch.linalg.qr(torch.randn(width, width, generator=generator)).Q
    spectrum = torch.zeros(width)
    spectrum[: len(values)] = torch.tensor(values)
    return left @ torch.diag(spectrum) @ right


def effective_rank(embeddings, **options):
    return metrics.effective_rank(embeddings, **options).item()


@pytest.mark.parametrize("rank", [1, 2, 5, 7])
def test_equal_singular_values_count(rank):
    assert effective_rank(with_spectrum([3.0] * rank)) == pytest.approx(rank, rel=1e-4)


def test_by_hand():
    p = [0.7, 0.2, 0.1]
    wanted = exp(-sum(x * log(x) for x in p))
    assert effective_rank(with_spectrum([14.0, 4.0, 2.0])) == pytest.approx(wanted, rel=1e-4)


@given(scale=st.floats(1e-3, 1e3))
def test_neither_scale_nor_rotation_matters(scale):
    embeddings = with_spectrum([5.0, 3.0, 1.0, 0.2])
    turned = embeddings @ torch.linalg.qr(torch.randn(7, 7)).Q
    assert effective_rank(scale * turned) == pytest.approx(effective_rank(embeddings), rel=1e-3)


def test_collapse():
    same = torch.tensor([[0.3, -2.0, 1.0]]).expand(9, 3)
    assert effective_rank(same) == pytest.approx(1.0)
    assert effective_rank(torch.zeros(4, 3)) == 0.0


def test_second_moments_give_the_same_rank():
    embeddings = with_spectrum([5.0, 3.0, 1.0, 0.2])
    wanted = effective_rank(embeddings)
    assert effective_rank(embeddings, from_moments=True) == pytest.approx(wanted, rel=1e-4)
    assert effective_rank(torch.zeros(4, 3), from_moments=True) == 0.0
