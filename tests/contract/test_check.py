"""Measuring: every kind of check gives its own kind of result, and whatever goes wrong is a fault."""

from dataclasses import dataclass

import numpy as np
import pytest
from pratique.contract.check import (
    Check,
    Fitted,
    FittedBatchCheck,
    FittedRowCheck,
    FittedRuleCheck,
    RowCheck,
    measure,
    rank_rows,
)
from pratique.contract.evidence import MOST_EVIDENCE
from pratique.contract.finding import BatchScore, Finding, RowScores, RuleBreaches


@dataclass(frozen=True)
class Answer(Fitted):
    """Measures by giving a fixed answer, or by raising it."""

    answer: object

    def measure(self, batch):
        if isinstance(self.answer, BaseException):
            raise self.answer
        return self.answer


class RowAnswer(Answer, FittedRowCheck):
    """Of a check that scores rows."""


class BatchAnswer(Answer, FittedBatchCheck):
    """Of a check that scores the batch."""


class RuleAnswer(Answer, FittedRuleCheck):
    """Of a check of rules."""


ROWS = RowScores(np.r_[np.zeros(59), 6.0], "points", {"odd": np.ones(60)})
BATCH = BatchScore(2.5)
RULES = RuleBreaches(np.arange(60) < 3, ("a rule",), {2: "another rule"})


@pytest.mark.parametrize(("kind", "result"), [(RowAnswer, ROWS), (BatchAnswer, BATCH), (RuleAnswer, RULES)])
def test_what_a_check_of_each_kind_returns_is_its_finding(mixed_batch, kind, result):
    found, expected = measure(kind(result), mixed_batch), result.finding(60)
    assert found.fault is None
    assert (found.statistic, found.unit, found.breaches, found.forbidden) == (
        expected.statistic,
        expected.unit,
        expected.breaches,
        expected.forbidden,
    )
    np.testing.assert_array_equal(found.row_scores, expected.row_scores)


@pytest.mark.parametrize(
    ("kind", "result"),
    [
        *((RowAnswer, result) for result in (BATCH, RULES, None, ROWS.finding(60), 0.5)),
        *((BatchAnswer, result) for result in (ROWS, RULES, None, BATCH.finding(60), 0.5)),
        *((RuleAnswer, result) for result in (ROWS, BATCH, None, RULES.finding(60), 0.5)),
        *((Answer, result) for result in (ROWS, BATCH, RULES)),
    ],
)
def test_a_result_of_another_kind_is_a_fault(mixed_batch, kind, result):
    found = measure(kind(result), mixed_batch)
    assert found.fault
    assert np.isnan(found.statistic)
    assert found.row_scores is None


def test_a_result_of_another_kind_is_named(mixed_batch):
    assert (
        measure(RowAnswer(BATCH), mixed_batch).fault == "TypeError: RowAnswer returned BatchScore, expected RowScores"
    )


def test_a_check_that_crashes_is_a_fault_on_one_line(mixed_batch):
    finding = measure(RowAnswer(MemoryError("out of\nmemory")), mixed_batch)
    assert finding.fault == "MemoryError: out of memory"
    assert np.isnan(finding.statistic)
    assert len(measure(RowAnswer(ValueError("x" * 1000)), mixed_batch).fault) == 300


@pytest.mark.parametrize(
    "fitted",
    [
        BatchAnswer(BatchScore(np.nan)),
        BatchAnswer(BatchScore(np.inf)),
        BatchAnswer(BatchScore(-np.inf)),
        RowAnswer(RowScores(np.zeros(59), "")),
        RowAnswer(RowScores(np.zeros((60, 1)), "")),
        RowAnswer(RowScores(np.r_[np.zeros(59), np.nan], "")),
        RowAnswer(RowScores(np.r_[np.zeros(59), np.inf], "")),
        RowAnswer(RowScores(None, "")),
        RowAnswer(RowScores(np.zeros(60), "", {"odd": np.r_[np.zeros(59), np.nan]})),
        RowAnswer(RowScores(np.zeros(60), "", {"odd": np.zeros(61)})),
        RuleAnswer(RuleBreaches(np.zeros(59, bool))),
        RuleAnswer(RuleBreaches(None)),
    ],
)
def test_a_finding_that_would_pass_by_accident_is_a_fault(mixed_batch, fitted):
    assert measure(fitted, mixed_batch).fault


@pytest.mark.parametrize("kind", [RowAnswer, BatchAnswer, RuleAnswer])
def test_a_batch_without_rows_breaks_a_rule(mixed_batch, kind):
    empty = mixed_batch.take(np.array([], int))
    finding = measure(kind(AssertionError("must not be asked")), empty)
    assert finding.breaches == ("the batch has no rows",)
    assert finding.fault is None
    assert finding.row_scores.shape == (0,)


def test_a_fault_has_no_number_that_could_pass():
    found = Finding.of_fault(ValueError("a\n b"))
    assert (found.fault, found.breaches, found.forbidden) == ("ValueError: a b", (), {})
    assert np.isnan(found.statistic)


def test_the_highest_scores_come_first_and_those_that_are_nearly_equal_in_the_order_of_labels(mixed_batch):
    """Of 60 rows those with label no come first where scores differ in the last bits only."""
    scores = np.zeros(60)
    scores[[5, 8, 30]] = 1.0, 3.0, 1.0 + 1e-12
    first = rank_rows(mixed_batch, scores)
    assert len(first) == MOST_EVIDENCE
    assert first[:3].tolist() == [8, 30, 5]
    assert set(mixed_batch.labels[first[3:]]) == {"no"}


def test_a_checks_fields_are_its_params_and_cannot_change():
    class Probe(RowCheck):
        depth: int = 3

        def fit(self, trusted, rng):
            return RowAnswer(None)

    assert issubclass(Probe, Check)
    with pytest.raises(ValueError, match="Extra inputs"):
        Probe(deep=1)
    with pytest.raises(ValueError, match="frozen"):
        Probe().depth = 4


@pytest.mark.parametrize("answer", [SystemExit(0), MemoryError()])
def test_a_check_that_leaves_or_takes_all_memory_is_a_fault(mixed_batch, answer):
    assert measure(RowAnswer(answer), mixed_batch).fault.startswith(type(answer).__name__)


def test_who_ends_a_run_ends_it_whatever_check_is_at_work(mixed_batch):
    with pytest.raises(KeyboardInterrupt):
        measure(RowAnswer(KeyboardInterrupt()), mixed_batch)
