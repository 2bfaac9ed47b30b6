import torch

from gaussrep_gaussiancross.report import k_means as module
from gaussrep_gaussiancross.report.k_means import k_means


def blobs(count, each):
    generator = torch.Generator().manual_seed(1)
    middles = 10 * torch.eye(count)
    truth = torch.arange(count).repeat_interleave(each)
    return middles[truth] + torch.randn(count * each, count, generator=generator), truth


def test_blobs_are_found():
    rows, truth = blobs(5, 40)
    found = k_means(rows, 5)
    assert len({(a, b) for a, b in zip(found.tolist(), truth.tolist(), strict=True)}) == 5
    assert torch.equal(found, k_means(rows, 5))


def test_rows_that_were_not_fitted_are_assigned(monkeypatch):
    monkeypatch.setattr(module, "MAX_FIT_ROWS", 30)
    rows, truth = blobs(3, 40)
    found = k_means(rows, 3)
    assert len({(a, b) for a, b in zip(found.tolist(), truth.tolist(), strict=True)}) == 3


def test_more_groups_than_different_rows():
    found = k_means(torch.zeros(4, 2), 3)
    assert found.tolist() == [0, 0, 0, 0]
    assert k_means(torch.rand(4, 2), 1).tolist() == [0, 0, 0, 0]
