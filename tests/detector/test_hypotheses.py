"""Hypotheses: what is asked of all checks together has words, a share of the budget, and a name of its own."""

import pytest
from pratique.contract.discovery import check_names, load_check
from pratique.detector.hypotheses import HYPOTHESES, ROWS, SEPARATE_FAMILIES, Description, budget_share, describe
from pratique.detector.simulate import SIMULATIONS
from pratique.detector.verdict import share_budget

NAMES = sorted([*check_names(), *HYPOTHESES])


def test_no_hypothesis_is_called_like_a_check():
    assert len(set(NAMES)) == len(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_whatever_may_alarm_has_words(name):
    words = describe(name)
    assert words.alarm
    assert words.alarm != name
    assert words.advice or name == ROWS.name  # there the oddest check has the advice


@pytest.mark.parametrize("name", check_names())
def test_a_check_is_described_in_its_own_words(name):
    check = load_check(name)
    assert describe(name) == Description(check.alarm, check.advice, check.about)


def test_a_name_that_this_version_does_not_know_stands_for_itself():
    assert describe("of_next_year") == Description("of_next_year")
    assert budget_share("of_next_year") is None


def test_whatever_weighs_all_checks_has_a_share_of_its_own_and_rows_have_the_rest():
    assert all(0 < budget_share(name) < 1 for name in HYPOTHESES if name != ROWS.name)
    assert budget_share(ROWS.name) is None
    shares = share_budget(NAMES)
    assert sum(shares.values()) == pytest.approx(1)
    assert min(shares.values()) > 0
    assert max(shares, key=shares.get) == ROWS.name


def test_families_that_are_asked_about_are_simulated():
    assert {family.name for family in SEPARATE_FAMILIES} <= {simulation.family for simulation in SIMULATIONS}
