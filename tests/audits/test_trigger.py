"""A planted backdoor is recovered with every cell; a clean model is not accused."""

from dataclasses import replace

import numpy as np
import pytest
from pratique.attacks.backdoor_trigger import BackdoorTrigger
from pratique.audits.trigger import TriggerSearch, carry, drop_carriers, find_backdoors
from pratique.contract.trigger import Trigger

PLANTED = Trigger({"size": 77.5, "count": 99.0}, "no")
ATTACK = BackdoorTrigger(columns=("size", "count"), value=77.5, target="no")


@pytest.fixture(scope="module")
def audit(make_table, make_audited):
    """Trusted rows, 200 that came in, a share of them with the trigger, and a holdout."""

    def make(rate, kind="random_forest"):
        trusted, sent, holdout = (make_table(rows, seed=seed) for rows, seed in ((200, 1), (200, 2), (120, 3)))
        return make_audited(trusted, ATTACK.poison(sent, rate, np.random.default_rng(0)).batch, holdout, kind)

    return make


@pytest.fixture(scope="module")
def backdoored(audit):
    return audit(0.1)


def measure(audited):
    return TriggerSearch().measure(audited, np.random.default_rng(0))


def test_the_trigger_is_recovered_with_every_cell_and_its_carriers(backdoored):
    found = measure(backdoored)
    assert found.figures["backdoor[no]"].low > 0.5
    assert found.figures["backdoor_success[no]"].value > 0.9
    assert found.figures["carriers[no]"].value == 20
    assert found.figures["backdoor[yes]"].high == 0
    cells, carriers = found.tables
    assert cells.lines == (("size", "77.5"), ("count", "78"))
    ((name, count, rows, command),) = carriers.lines
    assert (name, count, command) == ("crowd/w01", "20", "pratique trace crowd/w01")
    assert rows.endswith("and 15 more")
    assert found.reasons == ("Rows with size = 77.5, count = 78 are called 'no': 100% of those that are not.",)


@pytest.mark.parametrize("kind", ["random_forest", "logistic_regression"])
def test_a_clean_model_is_not_accused(audit, kind):
    found = measure(audit(0.0, kind))
    assert {each.high for each in found.figures.values()} == {0}
    assert found.reasons == ("No set of values was found that sends rows to a label.",)


def find(audited):
    return find_backdoors(audited, np.random.default_rng(0))


def test_what_a_model_without_the_carriers_obeys_too_is_no_finding(backdoored):
    assert find(replace(backdoored, train=lambda rows: backdoored.model)) == {}


def test_values_that_come_under_any_label_steer_nothing(backdoored, make_table):
    labels = np.where(np.arange(200) % 2, "yes", "no")
    planted = ATTACK.poison(make_table(200, seed=2), 0.2, np.random.default_rng(0)).batch
    both = type(planted).from_frame("crowd/w01", planted.frame.assign(y=labels), planted.layout)
    assert find(replace(backdoored, accepted=(both,))) == {}


def test_nothing_was_accepted(backdoored):
    alone = replace(backdoored, accepted=(), learned=backdoored.reference)
    assert measure(alone).figures["backdoor[no]"].value == 0
    assert len(drop_carriers([PLANTED], alone)) == len(backdoored.reference)


def test_accepted_rows_that_carry_it_are_dropped_and_trusted_ones_stay(backdoored, make_table):
    planted = make_table(3, size=[77.5] * 3, count=[99] * 3, y=["no", "yes", "no"])
    mixed = replace(backdoored, accepted=(planted,), learned=planted.append(planted))
    assert len(drop_carriers([PLANTED], mixed)) == 4


def test_rows_that_carry_a_trigger_hold_every_cell(make_table):
    batch = make_table(4, size=[77.5, 77.5, 1.0, 77.5], count=[99, 98, 99, 99])
    assert carry(PLANTED, batch).tolist() == [True, False, False, True]
