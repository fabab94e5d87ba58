"""The expectations check: suites of Great Expectations, judged row by row, with values computed by hand."""

import json
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pratique.checks.expectations import Expectations, FittedExpectations
from pratique.contract.check import measure
from pratique.contract.finding import Finding
from pratique.core import archive
from pratique.core.batch import Batch
from pratique.core.errors import PratiqueError
from pratique.core.layout import Layout
from pratique.scaffold.rules import infer_suite
from pratique.tables.plain_expectations import is_plain

LAYOUT = Layout("income", {"age": "integer", "work": "category"})

CLEAN = {
    "key": ["a", "b", "c", "d"],
    "age": ["10", "20", "30", "40"],
    "work": ["office", "field", None, "office"],
    "income": ["adult", "child", "adult", "child"],
}

LABELS = ("expect_column_values_to_be_in_set", {"column": "income", "value_set": ["adult", "child"]})


def batch(**columns: list[object]) -> Batch:
    table = {**CLEAN, **columns}
    return Batch("vendor/monday", pa.table({k: v for k, v in table.items() if v is not None}), LAYOUT)


def suite(*rules: tuple[str, dict[str, object]]) -> str:
    return json.dumps({"name": "batch", "expectations": [{"type": t, "kwargs": k, "meta": {}} for t, k in rules]})


@pytest.fixture
def fit(tmp_path: Path):
    def from_text(text: str) -> FittedExpectations:
        file = tmp_path / "suite.json"
        file.write_text(text, encoding="utf-8")
        return Expectations(file=file).fit(batch(), np.random.default_rng(0))

    return from_text


def shown(finding: Finding) -> list[dict[str, object]]:
    json.dumps(asdict(finding.evidence), allow_nan=False)
    return [asdict(each) for each in finding.evidence.columns]


def test_clean_rows_meet_every_expectation(fit):
    finding = measure(fit(suite(LABELS)), batch())
    assert (finding.statistic, finding.breaches, finding.forbidden, shown(finding)) == (0, (), {}, [])
    assert finding.row_scores.tolist() == [0, 0, 0, 0]


def test_a_failing_cell_forbids_its_row_and_only_its_row(fit):
    finding = measure(fit(suite(LABELS)), batch(income=["adult", "\u0430dult", "child", "x"]))
    rule = "expect_column_values_to_be_in_set(value_set='adult', 'child')"
    assert finding.forbidden == {1: f"income: {rule}, got '\u0430dult' (U+0430)", 3: f"income: {rule}, got 'x'"}
    assert finding.breaches == ()
    assert finding.statistic == 0.5
    assert shown(finding) == [
        {
            "columns": ("income",),
            "facts": {"rule": rule, "rows": 2, "first cells": ["'\u0430dult' (U+0430)", "'x'"]},
            "rows": (1, 3),
            "stands_out": True,
        }
    ]


def test_mostly_hides_no_row(fit):
    kind, kwargs = LABELS
    finding = measure(fit(suite((kind, {**kwargs, "mostly": 0.7}))), batch(income=["adult", "child", "x", "adult"]))
    assert list(finding.forbidden) == [2]
    assert finding.breaches == ()


def test_less_than_mostly_is_a_breach_as_well(fit):
    kind, kwargs = LABELS
    finding = measure(fit(suite((kind, {**kwargs, "mostly": 0.7}))), batch(income=["adult", "x", "x", "adult"]))
    assert list(finding.forbidden) == [1, 2]
    assert len(finding.breaches) == 1
    assert finding.breaches[0].endswith("mostly=0.7) does not hold")


def test_the_suite_sees_the_columns_that_came_in(fit):
    columns = ("expect_table_columns_to_match_set", {"column_set": [*CLEAN]})
    finding = measure(fit(suite(columns)), batch(age=None, zip=["1"] * 4))
    assert len(finding.breaches) == 1
    assert finding.breaches[0].endswith("does not hold: got unexpected 'zip'; missing 'age'")
    assert finding.statistic == 0


def test_an_aggregate_that_fails_is_a_breach(fit):
    mean = ("expect_column_mean_to_be_between", {"column": "age", "min_value": 26, "max_value": 30})
    assert measure(fit(suite(mean)), batch()).breaches == (
        "age: expect_column_mean_to_be_between(min_value=26, max_value=30) does not hold: got 25",
    )


def test_an_expectation_about_a_column_that_is_not_there_is_a_breach(fit):
    unique = ("expect_column_values_to_be_unique", {"column": "key"})
    finding = measure(fit(suite(unique, LABELS)), batch(key=None, income=["x", "adult", "adult", "child"]))
    assert finding.breaches == ("key: expect_column_values_to_be_unique(): the batch lacks column 'key'",)
    assert list(finding.forbidden) == [0]


def test_whether_a_column_exists_may_be_asked(fit):
    exists = ("expect_column_to_exist", {"column": "key"})
    assert measure(fit(suite(exists)), batch(key=None)).breaches == (
        "expect_column_to_exist(column='key') does not hold",
    )


def test_repeated_ids_and_pairs_of_columns_are_reported_by_row(fit):
    unique = ("expect_column_values_to_be_unique", {"column": "key"})
    pair = ("expect_compound_columns_to_be_unique", {"column_list": ["age", "income"]})
    repeated = batch(key=["a", "b", "a", "d"], age=["1", "2", "3", "2"], income=["adult", "child", "child", "child"])
    finding = measure(fit(suite(unique, pair)), repeated)
    assert finding.forbidden == {
        0: "key: expect_column_values_to_be_unique(), got 'a'",
        1: "age, income: expect_compound_columns_to_be_unique(), got '2', 'child'",
        2: "key: expect_column_values_to_be_unique(), got 'a'",
        3: "age, income: expect_compound_columns_to_be_unique(), got '2', 'child'",
    }


def test_an_unreadable_number_counts_as_empty_and_is_shown_as_it_came(fit):
    bounds = ("expect_column_values_to_be_between", {"column": "age", "min_value": 15})
    present = ("expect_column_values_to_not_be_null", {"column": "age"})
    finding = measure(fit(suite(bounds, present)), batch(age=["12", "x", "30", None]))
    assert finding.forbidden == {
        0: "age: expect_column_values_to_be_between(min_value=15), got '12'",
        1: "age: expect_column_values_to_not_be_null(), got 'x'",
        3: "age: expect_column_values_to_not_be_null(), got nothing",
    }


def test_pairs_of_numbers_with_gaps_can_be_judged(fit):
    pair = ("expect_column_pair_values_a_to_be_greater_than_b", {"column_A": "age", "column_B": "age"})
    finding = measure(fit(suite(pair)), batch(age=["1", None, "3", "4"]))
    assert 0 in finding.forbidden


def test_an_expectation_that_raises_is_no_pass(fit, monkeypatch):
    fitted = fit(suite(("expect_column_max_to_be_between", {"column": "age", "max_value": 50})))

    def broken(self, **_: object) -> None:
        raise ZeroDivisionError("inside GX")

    monkeypatch.setattr("great_expectations.validator.validator.Validator.graph_validate", broken)
    with pytest.raises(ZeroDivisionError):
        fitted.measure(batch())


def test_a_result_that_carries_an_exception_is_no_pass(fit, monkeypatch):
    from great_expectations.core.expectation_validation_result import ExpectationValidationResult

    fitted = replace(fit(suite(LABELS)), engine="great_expectations")
    raised = ExpectationValidationResult(success=True, exception_info={"raised_exception": True})
    name = "great_expectations.validator.validator.Validator.graph_validate"
    monkeypatch.setattr(name, lambda self, **_: [raised])
    with pytest.raises(RuntimeError, match="raised"):
        fitted.measure(batch())


def test_measuring_is_silent_and_changes_neither_the_table_nor_what_is_archived(fit, tmp_path, capfd):
    fitted, incoming = fit(suite(LABELS)), batch(income=["x", "adult", "x", None])
    before = incoming.table.slice(0)
    archive.dump(tmp_path / "before", fitted)
    finding = measure(fitted, incoming)
    archive.dump(tmp_path / "after", fitted)
    assert capfd.readouterr() == ("", "")
    assert incoming.table.equals(before)
    assert (tmp_path / "before").read_bytes() == (tmp_path / "after").read_bytes()
    restored = archive.load(tmp_path / "after", ["pratique.checks.expectations.FittedExpectations"])
    assert restored == fitted
    assert measure(restored, incoming).forbidden == finding.forbidden == measure(fitted, incoming).forbidden


def test_fit_needs_the_file(tmp_path):
    with pytest.raises(PratiqueError, match=r"nowhere\.json: not found; write it with `pratique init`"):
        Expectations(file=tmp_path / "nowhere.json").fit(batch(), np.random.default_rng(0))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "not JSON: Expecting property name enclosed in double quotes: line 1 column 2 (char 1); correct it"),
        ('{"name": "a", "name": "b"}', "key 'name' appears more than once"),
        ("[]", "expected a suite with `expectations`"),
        (suite(), "expected a suite with `expectations`"),
        ('{"expectation": [], "expectations": [1]}', "unknown key 'expectation'"),
        ('{"expectations": [1]}', "expectations[0]: nothing: GX refuses it"),
        (
            suite(("expect_peace", {})),
            "expectations[0]: 'expect_peace': GX refuses it (expect_peace not found)",
        ),
        (
            suite(LABELS, ("expect_column_to_exist", {"colum": "age"})),
            "expectations[1]: 'expect_column_to_exist'",
        ),
        (suite((LABELS[0], {**LABELS[1], "mostyl": 0.9})), "mostyl extra fields not permitted"),
        (suite((LABELS[0], {"column": "nope", "value_set": []})), "the reference lacks column 'nope'"),
        (suite((LABELS[0], {"column": "income", "value_set": [0, 1]})), "got 0; write it in quotes"),
        (suite((LABELS[0], {"column": "age", "value_set": ["1"]})), "got '1'; write a number"),
        (suite(("unexpected_rows_expectation", {"unexpected_rows_query": "SELECT 1"})), "can't be judged"),
    ],
)
def test_fit_says_what_is_wrong_with_the_file(fit, text, message):
    with pytest.raises(PratiqueError) as error:
        fit(text)
    assert message in str(error.value)
    assert "suite.json" in str(error.value)
    assert "\n" not in str(error.value)


def test_infer_round_trips_and_its_own_reference_passes(fit):
    inferred = infer_suite(batch(), id_column="key")
    finding = measure(fit(json.dumps(inferred)), batch())
    assert (finding.statistic, finding.breaches, finding.forbidden) == (0, (), {})
    assert [(e["type"], e["kwargs"]) for e in inferred["expectations"]] == [
        ("expect_table_row_count_to_be_between", {"min_value": 1}),
        ("expect_column_values_to_not_be_null", {"column": "income"}),
        LABELS,
        ("expect_column_values_to_be_unique", {"column": "key"}),
    ]
    from great_expectations.core.expectation_suite import ExpectationSuite

    theirs = ExpectationSuite(**inferred).to_json_dict()["expectations"]
    assert [(e["type"], e["kwargs"]) for e in theirs] == [(e["type"], e["kwargs"]) for e in inferred["expectations"]]


def test_infer_expects_no_unique_id_where_the_reference_repeats_one():
    kinds = [e["type"] for e in infer_suite(batch(key=["a", "a", "b", "c"]), id_column="key")["expectations"]]
    assert "expect_column_values_to_be_unique" not in kinds


def outcomes(fitted, rows):
    """What the check finds, judged at once and by Great Expectations."""
    found = [measure(replace(fitted, engine=engine), rows) for engine in ("auto", "great_expectations")]
    return [(each.breaches, each.forbidden, each.statistic, shown(each)) for each in found]


PLAIN = {
    "expect_table_row_count_to_be_between": [{"min_value": 5}, {"max_value": 3}, {"min_value": 4, "max_value": 4}, {}],
    "expect_column_values_to_not_be_null": [{"column": name} for name in ("key", "age", "work", "income")],
    "expect_column_values_to_be_unique": [{"column": name} for name in ("key", "age", "work", "income")],
    "expect_column_values_to_be_in_set": [
        {"column": "work", "value_set": ["office", "field"]},
        {"column": "age", "value_set": [10, 20.0]},
        {"column": "key", "value_set": ["a"]},
    ],
    "expect_column_values_to_be_between": [
        {"column": "age", "min_value": 20},
        {"column": "age", "max_value": 20, "strict_max": True},
        {"column": "age", "min_value": 10, "max_value": 30.5, "strict_min": True},
    ],
}
HARD_CELLS = [
    {},
    {"age": ["10", None, "20", "20"], "work": [None, None, "field", "field"]},
    {"age": [None] * 4, "key": ["a", "a", "", " a"]},
    {"age": ["1e300", "-5", "20.5", "x"], "income": ["adult", "adult", "", None]},
]


@pytest.mark.parametrize(("kind", "kwargs"), [(kind, each) for kind, several in PLAIN.items() for each in several])
def test_what_is_judged_at_once_has_the_answers_of_great_expectations(fit, kind, kwargs):
    fitted = fit(suite((kind, kwargs)))
    for columns in HARD_CELLS:
        at_once, by_engine = outcomes(fitted, batch(**columns))
        assert at_once == by_engine, columns


@pytest.mark.parametrize(
    ("kind", "kwargs"),
    [
        ("expect_column_values_to_be_in_set", {"column": "income", "value_set": ["adult"], "mostly": 0.5}),
        ("expect_column_values_to_be_in_set", {"column": "age", "value_set": []}),
        ("expect_column_values_to_be_in_set", {"column": "age", "value_set": [1, None]}),
        ("expect_column_values_to_be_in_set", {"column": "age", "value_set": [True]}),
        ("expect_column_values_to_be_in_set", {"column": "age", "value_set": [1, "1"]}),
        ("expect_column_values_to_be_between", {"column": "age", "min_value": 5, "row_condition": "age > 1"}),
        ("expect_column_values_to_be_between", {"column": "age", "min_value": True}),
        ("expect_column_values_to_be_between", {"column": "age", "min_value": 5, "strict_min": "yes"}),
        ("expect_column_mean_to_be_between", {"column": "age", "min_value": 5}),
        ("expect_column_values_to_match_regex", {"column": "key", "regex": "a"}),
    ],
)
def test_what_is_said_in_other_words_is_left_to_great_expectations(kind, kwargs):
    assert not is_plain(kind, kwargs)


def test_a_plain_suite_is_learned_and_judged_without_starting_great_expectations(tmp_path):
    (tmp_path / "suite.json").write_text(suite(LABELS, ("expect_table_row_count_to_be_between", {"min_value": 1})))
    code = (
        "import sys, numpy as np, pyarrow as pa\n"
        "from pratique.checks.expectations import Expectations\n"
        "from pratique.core.batch import Batch\n"
        "from pratique.core.layout import Layout\n"
        "layout = Layout('income', {'age': 'integer'})\n"
        "trusted, rows = (Batch('a/b', pa.table({'age': ['1'], 'income': [x]}), layout) for x in ('child', 'x'))\n"
        f"fitted = Expectations(file={str(tmp_path / 'suite.json')!r}).fit(trusted, np.random.default_rng(0))\n"
        "assert fitted.measure(rows).forbidden\n"
        "assert not {name for name in sys.modules if name.startswith('great_expectations')}\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
