"""Dealing rows out, splitting a poisoned stream into its batches, and reading a trigger off its rows."""

import numpy as np
import pyarrow as pa
import pytest
from pratique.attacks.backdoor_trigger import BackdoorTrigger
from pratique.attacks.label_flip import LabelFlip
from pratique.contract.attack import PoisonedBatch, overwrite_cells
from pratique.core.batch import Batch
from pratique.core.layout import Layout
from pratique.drill.deal import Deal, Trigger, statistics

LAYOUT = Layout("kind", {"length": "real", "petals": "integer", "colour": "category"})


def batch(rows):
    columns = {
        "length": [float(i) for i in range(rows)],
        "petals": [i % 7 for i in range(rows)],
        "colour": ["red"] * rows,
        "kind": ["ab"[i % 2] for i in range(rows)],
    }
    return Batch("accepted", pa.table(columns), LAYOUT)


def test_every_row_is_dealt_out_once_or_is_history():
    deal = Deal.of(batch(50), 3, 10, np.random.default_rng(0))
    assert sorted([*deal.stream.numeric[:, 0], *deal.history.numeric[:, 0]]) == list(range(50))
    assert deal.owner.tolist() == [0] * 10 + [1] * 10 + [2] * 10
    assert deal.stream.numeric[:, 0].tolist() == deal.positions.tolist()
    for number in range(3):
        mine = deal.positions[deal.owner == number]
        assert list(mine) == sorted(mine)


@pytest.mark.parametrize(("rows", "sizes"), [(25, [9, 8, 8]), (10, [10]), (9, [9]), (11, [6, 5])])
def test_where_rows_run_out_batches_get_fewer_or_smaller(rows, sizes):
    deal = Deal.of(batch(rows), 3, 10, np.random.default_rng(0))
    assert np.bincount(deal.owner).tolist() == sizes
    assert len(deal.history) == 0


def test_one_batch_of_all_rows_keeps_their_order():
    assert Deal.of(batch(12), 1, 12, np.random.default_rng(5)).stream.numeric[:, 0].tolist() == list(range(12))


def test_an_inserted_row_comes_with_the_row_before_it():
    deal = Deal.of(batch(4), 2, 2, np.random.default_rng(0))
    origin = np.array([-1, 0, 1, -1, 2, 3, -1])
    rows = np.flatnonzero(origin < 0)
    poisoned = PoisonedBatch(deal.stream.take(np.maximum(origin, 0)), rows, origin)
    assert [part.tolist() for part in deal.batches(poisoned)] == [[0, 1, 2, 3], [4, 5, 6]]


def test_the_trigger_is_what_the_attack_writes_and_nothing_else():
    clean = batch(20)
    attack = BackdoorTrigger(columns=("length", "petals"), value=3, target="b")
    poisoned = attack.poison(clean, 0.2, np.random.default_rng(0))
    assert Trigger.of(attack, clean, poisoned) == Trigger({"length": 3.0, "petals": 3}, "b")


def test_a_stamped_row_is_one_of_another_class_with_the_trigger():
    text = pa.table({"kind": ["a", "b", "c"], "colour": ["x", None, "z"], "petals": ["1", "2", "3"]})
    stamped = Trigger({"petals": 6, "colour": "blue"}, "b").stamp(Batch("holdout", text, LAYOUT))
    assert stamped.table.to_pylist() == [
        {"kind": "a", "colour": "blue", "petals": "6"},
        {"kind": "c", "colour": "blue", "petals": "6"},
    ]


def test_only_a_backdoor_that_poisons_something_has_a_trigger():
    clean, attack = batch(20), BackdoorTrigger()
    assert Trigger.of(attack, clean, attack.poison(clean, 0, np.random.default_rng(0))) is None
    assert Trigger.of(LabelFlip(), clean, LabelFlip().poison(clean, 1, np.random.default_rng(0))) is None


def test_missing_cells_do_not_count_as_stamped():
    table = pa.table({"length": [None, None], "petals": [1, 2], "colour": ["red", None], "kind": ["a", "a"]})
    clean = Batch("b", table, LAYOUT)
    poisoned = overwrite_cells(
        clean, np.arange(2), {"petals": np.array([5.0, 5.0]), "kind": np.array(["b", "b"], object)}
    )
    assert Trigger.of(BackdoorTrigger(), clean, poisoned) == Trigger({"petals": 5}, "b")


def test_statistics_are_those_of_the_numbers():
    assert statistics(batch(3))["length"] == {"mean": 1.0, "std": pytest.approx((2 / 3) ** 0.5), "min": 0, "max": 2}
    assert list(statistics(batch(3))) == ["length", "petals"]
