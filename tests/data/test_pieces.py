import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gaussrep.data.pieces import Pieces

SIZES = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 3)), min_size=1, max_size=20)


def pieces(sizes, buffer):
    samples = np.array([count for count, _ in sizes])
    return Pieces(samples, samples + [held for _, held in sizes], buffer)


@given(SIZES, st.integers(1, 30), st.integers(0, 5))
def test_an_order_holds_each_index_once(sizes, buffer, seed):
    order = pieces(sizes, buffer).shuffle(np.random.default_rng(seed))
    assert sorted(order) == list(range(sum(count for count, _ in sizes)))


@given(SIZES, st.integers(1, 30), st.integers(0, 5))
def test_an_order_reads_each_piece_once_with_a_bounded_memory(sizes, buffer, seed):
    found = pieces(sizes, buffer)
    owners = np.repeat(np.arange(len(sizes)), found.samples)
    owners = owners[found.shuffle(np.random.default_rng(seed))]
    limit, kept, reads = buffer + int(found.read.max()), [], []
    for piece in owners:  # as ParquetImages keeps row groups
        if piece not in kept:
            reads.append(piece)
            kept.append(piece)
            while len(kept) > 1 and found.read[kept].sum() > limit:
                kept.pop(0)
    assert len(reads) == len(set(reads))


def test_samples_of_several_pieces_are_mixed():
    order = Pieces(np.full(20, 50), np.full(20, 50), 200).shuffle(np.random.default_rng(0))
    windows = (order // 50).reshape(5, 200)
    for window in windows:
        assert len(set(window)) == 4
        assert len(set(window[:40])) == 4  # one piece alone: 4**-40
    assert len(np.unique(windows[:, 0])) == 5


def test_an_order_depends_on_the_random_state_alone():
    found = Pieces(np.full(6, 5), np.full(6, 5), 10)
    first, again, other = (found.shuffle(np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert (first == again).all()
    assert (first != other).any()
