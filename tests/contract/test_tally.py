from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pratique.contract import tally
from pratique.contract.evidence import NO_EVIDENCE, ColumnEvidence
from pratique.contract.tally import Tally, assert_comparable, read_rules
from pratique.core.batch import Batch
from pratique.core.errors import PratiqueError
from pratique.core.layout import Layout

TABLE = pa.table({"age": [1, 2, 3, None], "y\x07": ["a", "b", "\u0430", "z" * 2**20]})


@pytest.fixture
def tallied() -> Tally:
    return Tally(Batch("vendor/monday", TABLE, Layout("y\x07", {"age": "integer"})))


def mask(*rows: int) -> np.ndarray:
    return np.isin(np.arange(4), rows)


def test_nothing_broken_is_an_empty_finding(tallied):
    tallied.breach("the batch lacks", [])
    tallied.note(["age"], "a rule", mask())
    finding = tallied.result().finding(4)
    assert (finding.statistic, finding.unit, finding.breaches, finding.forbidden) == (0, "share of rows", (), {})
    assert finding.evidence == NO_EVIDENCE


def test_a_row_is_forbidden_by_the_first_rule_that_it_breaks(tallied):
    tallied.note(["age"], "second to none", mask(3, 2))
    tallied.note(["age", "y\x07"], "a pair", mask(0, 2))
    finding = tallied.result().finding(4)
    assert list(finding.forbidden.items()) == [
        (0, r"age, y\x07: a pair, got 1, 'a'"),
        (2, "age: second to none, got 3"),
        (3, "age: second to none, got nothing"),
    ]
    assert finding.row_scores.tolist() == [1, 0, 1, 1]
    assert finding.statistic == 0.75


def test_evidence_counts_every_failure_and_lists_the_worst_rule_first(tallied):
    tallied.note(["age"], "rare", mask(1))
    tallied.note(["y\x07"], "frequent", mask(0, 1, 2, 3))
    worst, rare = tallied.result().evidence.columns
    facts = {"rule": "frequent", "rows": 4, "first cells": ["'a'", "'b'", "'\u0430' (U+0430)"]}
    assert worst == ColumnEvidence((r"y\x07",), facts, rows=(0, 1, 2, 3))
    assert (rare.facts["rule"], rare.facts["rows"]) == ("rare", 1)


def test_rows_beyond_the_cap_are_counted_and_condemn_the_batch(tallied, monkeypatch):
    monkeypatch.setattr(tally, "MAX_FORBIDDEN", 2)
    tallied.note(["age"], "late", mask(2, 3))
    tallied.note(["age"], "early", mask(0, 3))
    finding = tallied.result().finding(4)
    assert finding.forbidden == {0: "age: early, got 1", 2: "age: late, got 3"}
    assert finding.evidence.notes == {"rows held with the batch only": 1}
    assert finding.breaches == ("3 rows break a rule; at most 2 are held one by one",)
    assert finding.row_scores.tolist() == [1, 0, 1, 1]
    assert tallied.result().finding(4).breaches == finding.breaches


def test_many_columns_are_counted(tallied):
    tallied.breach("the batch lacks", ["a"])
    tallied.breach("unknown are", list("abcdefg"))
    assert tallied.breaches == ["the batch lacks column 'a'", "unknown are columns 'a', 'b', 'c', 'd', 'e' and 2 more"]


def test_numbers_and_text_are_not_compared():
    assert_comparable("place", ["a", "b"], text=True)
    assert_comparable("place", [1, 2.5], text=False)
    with pytest.raises(PratiqueError, match=r"^place: got 0; write it in quotes$"):
        assert_comparable("place", ["a", 0], text=True)
    with pytest.raises(PratiqueError, match=r"^place: got '1'; write a number$"):
        assert_comparable("place", ["1"], text=False)


def test_rules_are_read_as_utf_8_or_refused(tmp_path: Path):
    file = tmp_path / "rules"
    file.write_text("café", encoding="utf-8")
    assert read_rules(file) == "café"
    file.write_bytes(b"\xff")
    with pytest.raises(PratiqueError, match=r"rules: not readable \(.*\); save it as UTF-8"):
        read_rules(file)
    with pytest.raises(PratiqueError, match="not found; write it with `pratique init`"):
        read_rules(tmp_path / "nowhere")
