"""Laws that every check keeps: a new one is tested here without being named."""

import io
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pytest
from pratique.checks.conflicts import Conflicts
from pratique.contract.check import (
    BatchCheck,
    Check,
    Fitted,
    FittedBatchCheck,
    FittedRowCheck,
    FittedRuleCheck,
    RowCheck,
    RuleCheck,
    measure,
)
from pratique.contract.discovery import check_names, load_check
from pratique.contract.evidence import MOST_EVIDENCE
from pratique.contract.finding import BatchScore, Finding, RowScores, RuleBreaches
from pratique.contract.subject import Subject
from pratique.core.batch import Batch
from pratique.core.errors import PratiqueError
from pratique.core.frozen import freeze, thaw
from pratique.core.image_params import ImageParams
from pratique.core.layout import Layout
from pratique.core.params import DataParams, Params
from pratique.detector import calibrate as calibrating
from pratique.detector import simulate
from pratique.detector.calibrate import calibrate
from pratique.detector.examine import examine
from pratique.detector.verdict import share_budget
from pratique.scaffold.rules import infer_schema, infer_suite
from pratique.statistics import mixture, nulls
from pratique.tables.trusted import layout_of
from threadpoolctl import threadpool_limits

TRUSTED_ROWS = 80
BATCH_ROWS = 40
MAX_EVIDENCE = 40_000
"""Bytes of evidence, whatever comes in."""
KINDS = {
    RowCheck: (FittedRowCheck, RowScores(np.zeros(BATCH_ROWS), "points")),
    BatchCheck: (FittedBatchCheck, BatchScore(0.0)),
    RuleCheck: (FittedRuleCheck, RuleBreaches(np.zeros(BATCH_ROWS, bool))),
}
"""What is fitted by each kind of check, and a result such as it returns."""


def numeric_rows(rows: int, seed: int) -> pa.Table:
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, rows)
    return pa.table(
        {
            "length": rng.normal(3.0 * y, 1.0).round(3),
            "width": rng.lognormal(0.5 * y, 1.0).round(3),
            "petals": rng.poisson(4 + 4 * y),
            "kind": pa.array(np.where(y == 1, "b", "a"), pa.string()),
        }
    )


def mixed_rows(rows: int, seed: int) -> pa.Table:
    rng = np.random.default_rng([seed, 1])
    table = numeric_rows(rows, seed)
    return table.append_column("colour", pa.array(rng.choice(["red", "blue", "white"], rows), pa.string()))


def text_rows(rows: int, seed: int) -> pa.Table:
    """What reading a CSV file gives: every cell text, an empty one missing."""
    rng = np.random.default_rng([seed, 2])
    frame = mixed_rows(rows, seed).to_pandas().astype(object)
    for column in ("length", "petals", "colour"):
        frame.loc[rng.random(rows) < 0.1, column] = None
    frame.insert(0, "id", np.arange(rows) + 1000 * seed)
    return as_csv(frame.to_csv(index=False))


def as_csv(text: str) -> pa.Table:
    names = text.splitlines()[0].split(",")
    options = pyarrow.csv.ConvertOptions(
        column_types=dict.fromkeys(names, pa.string()), null_values=[""], strings_can_be_null=True
    )
    return pyarrow.csv.read_csv(io.BytesIO(text.encode()), convert_options=options)


def image_rows(rows: int, seed: int) -> pa.Table:
    """Pictures of 4 x 4 pixels; the first three are the columns that hostile tables name."""
    table, rng = numeric_rows(rows, seed), np.random.default_rng([seed, 3])
    for k in range(13):
        place = table["width"].to_numpy() + rng.normal(0.0, 1.0, rows).round(3)
        table = table.append_column(f"pixel_{k}", pa.array(place))
    return table


REFERENCES: dict[str, tuple[Callable[[int, int], pa.Table], DataParams]] = {
    "numeric": (numeric_rows, DataParams(label="kind")),
    "mixed": (mixed_rows, DataParams(label="kind")),
    "csv with missing cells": (text_rows, DataParams(label="kind", id="id")),
}
IMAGES = (image_rows, DataParams(label="kind", image=ImageParams(height=4, width=4)))


@dataclass(frozen=True)
class Case:
    """A check, trusted rows, rows that it has not seen, and the holdout."""

    check: Check
    trusted: Batch
    unseen: Batch
    holdout: Batch

    def fit(self, seed: int = 0) -> Fitted:
        return self.check.fit(self.trusted, np.random.default_rng(seed))

    def batch(self, table: pa.Table) -> Batch:
        return Batch("garden/week-1", table, self.trusted.layout)

    def ruined(self) -> Batch:
        """Rows that can't be worse: numbers and labels far off; for a check that knows the holdout, copies of it."""
        if self.check.needs == "holdout":
            return self.batch(self.holdout.table.slice(0, BATCH_ROWS))
        table = filled(self.unseen.table, ("length", "width", "petals"), lambda n: [10**6] * n)
        return self.batch(filled(table, ("kind",), lambda n: ["zebra"] * n))

    def contradicting(self) -> Batch:
        """Trusted rows under a label never seen."""
        rows = self.trusted.table.slice(0, BATCH_ROWS)
        return self.batch(filled(rows, ("kind",), lambda n: ["zebra"] * n))

    def spoiled(self) -> Batch:
        """Clean rows, some of them with a number far off, a label never seen, or a cell that is empty."""
        table = self.unseen.table
        table = put(table, "length", [3, 4], [1e6, -1e6])
        table = put(table, "kind", [5, 20], ["c", "A"])
        return self.batch(put(table, "petals", [7], [None]))


INFERRED: dict[str, Callable[[Batch], Any]] = {"schema": infer_schema, "expectations": infer_suite}
"""What `pratique init` writes into the file of a check."""


def fields_of(name: str, trusted: Batch, folder: Path) -> dict[str, Any]:
    """What params.yaml must say of a check: where the file is that it needs, if any, as `pratique init` writes it."""
    check = load_check(name)
    if check.needs != "file":
        return {}
    rules = INFERRED[name](trusted)
    file = folder / f"{name}.rules"
    file.write_text(rules if isinstance(rules, str) else json.dumps(rules), encoding="utf-8")
    return {"file": file}


def put(table: pa.Table, column: str, rows: list[int], values: list[Any]) -> pa.Table:
    """The table with other cells in these rows; the column's type stays."""
    cells = table[column].to_pylist()
    kind = table[column].type
    for row, value in zip(rows, values, strict=True):
        whole = pa.types.is_integer(kind) and value is not None
        cells[row] = int(value) if whole else str(value) if value is not None and pa.types.is_string(kind) else value
    return table.set_column(table.column_names.index(column), column, pa.array(cells, kind))


def filled(table: pa.Table, columns: tuple[str, ...], cells: Callable[[int], list[Any]]) -> pa.Table:
    """The table with every cell of these columns replaced."""
    for column in columns:
        place = table.column_names.index(column)
        table = table.set_column(place, column, pa.array(cells(table.num_rows)))
    return table


def marked(name: str, *told: str) -> Any:
    """A check as a parameter of a test, marked where learning takes torch."""
    marks = [pytest.mark.torch] if load_check(name).needs_torch else []
    return pytest.param((name, *told), marks=marks, id="-".join((name, *told)))


def references_of(name: str) -> Iterable[str]:
    """The references that a check can learn from."""
    return ("images",) if load_check(name).needs == "images" else REFERENCES


def rows_of(reference: str) -> tuple[Callable[[int, int], pa.Table], DataParams]:
    return IMAGES if reference == "images" else REFERENCES[reference]


def require_torch_of(name: str) -> None:
    if load_check(name).needs_torch:
        pytest.importorskip("torch")


def batches_of(reference: str) -> tuple[Batch, Batch, Batch]:
    """Trusted rows, rows that come in, and the holdout."""
    rows, data = rows_of(reference)
    trusted = rows(TRUSTED_ROWS, 1)
    layout = layout_of(trusted, data)
    return (
        Batch("reference", trusted, layout),
        Batch("garden/week-1", rows(BATCH_ROWS, 2), layout),
        Batch("holdout", rows(BATCH_ROWS, 3), layout),
    )


@pytest.fixture(
    scope="module", params=[marked(name, reference) for name in check_names() for reference in references_of(name)]
)
def case(request: pytest.FixtureRequest, tmp_path_factory) -> Case:
    name, reference = request.param
    require_torch_of(name)
    trusted, unseen, holdout = batches_of(reference)
    params = fields_of(name, trusted, tmp_path_factory.mktemp("rules"))
    check = load_check(name)(**params).with_holdout(holdout)
    return Case(check, trusted, unseen, holdout)


@pytest.fixture(scope="module")
def fitted(case: Case) -> Fitted:
    return case.fit()


def assert_equal(one: Finding, other: Finding) -> None:
    for field in fields(Finding):
        mine, yours = getattr(one, field.name), getattr(other, field.name)
        if field.name in ("row_scores", "flagged") and mine is not None:
            np.testing.assert_array_equal(mine, yours)
        elif field.name == "signals":
            assert mine.keys() == yours.keys()
            for name in mine:
                np.testing.assert_array_equal(mine[name], yours[name], err_msg=name)
        else:
            assert mine == yours, field.name


def assert_sound(finding: Finding, batch: Batch) -> None:
    """What the verdict, the record and the pages rely on."""
    assert finding.fault is None
    assert np.isfinite(finding.statistic)
    scores = finding.row_scores
    if scores is not None:
        assert scores.shape == (len(batch),)
        assert np.isfinite(scores).all()
        counted = scores if finding.flagged is None else finding.flagged
        assert counted.shape == (len(batch),)
        assert finding.statistic == pytest.approx(counted.mean() if len(batch) else 0.0, rel=1e-12)
    for name, signal in finding.signals.items():
        assert signal.shape == (len(batch),), name
        assert np.isfinite(signal).all(), name
    assert set(finding.forbidden) <= set(range(len(batch)))
    evidence = asdict(finding.evidence)
    text = json.dumps(evidence, allow_nan=False)
    assert len(text) <= MAX_EVIDENCE
    assert all(len(items) <= MOST_EVIDENCE for items in lists_in(evidence))
    assert {row for each in (*evidence["columns"], *evidence["rows"]) for row in each["rows"]} <= set(range(len(batch)))
    assert all(words.isprintable() for words in texts_in([evidence, finding.breaches, finding.forbidden]))


def lists_in(value: Any) -> Iterator[list[Any] | tuple[Any, ...]]:
    if isinstance(value, list | tuple):
        yield value
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ():
        yield from lists_in(item)


def texts_in(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from (key for key in value if isinstance(key, str))
        yield from texts_in(list(value.values()))
    elif isinstance(value, list | tuple):
        for item in value:
            yield from texts_in(item)


def copied(table: pa.Table) -> pa.Table:
    return pa.table({name: pa.array(table[name].to_pylist(), table[name].type) for name in table.column_names})


def test_rows_stay_as_they_were(case: Case) -> None:
    batches = [case.trusted, case.spoiled()]
    before = [(copied(b.table), b.numeric.copy(), b.categorical.copy(), b.labels.copy()) for b in batches]
    case.fit().measure(batches[1])
    for batch, (table, numeric, categorical, labels) in zip(batches, before, strict=True):
        assert batch.table.equals(table)
        np.testing.assert_array_equal(batch.numeric, numeric)
        np.testing.assert_array_equal(batch.categorical, categorical)
        np.testing.assert_array_equal(batch.labels, labels)


def test_equal_seeds_give_equal_findings(case: Case, fitted: Fitted) -> None:
    batch = case.spoiled()
    first = measure(fitted, batch)
    assert first.fault is None
    assert_equal(first, measure(fitted, batch))
    assert_equal(first, measure(case.fit(), case.spoiled()))


def test_global_randomness_plays_no_part(case: Case) -> None:
    findings = []
    for seed in (1, 2):
        np.random.seed(seed)
        findings.append(measure(case.fit(), case.spoiled()))
    assert_equal(*findings)


def test_a_finding_does_not_depend_on_what_was_measured_before(case: Case) -> None:
    fresh, used = case.fit(), case.fit()
    measure(used, case.spoiled())
    measure(used, case.trusted)
    assert_equal(measure(fresh, case.unseen), measure(used, case.unseen))


def test_the_fitted_form_is_kept_in_equal_bytes_and_measures_the_same(case: Case, tmp_path: Path) -> None:
    first, second = case.fit(), case.fit()
    freeze(tmp_path / "first", first)
    freeze(tmp_path / "second", second)
    finding = measure(second, case.spoiled())
    freeze(tmp_path / "used", second)
    assert (tmp_path / "first").read_bytes() == (tmp_path / "second").read_bytes()
    assert (tmp_path / "first").read_bytes() == (tmp_path / "used").read_bytes()
    restored = thaw(tmp_path / "first", case.check.trusted_types())
    assert_equal(measure(restored, case.spoiled()), finding)


def test_the_order_of_rows_does_not_matter(case: Case, fitted: Fitted) -> None:
    batch = case.spoiled()
    order = np.random.default_rng(3).permutation(len(batch))
    moved = case.batch(batch.table.take(pa.array(order)))
    one, other = measure(fitted, batch), measure(fitted, moved)
    assert one.fault is None
    assert other.statistic == pytest.approx(one.statistic, rel=1e-9)
    assert len(other.breaches) == len(one.breaches)
    assert {int(order[row]): rule for row, rule in other.forbidden.items()} == one.forbidden
    assert (one.row_scores is None) == (other.row_scores is None)
    if one.row_scores is not None and other.row_scores is not None:
        np.testing.assert_allclose(other.row_scores, one.row_scores[order], rtol=1e-9, atol=1e-12)
    assert (one.flagged is None) == (other.flagged is None)
    if one.flagged is not None and other.flagged is not None:
        np.testing.assert_array_equal(other.flagged, one.flagged[order])
    for name, signal in one.signals.items():
        np.testing.assert_allclose(other.signals[name], signal[order], rtol=1e-9, atol=1e-9, err_msg=name)


def test_a_row_that_is_scored_by_what_was_learned_scores_the_same_alone(case: Case, fitted: Fitted) -> None:
    """Its null and its p-value come from trusted rows, which were measured in other company."""
    batch = case.spoiled()
    if not isinstance(case.check, RowCheck):
        return
    with threadpool_limits(limits=1):  # as in every command
        alone = [measure(fitted, case.batch(batch.table.slice(row, 1))) for row in range(len(batch))]
        together = measure(fitted, batch)
    np.testing.assert_allclose([f.row_scores[0] for f in alone], together.row_scores, rtol=1e-9)
    assert {finding.flagged is None for finding in alone} == {together.flagged is None}
    if together.flagged is not None:
        np.testing.assert_array_equal([f.flagged[0] for f in alone], together.flagged)
    for name, signal in together.signals.items():
        np.testing.assert_allclose([f.signals[name][0] for f in alone], signal, rtol=1e-9, atol=1e-9, err_msg=name)


def test_a_ruined_batch_looks_worse(case: Case, fitted: Fitted) -> None:
    if isinstance(case.check, Conflicts):
        return  # of so few trusted rows it says nothing: tests/checks/test_conflicts.py
    ruined = max((measure(fitted, batch) for batch in (case.ruined(), case.contradicting())), key=lambda f: f.statistic)
    assert ruined.statistic > measure(fitted, case.unseen).statistic
    if isinstance(case.check, RuleCheck):
        assert set(ruined.forbidden) == set(range(BATCH_ROWS))


def test_trusted_rows_break_no_declared_rule(case: Case, fitted: Fitted) -> None:
    finding = measure(fitted, case.trusted)
    assert_sound(finding, case.trusted)
    assert (finding.breaches, finding.forbidden) == ((), {})


STRANGE = "\U0001d518\u202e\x1b[31m\x07\u200b\u0430"
"""Beyond the basic plane, bidirectional, an escape sequence, a bell, of no width, Cyrillic."""


HOSTILE: dict[str, Callable[[pa.Table, Layout], pa.Table]] = {
    "one row": lambda t, _: t.slice(0, 1),
    "no number": lambda t, lay: filled(t, lay.numeric, lambda n: [float("nan")] * n),
    "every cell missing": lambda t, _: filled(t, tuple(t.column_names), lambda n: pa.nulls(n, pa.string())),
    "infinities": lambda t, lay: filled(t, lay.numeric, lambda n: [np.inf, -np.inf, 1.0, 0.0] * (n // 4)),
    "infinities as text": lambda t, lay: filled(
        t, lay.numeric, lambda n: ["inf", "-Infinity", "NaN", "1e999"] * (n // 4)
    ),
    "constant columns": lambda t, _: t.take(pa.array([0] * t.num_rows)),
    "unseen level": lambda t, lay: filled(t, lay.categorical, lambda n: ["ultraviolet"] * n),
    "unseen label": lambda t, lay: filled(t, (lay.label,), lambda n: ["zebra"] * n),
    "whole numbers as labels": lambda t, lay: filled(t, (lay.label,), lambda n: list(range(n))),
    "missing label": lambda t, lay: filled(t, (lay.label,), lambda n: pa.nulls(n, pa.string())),
    "no label column": lambda t, lay: t.drop_columns([lay.label]),
    "no feature column": lambda t, lay: t.select([lay.label]),
    "missing column": lambda t, lay: t.drop_columns([next(iter(lay.kinds))]),
    "extra column": lambda t, _: t.append_column("extra", pa.array(["x"] * t.num_rows)),
    "empty text": lambda t, _: filled(t, tuple(t.column_names), lambda n: [""] * n),
    "blank text": lambda t, _: filled(t, tuple(t.column_names), lambda n: [" \t\n"] * n),
    "huge numbers": lambda t, lay: filled(t, lay.numeric, lambda n: [1e308, -1e308] * (n // 2)),
    "one huge number": lambda t, lay: filled(t, lay.numeric, lambda n: [1.0] * (n - 1) + [1.7e308]),
    "tiny numbers": lambda t, lay: filled(t, lay.numeric, lambda n: [5e-324, -5e-324] * (n // 2)),
    "largest whole numbers": lambda t, lay: filled(t, lay.numeric, lambda n: [2**63 - 1, -(2**63)] * (n // 2)),
    "text for numbers": lambda t, lay: filled(t, lay.numeric, lambda n: ["many", "1,5", "0x1F", "\u0661"] * (n // 4)),
    "strange text": lambda t, _: filled(t, tuple(t.column_names), lambda n: [STRANGE] * n),
    "strange column": lambda t, _: t.append_column(STRANGE, pa.array([STRANGE] * t.num_rows)),
    "booleans": lambda t, _: filled(t, tuple(t.column_names), lambda n: [True, False] * (n // 2)),
    "long cells": lambda t, _: filled(t, tuple(t.column_names), lambda n: [f"{i}" + "z" * 100_000 for i in range(n)]),
}


@pytest.mark.parametrize("frame", HOSTILE)
def test_a_hostile_batch_is_measured_without_a_fault(case: Case, fitted: Fitted, frame: str) -> None:
    batch = case.batch(HOSTILE[frame](case.unseen.table, case.trusted.layout))
    assert_sound(measure(fitted, batch), batch)


def test_a_batch_without_rows_breaks_a_rule(case: Case, fitted: Fitted) -> None:
    finding = measure(fitted, case.unseen.take(np.array([], int)))
    assert (finding.breaches, finding.fault) == (("the batch has no rows",), None)


def test_a_column_that_comes_twice_is_refused_by_name(case: Case) -> None:
    table = case.unseen.table
    twice = table.append_column("length", table["length"])
    with pytest.raises(PratiqueError, match="garden/week-1: column 'length' appears more than once"):
        case.batch(twice)


def test_evidence_does_not_grow_with_bad_rows(case: Case, fitted: Fitted) -> None:
    rows = 5_000
    table = case.unseen.table.take(pa.array(np.arange(rows) % BATCH_ROWS))
    bad = [f"{i} {'z' * 1_000}" for i in range(rows)]
    batch = case.batch(filled(table, tuple(table.column_names), lambda _: bad))
    assert_sound(measure(fitted, batch), batch)


@pytest.mark.parametrize("name", check_names())
def test_a_check_is_of_one_kind_and_says_what_an_alarm_means(name: str) -> None:
    check = load_check(name)
    assert sum(issubclass(check, kind) for kind in KINDS) == 1
    assert check.alarm.strip()
    assert check.advice.strip()
    assert check.about in get_args(Subject)


def test_what_is_fitted_is_of_the_kind_of_the_check(case: Case, fitted: Fitted) -> None:
    (expected,) = (form for kind, (form, _) in KINDS.items() if isinstance(case.check, kind))
    assert [form for form, _ in KINDS.values() if isinstance(fitted, form)] == [expected]


def test_what_another_kind_of_check_returns_is_a_fault(
    case: Case, fitted: Fitted, monkeypatch: pytest.MonkeyPatch
) -> None:
    for kind, (_, result) in KINDS.items():
        monkeypatch.setattr(type(fitted), "measure", lambda *_, result=result: result)
        assert (measure(fitted, case.unseen).fault is None) == isinstance(case.check, kind)
    for result in (None, Finding(0.0, "points", np.zeros(BATCH_ROWS))):
        monkeypatch.setattr(type(fitted), "measure", lambda *_, result=result: result)
        assert measure(fitted, case.unseen).fault


@pytest.mark.parametrize(
    "case_of", [marked(name, next(iter({*references_of(name)} & {"mixed", "images"}))) for name in check_names()]
)
def test_what_a_check_measures_is_used(
    case_of: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is judged by itself, with a share of the budget, or rows are weighed with it."""
    name, reference = case_of
    require_torch_of(name)
    for module, few, count in (
        (simulate, "SIMULATION_DRAWS", 1),
        (nulls, "NULL_DRAWS", 20),
        (mixture, "MIXTURE_DRAWS", 100),
        (calibrating, "PSEUDO_BATCHES", 3),
    ):
        monkeypatch.setattr(module, few, count)
    trusted, unseen, holdout = batches_of(reference)
    checks = {"losses": {}, name: fields_of(name, trusted, tmp_path)}
    profile = calibrate(trusted, Params(data=rows_of(reference)[1], checks=checks), holdout.table)
    shares = share_budget([m.check for m in examine(unseen, profile).measurements if m.judged])
    assert shares.get(name, 0) > 0 or name in profile.hypothesis_tests.names


@pytest.mark.parametrize("name", check_names())
def test_the_docstring_says_claim_rule_and_cost(name: str) -> None:
    text = load_check(name).__doc__ or ""
    assert "Claim:" in text
    assert "Formula:" in text or "Rule:" in text
    assert "Cost:" in text


@pytest.mark.parametrize("name", check_names())
def test_every_param_has_bounds_or_is_explained(name: str) -> None:
    check = load_check(name)
    text = check.__doc__ or ""
    for field, info in check.model_fields.items():
        explained = f"`{field}`" in text or str(info.default) in text
        assert info.metadata or explained, f"{name}.{field}"


@pytest.mark.parametrize("name", check_names())
def test_an_unknown_param_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="Extra inputs"):
        load_check(name)(neighbors=5)


def test_the_laws_see_bad_and_clean_rows_alike() -> None:
    """The references are what they claim to be, so that no law holds in vain."""
    layouts = {name: layout_of(rows(TRUSTED_ROWS, 1), data) for name, (rows, data) in REFERENCES.items()}
    assert layouts["numeric"].categorical == ()
    assert layouts["mixed"].kinds == {"length": "real", "width": "real", "petals": "integer", "colour": "category"}
    assert layouts["csv with missing cells"].kinds == layouts["mixed"].kinds
    missing = Batch("x", text_rows(TRUSTED_ROWS, 1), layouts["mixed"])
    assert pd.isna(missing.numeric).any()
    assert (missing.categorical == "").any()
