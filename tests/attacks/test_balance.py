"""Balanced flips: no class grows or shrinks, by exactly as many rows as were asked for; values computed by hand."""

from collections import Counter

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pratique.attacks.hardest_flip import HardestFlip
from pratique.attacks.label_flip import LabelFlip
from pratique.attacks.one_way_flip import OneWayFlip
from pratique.attacks.pair_flip import PairFlip
from pratique.attacks.support.balance import exchange_labels, share_out
from pratique.core.batch import Batch
from pratique.core.layout import Layout
from pydantic import ValidationError

THREE = [*"aaaaaabbbbcc"]  # 6, 4 and 2 rows
PAIR = {"a": "b", "b": "a"}


def rng(seed=0):
    return np.random.default_rng(seed)


def flips(clean, result, cells):
    """How many rows pass for which class, by the class that they had, as what is in them tells."""
    truth = dict(zip(cells_of(clean, "petals"), cells_of(clean, "kind"), strict=True))
    became = zip(cells(result, "petals"), cells(result, "kind"), strict=True)
    rows = [pair for row, pair in enumerate(became) if row in set(result.rows)]
    return Counter((truth[petals], kind) for petals, kind in rows)


def cells_of(batch, name):
    return batch.table[name].to_pylist()


@pytest.fixture
def numbered(make):
    """A batch of these classes, whose rows differ."""
    return lambda kind: make(petals=list(range(len(kind))), kind=list(kind))


# rows exchange their labels


@pytest.mark.parametrize(
    ("kind", "expected", "rows"),
    [("ab", "ba", 2), ("aab", None, 2), ("abc", None, 3), ("aaaab", None, 2), ("aaaa", "aaaa", 0)],
)
def test_label_flip_exchanges_labels(make, cells, kind, expected, rows):
    result = LabelFlip(balanced=True).poison(make(kind=list(kind)), 1, rng())
    after = "".join(cells(result, "kind"))
    assert sorted(after) == sorted(kind)
    assert len(result.rows) == rows
    assert expected in (None, after)


def test_one_is_left_over_where_two_classes_and_an_odd_number_meet(make, cells):
    became = set()
    for seed in range(20):
        result = LabelFlip(balanced=True).poison(make(kind=list("aaabbb")), 0.5, rng(seed))
        assert len(result.rows) == 3
        became.add(cells(result, "kind").count("a"))
    assert became == {2, 4}


def test_label_flip_draws_every_row_and_every_new_class(make, cells):
    clean, seen = make(petals=[1, 2, 3, 4], kind=["a", "b", "c", None]), set()
    for seed in range(40):
        result = LabelFlip(balanced=True).poison(clean, 0.5, rng(seed))
        assert cells(result, "petals") == [1, 2, 3, 4]
        assert cells(result, "kind")[3] is None
        seen |= {(int(row), cells(result, "kind")[row]) for row in result.rows}
    assert seen == {(0, "b"), (0, "c"), (1, "a"), (1, "c"), (2, "a"), (2, "b")}


def test_the_exchange_is_the_one_that_is_wished_most():
    """Rows of a, b and c: a to b, b to c and c to a are wished by 0.9 + 0.8 + 0.7, the other way round by 0.6."""
    wishes = np.array([[0, 0.9, 0.1], [0.2, 0, 0.8], [0.7, 0.3, 0]])
    picked, new = exchange_labels(np.arange(3), wishes, np.arange(3), 3)
    assert (picked.tolist(), new.tolist()) == ([0, 1, 2], [1, 2, 0])


def test_the_first_rows_are_exchanged_but_no_class_has_more_than_half_of_them():
    picked, new = exchange_labels(np.array([0, 0, 0, 1, 1]), np.ones((5, 2)), np.array([2, 1, 0, 4, 3]), 2)
    assert (picked.tolist(), new.tolist()) == ([2, 4], [1, 0])


@given(counts=st.lists(st.integers(0, 9), min_size=1, max_size=4), rate=st.floats(0, 1), seed=st.integers(0, 99))
def test_label_flip_keeps_the_shares_of_any_classes(counts, rate, seed):
    kind = np.repeat(list("abcd"[: len(counts)]), counts)
    clean = Batch("b", pa.table({"kind": pa.array(kind, pa.string())}), Layout("kind", {}))
    result = LabelFlip(balanced=True).poison(clean, rate, rng(seed))
    before, after = Counter(clean.labels.tolist()), Counter(result.batch.labels.tolist())
    off = sum(abs(before[label] - after[label]) for label in "abcd")
    assert off in ((0,) if len(result.rows) % 2 == 0 else (0, 2))
    most = 2 * (len(kind) - max(counts))
    assert len(result.rows) == min(int(rate * len(kind) + 0.5), most, len(kind))


# the hardest rows exchange theirs

PLACES = np.concatenate([np.linspace(-3, -0.5, 60), np.linspace(0.5, 3, 60)])
UNSURE = [-0.02, -0.03, -0.04]
"""Three more rows of the class on the left, close to where the classes meet."""


@pytest.mark.parametrize("by", ["confidence", "loss"])
def test_hardest_flip_takes_as_many_of_either_class(make, cells, by):
    clean = make(length=[*PLACES, *UNSURE], kind=["a"] * 60 + ["b"] * 60 + ["a"] * 3)
    plain, balanced = (HardestFlip(by=by, balanced=value).poison(clean, 4 / 123, rng()) for value in (False, True))
    assert set(plain.rows) > {120, 121, 122}
    assert (np.array(clean.labels)[balanced.rows] == "a").sum() == 2
    assert set(balanced.rows) & {120, 121, 122} == set(balanced.rows) - set(range(60, 120))
    assert Counter(cells(balanced, "kind")) == Counter(clean.labels.tolist())


# cycles and one way


@pytest.mark.parametrize(
    ("becomes", "rate", "expected"),
    [
        ({}, 0.5, {("a", "b"): 2, ("b", "c"): 2, ("c", "a"): 2}),  # 6 rows: two rounds of a, b and c
        ({}, 1, {("a", "b"): 2, ("b", "c"): 2, ("c", "a"): 2}),  # c has no more
        (PAIR, 0.5, {("a", "b"): 3, ("b", "a"): 3}),
        (PAIR, 1, {("a", "b"): 4, ("b", "a"): 4}),
        ({"c": "z", "z": "c"}, 1, {}),
    ],
)
def test_pair_flip_takes_as_many_of_every_class_of_a_cycle(numbered, cells, becomes, rate, expected):
    clean = numbered(THREE)
    result = PairFlip(becomes=becomes, balanced=True).poison(clean, rate, rng())
    assert flips(clean, result, cells) == expected
    assert sorted(cells(result, "kind")) == THREE


def test_pair_flip_spends_what_is_left_on_a_part_of_a_cycle(numbered, cells):
    ends = set()
    for seed in range(20):
        result = PairFlip(balanced=True).poison(numbered(THREE), 4 / 12, rng(seed))
        assert len(result.rows) == 4
        after = Counter(cells(result, "kind"))
        ends.add((after["a"] - 6, after["b"] - 4, after["c"] - 2))
    assert ends == {(-1, 1, 0), (0, -1, 1), (1, 0, -1)}


def test_pair_flip_that_is_balanced_needs_cycles():
    with pytest.raises(ValidationError, match="balanced: each class that becomes another must be what another becomes"):
        PairFlip(becomes={"a": "b"}, balanced=True)


@pytest.mark.parametrize(("rate", "rows"), [(0.25, 3), (1, 4)])
def test_one_way_flip_puts_copies_of_the_source_in_place_of_the_target(numbered, cells, rate, rows):
    clean = numbered(THREE)
    result = OneWayFlip(balanced=True).poison(clean, rate, rng())
    assert flips(clean, result, cells) == {("a", "b"): rows}
    assert cells(result, "kind") == THREE
    copied = [cells(result, "petals")[row] for row in result.rows]
    assert len(set(copied)) == rows, "no row is copied twice where there are enough"


def test_one_way_flip_that_is_balanced_needs_both_classes(numbered):
    for fields in ({"source": "z"}, {"target": "z"}):
        for added in (False, True):
            assert not len(OneWayFlip(**fields, balanced=True, added=added).poison(numbered(THREE), 1, rng()).rows)


# copies beside the rows


def test_shares_are_whole_and_add_up():
    assert share_out(np.array([6, 4, 2]), 6).tolist() == [3, 2, 1]
    assert share_out(np.array([1, 1, 1]), 4).tolist() == [2, 1, 1]
    assert share_out(np.array([7, 0]), 3).tolist() == [3, 0]


@pytest.mark.parametrize(
    ("attack", "expected"),
    [
        (PairFlip(balanced=True, added=True), {("c", "a"): 3, ("a", "b"): 2, ("b", "c"): 1}),
        (PairFlip(becomes=PAIR, balanced=True, added=True), {("b", "a"): 3, ("a", "b"): 2, ("c", "c"): 1}),
        (OneWayFlip(balanced=True, added=True), {("a", "a"): 3, ("a", "b"): 2, ("c", "c"): 1}),
        (OneWayFlip(source="c", target="a", balanced=True, added=True), {("c", "a"): 3, ("b", "b"): 2, ("c", "c"): 1}),
    ],
)
def test_six_copies_of_twelve_rows_are_shared_out_as_the_classes_are(numbered, cells, attack, expected):
    """Of 6, 4 and 2 rows: 3, 2 and 1 copies; a class that nothing passes for gets true ones."""
    clean = numbered(THREE)
    assert flips(clean, attack.poison(clean, 0.5, rng()), cells) == expected


@pytest.mark.parametrize("attack", [LabelFlip, HardestFlip])
def test_every_added_copy_is_wrong_where_any_other_class_will_do(numbered, cells, attack):
    clean = numbered(THREE)
    found = flips(clean, attack(balanced=True, added=True).poison(clean, 0.5, rng()), cells)
    assert not [pair for pair in found if pair[0] == pair[1]]
    labels = Counter()
    for (_, kind), rows in found.items():
        labels[kind] += rows
    assert labels == {"a": 3, "b": 2, "c": 1}


@pytest.mark.parametrize("by", ["confidence", "loss"])
def test_the_hardest_rows_are_copied_first(make, cells, by):
    """One copy under each label: of the unsurest row on either side."""
    clean = make(length=PLACES, kind=["a"] * 60 + ["b"] * 60)
    result = HardestFlip(by=by, balanced=True, added=True).poison(clean, 2 / 120, rng())
    copies = {(cells(result, "kind")[row], cells(result, "length")[row]) for row in result.rows}
    assert copies == {("b", -0.5), ("a", 0.5)}


@pytest.mark.parametrize("attack", [LabelFlip, PairFlip, OneWayFlip, HardestFlip])
@given(counts=st.lists(st.integers(1, 9), min_size=2, max_size=4), rate=st.floats(0, 1), seed=st.integers(0, 9))
def test_added_copies_keep_the_shares_to_within_a_row(attack, counts, rate, seed):
    kind = np.repeat(list("abcd"[: len(counts)]), counts)
    table = pa.table({"kind": pa.array(kind, pa.string()), "length": np.arange(len(kind)) / 10})
    clean = Batch("b", table, Layout("kind", {"length": "real"}))
    result = attack(balanced=True, added=True).poison(clean, rate, rng(seed))
    added = Counter(result.batch.labels[result.rows].tolist())
    assert added.total() == int(rate * len(kind) + 0.5)
    for label, count in Counter(clean.labels.tolist()).items():
        assert abs(added[label] - added.total() * count / len(kind)) < 1
