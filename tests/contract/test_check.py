from dataclasses import dataclass

import numpy as np
import pytest
from pratique.contract.check import CAP, Check, Finding, Fitted, capped, measure


@dataclass(frozen=True)
class Answer(Fitted):
    """Measures by giving a fixed answer, or by raising it."""

    finding: object

    def measure(self, batch):
        if isinstance(self.finding, Exception):
            raise self.finding
        return self.finding


def test_the_statistic_of_rows_is_their_mean():
    finding = Finding.of_rows(np.array([1.0, 2.0, 6.0]), "points", forbidden={2: "rule"})
    assert (finding.statistic, finding.unit, finding.forbidden, finding.fault) == (
        3.0,
        "points",
        {2: "rule"},
        None,
    )


def test_a_sound_finding_passes_through(mixed_batch):
    finding = Finding.of_rows(np.zeros(60), "points")
    assert measure(Answer(finding), mixed_batch) is finding


def test_item_77_a_check_that_crashes_is_a_fault_on_one_line(mixed_batch):
    finding = measure(Answer(MemoryError("out of\nmemory")), mixed_batch)
    assert finding.fault == "MemoryError: out of memory"
    assert np.isnan(finding.statistic)
    assert len(measure(Answer(ValueError("x" * 1000)), mixed_batch).fault) == 300


@pytest.mark.parametrize(
    "finding",
    [
        Finding(np.nan, ""),
        Finding(np.inf, ""),
        Finding(0.0, "", np.zeros(59)),
        Finding(0.0, "", np.r_[np.zeros(59), np.nan]),
        None,
    ],
)
def test_item_18_a_finding_that_would_pass_by_accident_is_a_fault(mixed_batch, finding):
    assert measure(Answer(finding), mixed_batch).fault


def test_item_02_a_batch_without_rows_breaks_a_rule(mixed_batch):
    empty = mixed_batch.take(np.array([], int))
    finding = measure(Answer(AssertionError("must not be asked")), empty)
    assert finding.breaches == ("the batch has no rows",)
    assert finding.fault is None
    assert finding.row_scores.shape == (0,)


def test_long_evidence_is_cut_and_counted():
    assert capped([1, 2]) == {"shown": [1, 2], "left_out": 0}
    assert capped(list(range(CAP + 3))) == {"shown": list(range(CAP)), "left_out": 3}


def test_a_checks_fields_are_its_params_and_cannot_change():
    class Probe(Check):
        depth: int = 3

        def fit(self, trusted, rng):
            return Answer(None)

    with pytest.raises(ValueError, match="Extra inputs"):
        Probe(deep=1)
    with pytest.raises(ValueError, match="frozen"):
        Probe().depth = 4
