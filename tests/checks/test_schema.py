"""The schema check: rules of pandera's YAML, judged row by row, with values computed by hand."""

import json
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pratique.checks.schema import FittedSchema, Schema
from pratique.contract.check import measure
from pratique.contract.finding import Finding
from pratique.core import archive
from pratique.core.batch import Batch
from pratique.core.errors import PratiqueError
from pratique.core.layout import Layout
from pratique.scaffold.rules import HEADER, infer_schema

LAYOUT = Layout("income", {"age": "integer", "hours": "real", "work": "category"})

RULES = """
strict: true
columns:
  age: {dtype: int64, in_range: {min_value: 0, max_value: 120}}
  hours: {dtype: float64, nullable: true}
  work: {dtype: str, nullable: true, isin: ["office", "field"]}
  income: {dtype: str, isin: ["adult", "child"]}
"""

CLEAN = {
    "age": ["1", "2", "3", "4"],
    "hours": ["40", None, "37.5", "0"],
    "work": ["office", "field", None, "office"],
    "income": ["adult", "child", "adult", "child"],
}


def batch(**columns: list[object]) -> Batch:
    table = {**CLEAN, **columns}
    return Batch("vendor/monday", pa.table({k: v for k, v in table.items() if v is not None}), LAYOUT)


@pytest.fixture
def fit(tmp_path: Path):
    def from_text(text: str, trusted: Batch | None = None) -> FittedSchema:
        file = tmp_path / "schema.yaml"
        file.write_text(text, encoding="utf-8")
        return Schema(file=file).fit(trusted or batch(), np.random.default_rng(0))

    return from_text


def rule(column: str, rules: str) -> str:
    return f"columns:\n  {column}: {{{rules}}}\n"


def shown(finding: Finding) -> list[dict[str, object]]:
    json.dumps(asdict(finding.evidence), allow_nan=False)
    return [asdict(each) for each in finding.evidence.columns]


def test_clean_rows_break_no_rule(fit):
    finding = measure(fit(RULES), batch())
    assert finding.statistic == 0
    assert finding.row_scores.tolist() == [0, 0, 0, 0]
    assert (finding.breaches, finding.forbidden, shown(finding)) == ((), {}, [])


def test_every_unreadable_cell_is_reported_by_its_own_row(fit):
    finding = measure(fit(RULES), batch(age=["1", "2", "x", "7.9"], hours=["inf", "40", "nan", "1e3"]))
    assert finding.forbidden == {
        0: "hours: not a finite number, got 'inf'",
        2: "age: not a whole number, got 'x'",
        3: "age: not a whole number, got '7.9'",
    }
    assert finding.statistic == 0.75
    assert finding.row_scores.tolist() == [1, 0, 1, 1]


def test_an_unreadable_cell_is_not_also_reported_as_empty(fit):
    finding = measure(fit(RULES), batch(age=["1", "x", None, "130"]))
    assert [(e["facts"]["rule"], e["facts"]["rows"], e["rows"]) for e in shown(finding)] == [
        ("in_range(0, 120)", 1, (3,)),
        ("must not be empty", 1, (2,)),
        ("not a whole number", 1, (1,)),
    ]
    assert finding.forbidden[2] == "age: must not be empty, got nothing"
    assert finding.forbidden[3] == "age: in_range(0, 120), got '130'"


def test_typed_columns_obey_the_same_rules(fit):
    finding = measure(fit(RULES), batch(age=[1, 2, 121, None], hours=[1.0, 2.0, np.inf, None]))
    assert finding.forbidden == {
        2: "age: in_range(0, 120), got 121",
        3: "age: must not be empty, got nothing",
    }
    assert shown(finding)[2] == {
        "columns": ("hours",),
        "facts": {"rule": "not a finite number", "rows": 1, "first cells": ["inf"]},
        "rows": (2,),
        "stands_out": True,
    }


def test_a_look_alike_label_shows_its_code_points(fit):
    finding = measure(fit(RULES), batch(income=["adult", "\u0430dult", "adult", "child"]))
    assert finding.forbidden == {1: "income: isin(['adult', 'child']), got '\u0430dult' (U+0430)"}


def test_a_hostile_cell_is_escaped_and_shortened(fit):
    finding = measure(fit(RULES), batch(work=["office", "\x1b[31m\u202e", "z" * 10_000, None]))
    assert finding.forbidden[1].endswith(r"got '\x1b[31m\u202e' (U+202E)")
    assert finding.forbidden[2].endswith(f"got '{'z' * 60}...'")


def test_missing_and_undeclared_columns_are_breaches_of_the_batch(fit):
    finding = measure(fit(RULES), batch(age=None, **{"a\x07b": ["1"] * 4, "zip": ["1"] * 4}))
    place = finding.breaches[1].split(" does not declare")[0]
    assert finding.breaches == (
        "the batch lacks column 'age'",
        f"{place} does not declare columns 'a\\x07b', 'zip'",
    )
    assert finding.statistic == 0


def test_a_misspelt_column_is_named_once_and_first(fit):
    finding = measure(fit(RULES), batch(hours=None, work=None, Huors=["40"] * 4, zip=["1"] * 4))
    first, *others = finding.breaches
    assert first.startswith("column 'Huors' is not in ")
    assert first.endswith("did you mean 'hours'?")
    assert others[0] == "the batch lacks column 'work'"
    assert others[1].endswith("does not declare column 'zip'")


def test_a_misspelt_column_is_named_where_others_are_let_in(fit):
    finding = measure(fit(RULES.replace("strict: true", "strict: false")), batch(hours=None, hour=["40"] * 4))
    (only,) = finding.breaches
    assert only.endswith("did you mean 'hours'?")


def test_many_undeclared_columns_are_counted(fit):
    finding = measure(fit(RULES), batch(**{f"c{i}": ["1"] * 4 for i in range(7)}))
    assert finding.breaches[0].endswith("columns 'c0', 'c1', 'c2', 'c3', 'c4' and 2 more")


def test_a_schema_that_is_not_strict_lets_columns_in_and_an_optional_one_may_lack(fit):
    fitted = fit(RULES.replace("strict: true", "strict: false").replace("int64,", "int64, required: false,"))
    finding = measure(fitted, batch(age=None, zip=["1"] * 4))
    assert (finding.fault, finding.breaches) == (None, ())


def test_an_empty_column_is_a_breach_and_not_a_fault_of_every_row(fit):
    finding = measure(fit(RULES), batch(age=pa.nulls(4), hours=pa.nulls(4)))
    assert finding.breaches == ("every cell is empty in column 'age'",)
    assert finding.forbidden == {}


def test_repeated_keys_are_reported_and_empty_ones_are_not(fit):
    fitted = fit(rule("work", "dtype: str, nullable: true, unique: true"))
    finding = measure(fitted, batch(work=["k", None, "k", None]))
    assert finding.forbidden == {0: "work: must be unique, got 'k'", 2: "work: must be unique, got 'k'"}


def test_whole_numbers_beyond_float64_are_compared_exactly(fit):
    fitted = fit(rule("age", f"dtype: int64, le: {2**53}"))
    assert list(measure(fitted, batch(age=[str(2**53), str(2**53 + 1), None, "1"])).forbidden) == [1, 2]


def test_text_rules_and_older_spellings_of_pandera_work(fit):
    text = "columns:\n  work: {dtype: 'string[pyarrow]', nullable: true, checks: {str_matches: '^[of]'}}\n"
    assert measure(fit(text), batch(work=["office", "x", None, "field"])).forbidden == {
        1: "work: str_matches('^[of]'), got 'x'"
    }


def test_an_expression_that_would_take_for_ever_is_judged_at_once(fit):
    """RE2, which pandas asks about text, has no expression that takes longer than its text is long."""
    text = rule("work", "dtype: str, nullable: true, str_matches: '^(a+)+$'")
    assert list(measure(fit(text), batch(work=["a", "a" * 10_000 + "b", None, "b"])).forbidden) == [1, 3]


def test_evidence_lists_the_worst_column_first_and_only_the_first_rows(fit):
    entry = shown(measure(fit(RULES), batch(age=["x", "y", "z", "w"], income=["adult", "?", "adult", "child"])))
    assert [e["columns"] for e in entry] == [("age",), ("income",)]
    assert entry[0]["rows"] == (0, 1, 2, 3)
    assert entry[0]["facts"]["first cells"] == ["'x'", "'y'", "'z'"]


def test_measuring_changes_neither_the_table_nor_what_is_archived(fit, tmp_path):
    fitted, incoming = fit(RULES), batch(age=["x", "1", "2", None])
    before = incoming.table.slice(0)
    archive.dump(tmp_path / "before", fitted)
    finding = measure(fitted, incoming)
    archive.dump(tmp_path / "after", fitted)
    assert incoming.table.equals(before)
    assert (tmp_path / "before").read_bytes() == (tmp_path / "after").read_bytes()
    restored = archive.load(tmp_path / "after", ["pratique.checks.schema.FittedSchema"])
    assert restored == fitted
    assert measure(restored, incoming).forbidden == finding.forbidden


def test_fit_needs_the_file(tmp_path):
    with pytest.raises(PratiqueError, match=r"nowhere\.yaml: not found; write it with `pratique init`"):
        Schema(file=tmp_path / "nowhere.yaml").fit(batch(), np.random.default_rng(0))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [", "schema.yaml: "),
        ("- 1", "expected pandera's schema with `columns`"),
        ("columns: {}", "expected pandera's schema with `columns`"),
        ("columns: {age: {dtype: int64}, age: {dtype: str}}", "duplicate key"),
        ("strict: filter\n" + rule("age", "dtype: int64"), "strict: expected true or false, got 'filter'"),
        ("drop_invalid_rows: true\n" + rule("age", "dtype: int64"), "'drop_invalid_rows' is not supported"),
        (rule("age", "dtype: int64, in_rnage: 3"), "column 'age': key 'in_rnage' is not supported"),
        (rule("age", "dtype: int64, nullable: maybe"), "nullable: expected true or false, got 'maybe'"),
        (rule("age", "dtype: datetime64"), "got 'datetime64'; known are int64"),
        (rule("age", "dtype: int8"), "got 'int8'; known are int64, float64 and str"),
        (rule("age", "nullable: true"), "dtype: got nothing; known are int64, float64 and str"),
        (rule("1", "dtype: int64"), "column 1: expected a name in quotes"),
        (rule("age", "dtype: int64, in_range: {min_value: 5, max_value: 1}"), "pandera refuses a rule"),
        (rule("age", "dtype: int64, in_range: {min_value: a, max_value: b}"), "can't be applied"),
        (rule("age", "dtype: int64, isin: ['1']"), "isin: got '1'; write a number"),
        (rule("income", "dtype: str, isin: [0, 1]"), "isin: got 0; write it in quotes"),
        (rule("work", "dtype: str, nullable: true, str_matches: '('"), "work"),
        (rule("age", "dtype: int64, ge: {min_value: 0, raise_warning: true}"), "raise_warning is not supported"),
        (rule("age", "dtype: int64, ge: 0, checks: {le: 9}"), "both under `checks` and beside it"),
        (rule("age", "dtype: int64, checks: {is_monotonic: {dim: a}}"), "no rule for a column"),
    ],
)
def test_fit_says_what_is_wrong_with_the_file(fit, text, message):
    with pytest.raises(PratiqueError) as error:
        fit(text)
    assert message in str(error.value)
    assert "schema.yaml" in str(error.value)
    assert "\n" not in str(error.value)


def reference() -> Batch:
    columns = {
        "key": ["a", "b", "c", "d", "e", "f"],
        "age": ["20", "30", "40", "50", "60", "60"],
        "hours": ["-0.5", "0.25", None, "0", "0", "0"],
        "same": ["7", "7", "7", "7", "7", "7"],
        "work": ["no", "no", "1e5", "1e5", "007", "007"],
        "city": ["Bern", "Bern", "Rome", "Rome", "Oslo", None],
        "income": ["yes", "no", "yes", "no", "yes", "odd"],
    }
    kinds = {"age": "integer", "hours": "real", "same": "integer", "work": "text", "city": "text"}
    return Batch("reference", pa.table(columns), Layout("income", kinds))


def test_infer_writes_what_the_reference_shows():
    assert infer_schema(reference()).removeprefix(HEADER) == (
        "schema_type: dataframe\n"
        "strict: true\n"
        "columns:\n"
        '  "key":\n    dtype: str\n    nullable: true\n'
        '  "age":\n    dtype: int64\n    in_range:\n      min_value: 0\n      max_value: 100\n'
        '  "hours":\n    dtype: float64\n    nullable: true\n'
        "    in_range:\n      min_value: -1.25\n      max_value: 1.0\n"
        '  "same":\n    dtype: int64\n'
        '  "work":\n    dtype: str\n    isin:\n      - "007"\n      - "1e5"\n      - "no"\n'
        '  "city":\n    dtype: str\n    nullable: true\n'
        '  "income":\n    dtype: str\n    isin:\n      - "no"\n      - "odd"\n      - "yes"\n'
    )


def test_infer_is_read_alike_by_pandera_and_by_us(fit):
    import pandera.pandas as pandera

    text = infer_schema(reference())
    theirs = pandera.DataFrameSchema.from_yaml(text)
    assert theirs.columns["work"].checks[0].statistics == {"allowed_values": ["007", "1e5", "no"]}
    assert theirs.strict is True
    finding = measure(fit(text, reference()), reference())
    assert (finding.statistic, finding.breaches, finding.forbidden) == (0, (), {})
    assert infer_schema(reference()) == text


def test_infer_survives_odd_names_and_numbers(fit):
    names = ["no", "1e5", "a: b", "\U0001f600 #", 'quote " and \\', "line\nend", "\x07", "\u2028"]
    cells = [1e-12, 1e300, -1e300, 1.5]
    table = pa.table({**dict.fromkeys(names, cells), "y": ["\u0430", "'", "a\nb", "\u2028"]})
    odd = Batch("odd", table, Layout("y", dict.fromkeys(names, "real")))
    finding = measure(fit(infer_schema(odd), odd), odd)
    assert (finding.fault, finding.breaches, finding.forbidden) == (None, (), {})


def test_infer_lists_values_only_where_a_new_one_would_surprise():
    many = [f"v{i // 2:02}" for i in range(2 * 65)]
    table = pd.DataFrame({"few": ["a", "b"] * 65, "many": many, "once": ["a"] * 129 + ["b"], "y": many})
    text = infer_schema(
        Batch.from_frame("r", table, Layout("y", {"few": "category", "many": "category", "once": "category"}))
    )
    lines = [line.strip() for line in text.removeprefix(HEADER).splitlines()]
    found = [line for line in lines if line == "isin:" or line.endswith('":')]
    assert found == ['"few":', "isin:", '"many":', '"once":', '"y":', "isin:"]


def test_cells_of_a_personal_column_are_not_shown(tmp_path):
    personal = replace(LAYOUT, personal=("age",))
    secret = Batch("vendor/monday", pa.table(CLEAN | {"age": ["1", "secret", "3", "4"]}), personal)
    file = tmp_path / "schema.yaml"
    file.write_text(RULES, encoding="utf-8")
    finding = measure(Schema(file=file).fit(batch(), np.random.default_rng(0)), secret)
    assert list(finding.forbidden) == [1]
    assert "secret" not in json.dumps([finding.forbidden, asdict(finding.evidence)])
