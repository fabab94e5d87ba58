"""Trusted rows judged by the fold that did not see them."""

import numpy as np
import pandas as pd
import pytest
from pratique.contract.check import RuleCheck
from pratique.contract.discovery import load_check
from pratique.core.batch import Batch
from pratique.core.layout import Layout
from pratique.core.params import Params
from pratique.detector import calibrate as learn
from pratique.detector import simulate
from pratique.detector.calibrate import calibrate, fit_fold
from pratique.detector.calibrated import FOLDS
from pratique.detector.examine import examine
from pratique.detector.folds import TrustedFolds
from pratique.detector.verdict import judge
from pratique.statistics import mixture, nulls

LAYOUT = Layout("y", {"a": "real", "b": "real"})
CHECKS = {"conflicts": {}, "labels": {}, "shift": {}, "density": {}}


def rows(name, count, seed, **columns):
    rng = np.random.default_rng(seed)
    y = np.arange(count) % 2
    frame = pd.DataFrame({"a": rng.normal(3.0 * y), "b": rng.normal(size=count), "y": np.array(["no", "yes"])[y]})
    return Batch.from_frame(name, frame.assign(**columns), LAYOUT)


def params(**sections):
    return Params.model_validate({"seed": 3, "data": {"label": "y"}, "checks": CHECKS} | sections)


def flip(batch):
    return Batch.from_frame("flipped", batch.frame.assign(y=np.where(batch.labels == "yes", "no", "yes")), LAYOUT)


@pytest.fixture(scope="module")
def reference():
    return rows("reference", 250, 1)


@pytest.fixture(scope="module")
def holdout():
    return rows("holdout", 60, 2)


@pytest.fixture(scope="module")
def folds(reference, holdout):
    return TrustedFolds.deal(reference, holdout, params())


@pytest.fixture(scope="module")
def whole(reference, holdout):
    with pytest.MonkeyPatch.context() as quick:
        quick.setattr(simulate, "SIMULATION_DRAWS", 1)
        quick.setattr(nulls, "NULL_DRAWS", 30)
        quick.setattr(mixture, "MIXTURE_DRAWS", 200)
        quick.setattr(learn, "PSEUDO_BATCHES", 3)
        return calibrate(reference, params(), holdout.table)


def test_every_trusted_row_is_of_one_fold(folds):
    assert sorted(np.concatenate(folds.reference_rows)) == list(range(250))
    assert len(folds.parts) == FOLDS


def test_rows_that_are_spared_for_limits_are_of_no_fold():
    large = rows("reference", 2500, 1)
    dealt = TrustedFolds.deal(large, None, params())
    assert len(dealt.unlearned) == 500
    learned = np.concatenate(dealt.reference_rows)
    assert len(set(learned)) == 2000
    spared = large.take(np.setdiff1d(np.arange(2500), learned))
    assert sorted(spared.content) == sorted(dealt.unlearned.content)


def test_rows_in_an_order_are_told_by_where_they_stand_in_the_reference():
    at = np.random.default_rng(0).permutation(100)
    layout = Layout("y", LAYOUT.kinds, time="at")
    timed = Batch("reference", rows("r", 100, 1).table.append_column("at", [at]), layout)
    dealt = TrustedFolds.deal(timed, None, params())
    assert at[dealt.learned].tolist() == list(range(100))
    assert sorted(np.concatenate(dealt.reference_rows)) == list(range(100))


@pytest.mark.slow
def test_a_fold_s_profile_has_what_was_fitted_without_that_fold_alone(whole):
    alone = whole.fold(2)
    for name, check in whole.checks.items():
        rule = issubclass(load_check(name), RuleCheck)
        assert alone.checks[name].folds == (check.folds if rule else (check.folds[2],))
        assert alone.checks[name].null is check.null
    tests = whole.hypothesis_tests
    assert alone.hypothesis_tests.folds == (tests.folds[2],)
    assert [f.folds for f in alone.hypothesis_tests.families.values()] == [
        (f.folds[2],) for f in tests.families.values()
    ]


@pytest.mark.slow
def test_a_single_fold_s_likelihood_ratio_is_held_against_the_null_as_it_was_learned(whole):
    """That of the mean over folds is narrower."""
    batch = rows("new", 30, 5)
    learned = whole.hypothesis_tests.null.at(30).std
    of_all, of_one = (
        next(m.null.std for m in examine(batch, each).measurements if m.check == "rows")
        for each in (whole, whole.fold(0))
    )
    assert whole.hypothesis_tests.out_of_fold
    assert of_one == learned > of_all


@pytest.mark.slow
def test_a_large_batch_is_read_whole_by_a_single_fold(whole):
    found = examine(rows("new", 1200, 5), whole.fold(1))
    assert np.isfinite(found.row_scores).all()
    assert len(found.row_scores) == 1200


@pytest.mark.slow
def test_no_rule_knows_the_rows_of_the_fold(whole, reference, holdout, folds):
    """Flipped labels of trusted rows contradict what all folds know, and nothing that the fold's own judge knows."""
    mine = flip(reference.take(folds.reference_rows[1]))
    alone = fit_fold(whole, 1, reference, folds, holdout, params())

    def contradicting(profile):
        return next(m.finding.statistic for m in examine(mine, profile).measurements if m.check == "conflicts")

    assert contradicting(whole) == contradicting(whole.fold(1)) == 1
    assert contradicting(alone) == 0
    other = flip(reference.take(folds.reference_rows[2]))
    assert next(m.finding.statistic for m in examine(other, alone).measurements if m.check == "conflicts") == 1


@pytest.mark.slow
def test_honest_batches_of_a_fold_keep_the_budget_and_look_too_good_to_all_folds(holdout):
    """Of 400 batches of 30 rows at a budget of 50 in 1,000; 34 or more would come in 1 case of 1,000."""
    known, said = rows("reference", 600, 1), params(alarms={"per_1000_batches": 50})
    dealt, profile = TrustedFolds.deal(known, holdout, said), calibrate(known, said, holdout.table)
    alone = [fit_fold(profile, k, known, dealt, holdout, said) for k in range(FOLDS)]
    rng, verdicts, everyone = np.random.default_rng(0), [], []
    for number in range(400):
        k = number % FOLDS
        batch = known.take(np.sort(rng.choice(dealt.reference_rows[k], 30, replace=False)))
        for judges, found in ((alone[k], verdicts), (profile, everyone)):
            found.append(judge(examine(batch, judges), said.alarms, said.shift))
    quarantined = sum(verdict.verdict == "quarantine" for verdict in verdicts)
    assert quarantined < 34
    p_values = [[verdict.p_value for verdict in found] for found in (verdicts, everyone)]
    assert np.median(p_values[1]) > np.median(p_values[0])


def test_of_a_large_reference_some_rows_are_learned_from(monkeypatch):
    monkeypatch.setattr("pratique.detector.folds.MOST_LEARNED_ROWS", 60)
    large, timed = rows("reference", 250, 1), Layout("y", {"a": "real", "b": "real"}, ordered=True)
    dealt, again = (TrustedFolds.deal(large, None, params()) for _ in range(2))
    assert len(set(dealt.learned.tolist())) == 60 == sum(map(len, dealt.parts))
    np.testing.assert_array_equal(dealt.learned, again.learned)
    in_order = TrustedFolds.deal(Batch("reference", large.table, timed), None, params()).learned
    assert (in_order[0], in_order[-1]) == (0, 249)
    assert set(np.diff(in_order)) == {4, 5}
