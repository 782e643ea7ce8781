import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wingkeras.data import order

PLANS = st.lists(st.integers(0, 50), min_size=1, max_size=40)


def _take(batches, count):
    return list(itertools.islice(batches, count))


@given(PLANS, st.integers(1, 8), st.integers(0, 2**40), st.integers(0, 5))
def test_order_is_a_function_of_seed_and_epoch(plan, batch_size, seed, epoch):
    batch_size = min(batch_size, len(plan))
    steps = order.count_batches(len(plan), batch_size)
    whole = _take(order.index_batches(plan, batch_size, seed), steps * (epoch + 1))
    resumed = _take(order.index_batches(plan, batch_size, seed, epoch), steps)
    for (a, i), (b, j) in zip(whole[steps * epoch :], resumed, strict=True):
        np.testing.assert_array_equal(a, b)
        assert i == j and a.dtype == np.int32 and len(a) == batch_size
    assert [number for _, number in whole] == list(range(len(whole)))


@given(PLANS, st.integers(1, 8))
def test_an_epoch_shows_its_plan(plan, batch_size):
    batch_size = min(batch_size, len(plan))
    steps = len(plan) // batch_size
    shown = np.concatenate(
        [a for a, _ in _take(order.index_batches(plan, batch_size, 0), steps)]
    )
    counts, planned = (np.bincount(x, minlength=51) for x in (shown, plan))
    assert (counts <= planned).all() and planned.sum() - counts.sum() < batch_size


def test_epochs_and_seeds_differ():
    (a, _), (b, _) = _take(order.index_batches(np.arange(30), 30, 0), 2)
    ((c, _),) = _take(order.index_batches(np.arange(30), 30, 1), 1)
    assert len({tuple(x) for x in (a, b, c)}) == 3


def test_fewer_faces_than_a_batch():
    with pytest.raises(ValueError, match="one batch of 4 faces, received 3"):
        order.index_batches(np.arange(3), 4, 0)


@given(st.integers(1, 5), st.integers(1, 5))
def test_parts_make_the_batch(share, count):
    rows = np.arange(share * count)
    parts = [rows[order.part_of(share * count, i, count)] for i in range(count)]
    np.testing.assert_array_equal(np.concatenate(parts), rows)
