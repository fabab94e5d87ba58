"""Dealing rows out, splitting a poisoned stream into its batches, and reading a trigger off its rows."""

import numpy as np
import pyarrow as pa
import pytest
from pratique.attacks.backdoor_trigger import BackdoorTrigger
from pratique.attacks.label_flip import LabelFlip
from pratique.attacks.relabelled_copy import RelabelledCopy
from pratique.contract.attack import PoisonedBatch, overwrite_cells
from pratique.contract.trigger import Trigger
from pratique.core.batch import Batch
from pratique.core.layout import Layout
from pratique.drill.deal import Deal, describe_features, measure_divergence, planted_trigger

LAYOUT = Layout("kind", {"length": "real", "petals": "integer", "colour": "category"})


def batch(rows):
    columns = {
        "length": [float(i) for i in range(rows)],
        "petals": [i % 7 for i in range(rows)],
        "colour": ["red"] * rows,
        "kind": ["ab"[i % 2] for i in range(rows)],
    }
    return Batch("reference", pa.table(columns), LAYOUT)


def of(rows, batches, size, poisoned_batches=1.0, seed=0, folds=1):
    parts = [np.arange(k, rows, folds) for k in range(folds)]
    return Deal.of(batch(rows), parts, batches, size, poisoned_batches, np.random.default_rng(seed))


def test_no_row_is_dealt_out_twice():
    deal = of(50, 3, 10)
    assert len(set(deal.stream.numeric[:, 0])) == 30
    assert deal.owner.tolist() == [0] * 10 + [1] * 10 + [2] * 10
    assert deal.stream.numeric[:, 0].tolist() == deal.positions.tolist()
    for number in range(3):
        mine = deal.positions[deal.owner == number]
        assert list(mine) == sorted(mine)


@pytest.mark.parametrize(("rows", "sizes"), [(25, [10, 10]), (20, [10, 10]), (10, [10]), (9, [9]), (31, [10, 10, 10])])
def test_where_rows_run_out_fewer_batches_come_and_a_small_fold_is_one(rows, sizes):
    assert np.bincount(of(rows, 3, 10).owner).tolist() == sizes


def test_all_rows_of_a_batch_are_of_one_fold_and_batches_of_a_fold_follow_one_another():
    deal = of(100, 8, 10, folds=5)
    assert deal.folds == tuple(np.repeat(list(dict.fromkeys(deal.folds)), 2))
    for number, fold in enumerate(deal.folds):
        assert set(deal.positions[deal.owner == number] % 5) == {fold}
    assert of(100, 8, 10, folds=5, seed=1).folds != deal.folds, "another run poisons other folds"


def test_poison_in_a_batch_is_made_of_rows_of_its_own_fold():
    """Copies of rows: length says which row of the reference each was, and so its fold."""
    deal = of(100, 8, 10, 0.75, folds=5)
    stream = deal.poison(RelabelledCopy(), 0.5, [1])
    lengths = stream.poisoned.batch.numeric[:, 0]
    assert len(stream.poisoned.rows) == 30
    assert deal.spoiled == 6
    for fold, rows in zip(deal.folds, stream.batches, strict=True):
        assert set(lengths[rows] % 5) == {fold}
    assert len(set(deal.folds[:6])) == 3


def test_a_row_that_is_inserted_first_is_of_the_same_fold_as_the_rows_after_it():
    class First(LabelFlip):
        """One row before all others."""

        def poison(self, batch, rate, rng):
            origin = np.array([-1, *range(len(batch))])
            return PoisonedBatch(batch.take(np.maximum(origin, 0)), np.array([0]), origin)

    deal = of(40, 4, 10, folds=2)
    stream = deal.poison(First(), 0.1, [0])
    assert [len(rows) for rows in stream.batches] == [11, 10, 11, 10]
    assert stream.poisoned.rows.tolist() == [0, 21]
    assert stream.poisoned.origin.tolist() == [-1, *range(20), -1, *range(20, 40)]


@pytest.mark.parametrize(
    ("batches", "share", "spoiled"), [(6, 0.34, 2), (6, 0.4, 2), (6, 0.5, 3), (3, 1 / 3, 1), (4, 0.01, 1), (4, 1, 4)]
)
def test_a_share_of_the_batches_comes_in_poisoned_and_at_least_one(batches, share, spoiled):
    deal = of(100, batches, 10, share)
    poisoned = deal.poison(LabelFlip(), 0.5, [1]).poisoned
    assert deal.spoiled == spoiled
    assert len(deal.target) == 10 * spoiled
    assert len(poisoned.rows) == 5 * spoiled
    assert max(poisoned.rows) < 10 * spoiled
    assert poisoned.origin.tolist() == list(range(10 * batches))
    rest = np.arange(10 * spoiled, 10 * batches)
    assert poisoned.batch.take(rest).table.equals(deal.stream.take(rest).table)


def test_inserted_rows_come_with_the_batches_that_come_in_poisoned():
    deal = of(100, 4, 10, 0.5)
    stream = deal.poison(LabelFlip(added=True), 1, [1])
    poisoned, parts = stream.poisoned, stream.batches
    assert sum(map(len, parts[:2])) == 40
    assert [len(part) for part in parts[2:]] == [10, 10]
    assert not set(poisoned.rows) & {*parts[2], *parts[3]}


def test_one_batch_of_all_rows_keeps_their_order():
    assert of(12, 1, 12, seed=5).stream.numeric[:, 0].tolist() == list(range(12))


def test_the_trigger_is_what_the_attack_writes_and_nothing_else():
    clean = batch(20)
    attack = BackdoorTrigger(columns=("length", "petals"), value=3, target="b")
    poisoned = attack.poison(clean, 0.2, np.random.default_rng(0))
    assert planted_trigger(attack, clean, poisoned) == Trigger({"length": 3.0, "petals": 3}, "b")


def test_a_stamped_row_is_one_of_another_class_with_the_trigger():
    text = pa.table({"kind": ["a", "b", "c"], "colour": ["x", None, "z"], "petals": ["1", "2", "3"]})
    stamped = Trigger({"petals": 6, "colour": "blue"}, "b").stamp(Batch("holdout", text, LAYOUT))
    assert stamped.table.to_pylist() == [
        {"kind": "a", "colour": "blue", "petals": "6"},
        {"kind": "c", "colour": "blue", "petals": "6"},
    ]


def test_only_a_backdoor_that_poisons_something_has_a_trigger():
    clean, attack = batch(20), BackdoorTrigger()
    assert planted_trigger(attack, clean, attack.poison(clean, 0, np.random.default_rng(0))) is None
    assert planted_trigger(LabelFlip(), clean, LabelFlip().poison(clean, 1, np.random.default_rng(0))) is None


def test_missing_cells_do_not_count_as_stamped():
    table = pa.table({"length": [None, None], "petals": [1, 2], "colour": ["red", None], "kind": ["a", "a"]})
    clean = Batch("b", table, LAYOUT)
    poisoned = overwrite_cells(
        clean, np.arange(2), {"petals": np.array([5.0, 5.0]), "kind": np.array(["b", "b"], object)}
    )
    assert planted_trigger(BackdoorTrigger(), clean, poisoned) == Trigger({"petals": 5}, "b")


def test_features_are_described_by_their_numbers():
    described = describe_features(batch(3))
    assert described["length"] == {"mean": 1.0, "std": pytest.approx((2 / 3) ** 0.5), "min": 0, "max": 2}
    assert list(described) == ["length", "petals"]


def test_a_feature_that_stays_has_not_diverged_and_missing_numbers_do_not_count():
    before = batch(20)
    after = overwrite_cells(before, np.arange(20), {"petals": np.full(20, 9.0)}).batch
    found = measure_divergence(before, after)
    assert list(found) == ["length", "petals"]
    assert found["length"] == 0
    assert found["petals"] > 1
    empty = Batch("b", pa.table({"length": pa.array([None, None], pa.float64()), "petals": [1, 2]}), LAYOUT)
    assert np.isnan(measure_divergence(empty, empty)["length"])
