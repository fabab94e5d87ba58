"""Laws that every audit keeps: a new one is tested here without being named."""

import re
from dataclasses import replace

import numpy as np
import pytest
from pratique.contract.audit import Audit, AuditFinding, plain_name, run_audit
from pratique.contract.audit_discovery import audit_names, configured_audits, load_audit
from pratique.core.errors import PratiqueError

FIELDS = {
    "boundary": {"queries": 25},
    "fairness": {"columns": {"sex": {"group": "F", "against": "M"}}, "favourable": "yes"},
}
"""What an audit needs to be told before it measures anything, or so that it takes a moment."""
NAMES = audit_names()


def make(name):
    return load_audit(name)(**FIELDS.get(name, {}))


def measure(name, audited, seed=0):
    return make(name).measure(audited, np.random.default_rng(seed))


@pytest.mark.parametrize("name", NAMES)
def test_an_audit_says_what_it_claims_and_costs(name):
    said = load_audit(name).__doc__
    assert "Claim: " in said
    assert "Cost: " in said


@pytest.mark.parametrize("name", NAMES)
def test_every_figure_has_a_meaning_and_what_to_do_with_a_command(name, trained):
    kind, found = load_audit(name), measure(name, replace(trained, baseline=trained.model))
    figures = {plain_name(figure) for part in (found.figures, *found.others.values()) for figure in part}
    assert figures <= kind.meanings.keys()
    assert kind.meanings.keys() == kind.remedies.keys()
    assert all(re.search(r"`(pratique|dvc) [^`]+`", told) for told in kind.remedies.values())


def test_no_two_audits_have_a_figure_of_one_name():
    figures = [figure for name in NAMES for figure in load_audit(name).meanings]
    assert len(set(figures)) == len(figures)


@pytest.mark.parametrize("name", NAMES)
def test_figures_are_numbers_within_their_intervals(name, trained):
    found = measure(name, trained)
    for part in (found.figures, *found.others.values()):
        for each in part.values():
            assert np.isfinite([each.low, each.value, each.high]).all()
            assert each.low <= each.value <= each.high
    assert all(reason.endswith(".") for reason in found.reasons)


@pytest.mark.parametrize("name", NAMES)
def test_an_audit_gives_the_same_again_and_leaves_its_rows_alone(name, trained):
    before = [batch.table for batch in (trained.reference, trained.holdout, *trained.accepted)]
    assert measure(name, trained) == measure(name, trained)
    after = [batch.table for batch in (trained.reference, trained.holdout, *trained.accepted)]
    assert all(one.equals(other) for one, other in zip(before, after, strict=True))


@pytest.mark.parametrize("name", NAMES)
def test_a_personal_label_is_told_by_number(name, trained):
    layout = replace(trained.reference.layout, personal=("y",))
    hidden = replace(
        trained,
        reference=replace(trained.reference, layout=layout),
        holdout=replace(trained.holdout, layout=layout),
        accepted=tuple(replace(batch, layout=layout) for batch in trained.accepted),
    )
    fields = FIELDS.get(name, {})
    found = load_audit(name)(**fields).measure(hidden, np.random.default_rng(0))
    told = repr([found.figures, found.reasons, found.others, found.tables])
    assert "yes" not in told.replace("'yes'", "") or name == "fairness"  # which is what params.yaml itself says
    assert "[yes]" not in told


@pytest.mark.parametrize("name", NAMES)
def test_an_audit_survives_a_holdout_of_one_row_and_one_class(name, trained):
    alone = replace(trained, holdout=trained.holdout.take(np.array([0])))
    found = run_audit(make(name), alone, np.random.default_rng(0))
    assert not any("failed" in reason for reason in found.reasons)


def test_one_that_crashes_measures_nothing_and_shows_no_cell(trained):
    class Broken(Audit):
        def measure(self, audited, rng):
            raise ValueError("Ann Smith, 12 Elm Street")

    found = run_audit(Broken(), trained, np.random.default_rng(0))
    assert found == AuditFinding(reasons=("It failed (ValueError), so nothing is measured.",))


def test_a_wrong_name_or_field_is_an_error():
    with pytest.raises(PratiqueError, match=r"params.yaml: audits.stabilty: no such audit 'stabilty'; known: .*churn"):
        configured_audits({"stabilty": {}})
    with pytest.raises(PratiqueError, match=r"audits.stability: epsilom: unknown key; known here: draws, epsilon"):
        configured_audits({"stability": {"epsilom": 1}})
