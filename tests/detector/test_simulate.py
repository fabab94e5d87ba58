"""Simulated attacks: what the fusion is shown, family by family."""

import numpy as np
import pytest
from pratique.core.batch import Batch
from pratique.core.layout import Layout
from pratique.detector import simulate as simulations
from pratique.detector.simulate import ATTACK_FAMILIES, SIMULATION_DRAWS, SIMULATIONS, simulate, simulate_rows


def test_every_simulation_is_drawn_anew_in_every_repetition(mixed_batch):
    found = list(simulate(mixed_batch, [0, 1]))
    assert [i for i, _ in found] == [i for i in range(len(SIMULATIONS)) for _ in range(SIMULATION_DRAWS)]
    first, second = (poisoned for i, poisoned in found if i == 0)
    assert first.rows.tolist() != second.rows.tolist()
    assert all(len(poisoned.rows) for _, poisoned in found)


def test_equal_seeds_give_equal_poison(mixed_batch):
    one, other = (list(simulate(mixed_batch, [4, 2])) for _ in range(2))
    for (_, a), (_, b) in zip(one, other, strict=True):
        np.testing.assert_array_equal(a.rows, b.rows)
        assert a.batch.table.equals(b.batch.table)


def test_a_family_can_be_left_out(mixed_batch):
    for family in ATTACK_FAMILIES:
        shown = {SIMULATIONS[i].family for i, _ in simulate(mixed_batch, [0], family)}
        assert shown == set(ATTACK_FAMILIES) - {family}


def test_poisoned_rows_stand_together_each_with_its_simulation(mixed_batch):
    groups, together = simulate_rows(mixed_batch, [3])
    assert len(groups) == len(together)
    for i in range(len(SIMULATIONS)):
        copies = [poisoned for j, poisoned in simulate(mixed_batch, [3]) if i == j]
        expected = np.concatenate([poisoned.batch.numeric[poisoned.rows] for poisoned in copies])
        np.testing.assert_array_equal(together.numeric[groups == i], expected)
        assert together.labels[groups == i].tolist() == [y for p in copies for y in p.batch.labels[p.rows]]


def test_where_nothing_can_be_simulated_there_is_no_row(mixed_batch, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(simulations, "SIMULATIONS", SIMULATIONS[:1])
    groups, together = simulate_rows(mixed_batch, [3], SIMULATIONS[0].family)
    assert (len(groups), len(together)) == (0, 0)


def test_what_cannot_be_made_of_such_columns_is_left_out(mixed_batch):
    """Without a number there is no mean to shift."""
    texts = mixed_batch.table.select(["colour", "shape", "y"])
    batch = Batch("fixtures/text", texts, Layout("y", {"colour": "category", "shape": "category"}))
    assert {SIMULATIONS[i].family for i, _ in simulate(batch, [0])} >= {"flips"}
