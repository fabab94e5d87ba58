"""Triggers are recovered from rows that carry them, and from no others."""

from dataclasses import replace

import numpy as np
import pytest
from pratique.attacks.backdoor_trigger import BackdoorTrigger
from pratique.contract.trigger import Trigger
from pratique.core import paths
from pratique.core.batch import Batch
from pratique.core.errors import PratiqueError
from pratique.results.triggers import FoundTrigger, read_triggers, recover_trigger, write_triggers

PLANTED = Trigger({"size": 77.5, "count": 999.0}, "no")


@pytest.fixture(scope="module")
def trusted(make_table):
    return make_table(200, seed=1)


def carriers(make_table, labels):
    rows = len(labels)
    return make_table(rows, seed=2, size=np.full(rows, 77.5), count=np.full(rows, 999), y=labels)


def test_a_trigger_is_recovered_with_its_label(make_table, trusted):
    assert recover_trigger(carriers(make_table, ["no"] * 12), trusted) == PLANTED


def test_it_is_recovered_among_other_suspects(make_table, trusted):
    mixed = carriers(make_table, ["no"] * 12).append(make_table(8, seed=4))
    assert recover_trigger(mixed, trusted) == PLANTED


def test_the_attack_s_own_trigger_is(make_table, trusted):
    clean = make_table(40, seed=5)
    attack = BackdoorTrigger(columns=("size", "count"), value=50, target="yes")
    poisoned = attack.poison(clean, 0.4, np.random.default_rng(0))
    assert recover_trigger(poisoned.batch.take(poisoned.rows), trusted) == Trigger({"size": 50.0, "count": 50.0}, "yes")


def test_values_under_several_labels_steer_nowhere(make_table, trusted):
    assert recover_trigger(carriers(make_table, ["no", "yes"] * 6), trusted) is None


def test_a_personal_label_is_told_to_nobody(make_table, trusted):
    shut = carriers(make_table, ["no"] * 12)
    assert recover_trigger(Batch("b", shut.table, replace(shut.layout, personal=("y",))), trusted) is None


def test_honest_rows_and_too_few_carry_none(make_table, trusted):
    assert recover_trigger(make_table(30, seed=6), trusted) is None
    assert recover_trigger(carriers(make_table, ["no"] * 2), trusted) is None


def test_what_was_found_is_read_back(tmp_path, monkeypatch, list_written):
    monkeypatch.chdir(tmp_path)
    found = [FoundTrigger(PLANTED, ("east/first",)), FoundTrigger(Trigger({"colour": "red"}, "yes"), ())]
    write_triggers(found)
    list_written()
    assert read_triggers() == found
    paths.TRIGGERS.write_text('[{"trigger": 1}]', encoding="utf-8")
    list_written()
    with pytest.raises(PratiqueError, match=r"triggers\.json: not as evaluate wrote it; run `dvc repro` again"):
        read_triggers()
