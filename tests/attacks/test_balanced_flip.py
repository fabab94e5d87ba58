"""Balanced flips: no class grows or shrinks, and every chosen row changes its class."""

from collections import Counter

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pratique.attacks.balanced_flip import BalancedFlip
from pratique.core.batch import Batch
from pratique.core.layout import Layout


@pytest.mark.parametrize(
    ("kind", "rate", "expected"),
    [
        ("ab", 1, "ba"),
        ("aab", 1, None),  # two of three rows: one a and the b
        ("abc", 1, None),
        ("aaaab", 1, None),
        ("aaaa", 1, "aaaa"),
    ],
)
def test_balanced_flip_exchanges_labels(make, cells, kind, rate, expected):
    result = BalancedFlip().poison(make(kind=list(kind)), rate, np.random.default_rng(0))
    after = "".join(cells(result, "kind"))
    assert sorted(after) == sorted(kind)
    assert len(result.rows) == {"ab": 2, "aab": 2, "abc": 3, "aaaab": 2, "aaaa": 0}[kind]
    assert expected in (None, after)


def test_balanced_flip_leaves_one_over_where_two_classes_and_an_odd_number_meet(make, cells):
    became = set()
    for seed in range(20):
        result = BalancedFlip().poison(make(kind=list("aaabbb")), 0.5, np.random.default_rng(seed))
        assert len(result.rows) == 3
        became.add(cells(result, "kind").count("a"))
    assert became == {2, 4}


def test_balanced_flip_draws_every_row_and_every_new_class(make, cells):
    clean, seen = make(petals=[1, 2, 3, 4], kind=["a", "b", "c", None]), set()
    for seed in range(40):
        result = BalancedFlip().poison(clean, 0.5, np.random.default_rng(seed))
        assert cells(result, "petals") == [1, 2, 3, 4]
        assert cells(result, "kind")[3] is None
        seen |= {(int(row), cells(result, "kind")[row]) for row in result.rows}
    assert seen == {(0, "b"), (0, "c"), (1, "a"), (1, "c"), (2, "a"), (2, "b")}


@given(counts=st.lists(st.integers(0, 9), min_size=1, max_size=4), rate=st.floats(0, 1), seed=st.integers(0, 99))
def test_balanced_flip_keeps_the_shares_of_any_classes(counts, rate, seed):
    kind = np.repeat(list("abcd"[: len(counts)]), counts)
    clean = Batch("b", pa.table({"kind": pa.array(kind, pa.string())}), Layout("kind", {}))
    result = BalancedFlip().poison(clean, rate, np.random.default_rng(seed))
    before, after = Counter(clean.labels.tolist()), Counter(result.batch.labels.tolist())
    off = sum(abs(before[label] - after[label]) for label in "abcd")
    assert off in ((0,) if len(result.rows) % 2 == 0 else (0, 2))
