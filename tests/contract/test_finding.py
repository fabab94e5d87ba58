"""What the kinds of check say, as the one form that the verdict reads."""

import numpy as np
import pytest
from pratique.contract.finding import BatchScore, RowScores, RuleBreaches


def test_the_statistic_of_rows_is_their_mean():
    finding = RowScores(np.array([1.0, 2.0, 6.0]), "points").finding(3)
    assert (finding.statistic, finding.unit, finding.forbidden, finding.fault) == (3.0, "points", {}, None)
    assert finding.row_scores.tolist() == [1.0, 2.0, 6.0]


def test_the_statistic_of_a_batch_is_its_p_value_and_it_has_no_row_scores():
    finding = BatchScore(2.5).finding(10)
    assert (finding.statistic, finding.unit, finding.row_scores, finding.fault) == (2.5, "-log10 p", None, None)


def test_the_statistic_of_rules_is_the_share_of_rows_that_break_one():
    finding = RuleBreaches(np.array([True, False, False, True]), ("a rule",), {3: "another"}).finding(4)
    assert (finding.statistic, finding.unit, finding.breaches, finding.forbidden) == (
        0.5,
        "share of rows",
        ("a rule",),
        {3: "another"},
    )
    assert finding.row_scores.tolist() == [1, 0, 0, 1]


def test_a_row_without_a_number_is_named():
    with pytest.raises(ValueError, match=r"scores of shape \(2,\), expected 3 finite numbers"):
        RowScores(np.zeros(2), "").finding(3)
    with pytest.raises(ValueError, match=r"odd of shape \(2,\), expected 2 finite numbers"):
        RowScores(np.zeros(2), "", {"odd": np.array([0, np.nan])}).finding(2)
    with pytest.raises(ValueError, match=r"broken of shape \(1,\), expected 2 finite numbers"):
        RuleBreaches(np.array([True])).finding(2)
    with pytest.raises(ValueError, match="minus log10 of the p-value is nan, expected a finite number"):
        BatchScore(float("nan")).finding(2)


def test_the_statistic_of_flagged_rows_is_their_share():
    flags = np.array([True, False, False, True])
    finding = RowScores(np.arange(4.0), "points", flagged=flags, flagged_by="votes").finding(4)
    assert (finding.statistic, finding.unit) == (0.5, "share of rows, by votes")
    assert finding.row_scores.tolist() == [0, 1, 2, 3]
    with pytest.raises(ValueError, match=r"flagged of shape \(4,\), expected 5 finite numbers"):
        RowScores(np.arange(5.0), "points", flagged=flags).finding(5)
