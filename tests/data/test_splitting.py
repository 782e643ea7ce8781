import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from wingkeras.data.splitting import hold_out, join_pictures

FACES = st.lists(
    st.tuples(
        st.sampled_from([f"{i}.jpg" for i in range(12)]),
        st.sampled_from([None, "", math.nan, "a", "b", "c", 1, 2.0]),
    ),
    min_size=1,
    max_size=30,
)


def _reachable(faces):
    """The same sets, found by following faces from one to the next."""
    named = [(p, g) for p, g in faces if not (g in (None, "") or g != g)]
    left, found = {picture for picture, _ in faces}, []
    while left:
        whole, size = {min(left)}, 0
        while len(whole) > size:
            size = len(whole)
            groups = {group for picture, group in named if picture in whole}
            whole |= {picture for picture, group in named if group in groups}
        left -= whole
        found.append(sorted(whole))
    return found


@given(FACES, st.randoms())
def test_pictures_that_share_a_group_are_joined(faces, random):
    expected = _reachable(faces)
    assert join_pictures(*zip(*faces, strict=True)) == expected
    random.shuffle(faces)
    assert join_pictures(*zip(*faces, strict=True)) == expected


SIZES = st.lists(st.integers(1, 9), min_size=2, max_size=20)


@given(SIZES, st.data(), st.integers(0, 99))
def test_whole_sets_are_held_out_up_to_the_count(sizes, data, seed):
    ends = np.cumsum(sizes)
    joined = [[*range(e - s, e)] for s, e in zip(sizes, ends, strict=True)]
    count = data.draw(st.integers(1, sum(sizes) - 1))
    chosen = hold_out(joined, count, seed)
    assert chosen == hold_out(joined, count, seed)
    whole = [set(part) for part in joined if chosen & set(part)]
    assert set.union(*whole) == chosen
    if min(sizes) > count:
        assert len(chosen) == min(sizes)
    else:
        # What is left out would not fit in.
        spare = [len(part) for part in joined if not chosen & set(part)]
        assert len(chosen) <= count < len(chosen) + min(spare, default=math.inf)
    assert len(chosen) < sum(sizes)


def test_another_seed_holds_out_others():
    joined = [[str(i)] for i in range(50)]
    assert hold_out(joined, 10, 0) != hold_out(joined, 10, 1)
