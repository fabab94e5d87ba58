"""The expectation suite: what people expect of a batch, in the JSON of Great Expectations."""

import logging
import os
import warnings
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
import pandas as pd

from pratique.contract.check import FittedRuleCheck, RuleCheck
from pratique.contract.finding import RuleBreaches
from pratique.contract.subject import ADVICE, Subject
from pratique.contract.tally import Tally, assert_comparable, name_rule, read_rules
from pratique.core import paths
from pratique.core.batch import Batch
from pratique.core.documents import parse_json
from pratique.core.errors import PratiqueError, printable
from pratique.core.layout import Layout
from pratique.core.text import one_line, show_cell
from pratique.core.writing import round_floats
from pratique.tables.plain_expectations import counts_rows, find_failing, is_plain

SUITE_KEYS = frozenset({"name", "id", "expectations", "suite_parameters", "meta", "notes"})
COLUMN_KEYS = ("column", "column_A", "column_B", "column_list")
PLAIN_KEYS = frozenset({"type", "kwargs", "meta"})
RESULT_FORMAT = {
    "result_format": "COMPLETE",  # the only format that names every failing row
    "exclude_unexpected_values": True,
    "partial_unexpected_count": 0,
    "return_unexpected_index_query": False,
}

Engine = Literal["auto", "great_expectations"]
"""What judges a batch: where `auto`, whatever is plain is judged without starting Great Expectations."""


class Expectations(RuleCheck):
    """Every expectation that people wrote down holds.

    Claim: finds what the suite describes, such as a column too many or too few, a label outside its set,
    repeated ids, a mean out of bounds. Poison that meets every expectation passes.

    Rule: `expectations/suite.json` says what holds. An expectation about cells forbids the rows that fail
    it, every one of them: `mostly` of 0.95 would hide 4 % of poison, so it only decides whether the share
    of failing rows is a breach as well. Any other expectation that fails is a breach, and so is one about
    a column that the batch lacks. Severity makes no difference. The statistic is the share of rows that
    fail an expectation. The suite sees the columns that came in and no other: those of the layout by
    kind, with unreadable cells empty, any further ones as text. Great Expectations judges all that is not said in a few
    plain words about single cells or the number of rows; where `engine` is `great_expectations` it judges everything.

    Cost: O(rows) an expectation; where Great Expectations is needed, its start and about 7 ms for each.
    """

    alarm: ClassVar[str] = "rows break the expectations"
    advice: ClassVar[str] = ADVICE["rules"]
    about: ClassVar[Subject] = "rules"
    needs = "file"
    file: Path = paths.SUITE
    engine: Engine = "auto"

    @property
    def place(self) -> str:
        """The file."""
        return self.file.as_posix()

    def fit(self, trusted: Batch, rng: np.random.Generator) -> "FittedExpectations":
        """Read the file, and prove on the trusted rows that every expectation can be judged.

        They are judged one by one, so that an error names the one to correct.

        Raises
        ------
        PratiqueError
            If the file is missing, is no suite, or holds an expectation that can't be judged.
        """
        place, text = self.place, read_rules(self.file)
        _refuse_strange(place, text, self.engine)
        frame = pd.DataFrame({name: _read_column(trusted, name) for name in trusted.table.column_names})
        for expectation in _read_suite(place, text):
            _prove(place, expectation, frame, trusted, self.engine)
        return FittedExpectations(place, text, self.engine)


@dataclass(frozen=True)
class Expectation:
    """What a suite says in one place: the kind of expectation and its arguments."""

    type: str
    kwargs: dict[str, Any]


@dataclass(frozen=True)
class Outcome:
    """What became of an expectation: the rows that fail it, whether it holds, and what was found instead."""

    failing: np.ndarray
    holds: bool
    found: dict[str, Any]


@dataclass(frozen=True)
class FittedExpectations(FittedRuleCheck):
    """A suite: the path of its file, for messages, and its text; and whether Great Expectations judges all of it."""

    place: str
    text: str
    engine: Engine

    def prepare(self) -> None:
        """Start Great Expectations, if it has anything to judge."""
        suite = _read_suite(self.place, self.text)
        if self.engine == "great_expectations" or not all(_is_judged_here(each.type, each.kwargs) for each in suite):
            _context()

    def measure(self, batch: Batch) -> RuleBreaches:
        """Judge every expectation; one that Great Expectations can't judge raises."""
        tally = Tally(batch)
        judged = []
        for expectation in _read_suite(self.place, self.text):
            lacking = [c for c in _columns(expectation) if c not in batch.table.column_names]
            tally.breach(f"{_sentence(expectation, batch.layout)}: the batch lacks", lacking)
            if not lacking:
                judged.append(expectation)
        for expectation, outcome in zip(judged, _judge(judged, batch, self.engine), strict=True):
            tally.note(_columns(expectation), _words(expectation), outcome.failing)
            if not outcome.holds and (not outcome.failing.any() or expectation.kwargs.get("mostly", 1) < 1):
                observed = _describe_observed(expectation, outcome.found, batch.layout)
                tally.breaches.append(f"{_sentence(expectation, batch.layout)} does not hold{observed}")
        return tally.result()


def _judge(expectations: list[Expectation], batch: Batch, engine: Engine) -> list[Outcome]:
    """Judge expectations; outcomes are in the same order. Only what is not plain needs all columns at once."""
    outcomes = [None if engine == "great_expectations" else _judge_at_once(each, batch) for each in expectations]
    others = [each for each, outcome in zip(expectations, outcomes, strict=True) if outcome is None]
    names = batch.table.column_names if others else []
    by_engine = iter(_judge_by_engine(others, pd.DataFrame({name: _read_column(batch, name) for name in names})))
    return [next(by_engine) if outcome is None else outcome for outcome in outcomes]


def _is_judged_here(kind: Any, kwargs: Any) -> bool:
    """Whether an expectation is said in plain words."""
    return isinstance(kind, str) and isinstance(kwargs, dict) and (counts_rows(kind, kwargs) or is_plain(kind, kwargs))


def _judge_at_once(expectation: Expectation, batch: Batch) -> Outcome | None:
    """The outcome of what is plain; None of anything else."""
    rows = len(batch)
    if counts_rows(expectation.type, expectation.kwargs):
        least, most = expectation.kwargs.get("min_value"), expectation.kwargs.get("max_value")
        holds = (least is None or rows >= least) and (most is None or rows <= most)
        return Outcome(np.zeros(rows, bool), holds, {"observed_value": rows})
    if not is_plain(expectation.type, expectation.kwargs):
        return None
    column = pd.Series(_read_column(batch, expectation.kwargs["column"]))
    failing = find_failing(expectation.type, expectation.kwargs, column)
    return None if failing is None else Outcome(failing, not failing.any(), {})


@cache
def _context() -> Any:
    """Start Great Expectations, once a process: in memory, without telemetry, progress bars and log."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    with warnings.catch_warnings():  # importing it warns of what it imports itself
        warnings.simplefilter("ignore")
        import great_expectations
        from great_expectations.data_context.types.base import ProgressBarsConfig

    logging.getLogger("great_expectations").setLevel(logging.CRITICAL)
    context = great_expectations.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False, metric_calculations=False)
    return context


def _judge_by_engine(expectations: list[Expectation], frame: pd.DataFrame) -> list[Outcome]:
    """Let Great Expectations judge: by a validator on the bare frame, whose batch definitions hash columns twice."""
    if not expectations:
        return []
    context = _context()
    from great_expectations.execution_engine.pandas_execution_engine import PandasExecutionEngine
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration
    from great_expectations.validator.validator import Validator

    engine = PandasExecutionEngine(batch_data_dict={"batch": frame})
    validator = Validator(execution_engine=engine, data_context=context)
    runtime = {"catch_exceptions": False, "result_format": dict(RESULT_FORMAT)}
    configurations = [ExpectationConfiguration(type=each.type, kwargs=each.kwargs) for each in expectations]
    results = validator.graph_validate(configurations=configurations, runtime_configuration=runtime)
    outcomes = []
    for expectation, result in zip(expectations, results, strict=True):
        if result.exception_info.get("raised_exception", True):
            raise RuntimeError(f"{expectation.type} raised {show_cell(str(result.exception_info))}")
        failing = np.zeros(len(frame), bool)
        failing[result.result.get("unexpected_index_list") or []] = True
        outcomes.append(Outcome(failing, bool(result.success), result.result))
    return outcomes


def _read_column(batch: Batch, name: str) -> Any:
    """The cells of a column that came in: by the layout's kind, those of any further one as text."""
    values = (batch.columns.get(name) or batch.layout.read(name, batch.table[name])).values
    if values.dtype != "Int64":
        return values.array
    if values.hasnans:  # some of GX's metrics raise on pandas.NA
        return values.to_numpy("float64", na_value=np.nan)
    return values.to_numpy("int64")


@lru_cache(maxsize=8)
def _read_suite(place: str, text: str) -> tuple[Expectation, ...]:
    """Read the file's text as expectations."""
    return tuple(Expectation(entry["type"], entry.get("kwargs", {})) for entry in _read_entries(place, text))


def _read_entries(place: str, text: str) -> list[dict[str, Any]]:
    try:
        value = parse_json(text, place)
    except PratiqueError as error:
        raise PratiqueError(f"{error}; correct it") from error
    entries = value.get("expectations") if isinstance(value, dict) else None
    if not isinstance(entries, list) or not entries:
        raise PratiqueError(f"{place}: expected a suite with `expectations`; write it with `pratique init`")
    unknown = sorted(set(value) - SUITE_KEYS)
    if unknown:
        raise PratiqueError(f"{place}: unknown key {show_cell(unknown[0])}; known: {', '.join(sorted(SUITE_KEYS))}")
    return entries


def _refuse_strange(place: str, text: str, engine: Engine) -> None:
    """Refuse a suite with an expectation that Great Expectations refuses: it would log a faulty one, and go on.

    It is not started for what is judged without it.
    """
    for i, entry in enumerate(_read_entries(place, text)):
        kind, kwargs = (entry.get("type"), entry.get("kwargs")) if isinstance(entry, dict) else (None, None)
        if engine == "auto" and kind and set(entry) <= PLAIN_KEYS and _is_judged_here(kind, kwargs):
            continue
        _context()
        from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

        try:
            ExpectationConfiguration(**entry).to_domain_obj()
        except Exception as error:  # GX raises whatever a wrong argument happens to hit
            why = f"expectations[{i}]: {show_cell(kind)}: GX refuses it ({one_line(error)})"
            raise PratiqueError(f"{place}: {why}; correct its type or kwargs") from error


def _prove(place: str, expectation: Expectation, frame: pd.DataFrame, trusted: Batch, engine: Engine) -> None:
    """Refuse an expectation that can't be judged on trusted rows, or compares text with numbers."""
    place = f"{place}: {_sentence(expectation, trusted.layout)}"
    columns = _columns(expectation)
    lacking = [c for c in columns if c not in frame.columns]
    if lacking:
        raise PratiqueError(f"{place}: the reference lacks column {show_cell(lacking)}; correct the name")
    for column in columns:
        values = expectation.kwargs.get("value_set") or []
        assert_comparable(f"{place}: value_set", values, text=frame[column].dtype == "str")
    try:
        _judge([expectation], trusted, engine)
    except Exception as error:  # GX raises whatever an expectation happens to hit
        why = type(error).__name__ if trusted.layout.hides_any(columns) else one_line(error)
        raise PratiqueError(f"{place}: can't be judged ({why}); correct or remove it") from error


def _columns(expectation: Expectation) -> list[str]:
    """List the columns whose cells an expectation is about; it is not judged where one is lacking."""
    if expectation.type.startswith("expect_table_") or expectation.type == "expect_column_to_exist":
        return []
    named = [expectation.kwargs.get(key) for key in COLUMN_KEYS]
    return [c for item in named for c in (item if isinstance(item, list) else [item]) if c is not None]


def _sentence(expectation: Expectation, layout: Layout) -> str:
    """Name the columns that an expectation is about, if there are any, and the expectation."""
    columns = _columns(expectation)
    words = name_rule(_words(expectation), columns, layout)
    return f"{printable(', '.join(columns))}: {words}" if columns else words


def _words(expectation: Expectation) -> str:
    """Name an expectation and its arguments, without the columns that it is about."""
    about = COLUMN_KEYS if _columns(expectation) else ()
    rest = [f"{key}={show_cell(value)}" for key, value in expectation.kwargs.items() if key not in about]
    return f"{expectation.type}({', '.join(rest)})"


def _describe_observed(expectation: Expectation, result: dict[str, Any], layout: Layout) -> str:
    """Say what was found instead, where an expectation says so and it can be no personal cell.

    The names of a table's columns may be cells: a file without a header has them there.
    """
    if layout.hides_any(_columns(expectation) or layout.personal):
        return ""
    found = (result.get("details") or {}).get("mismatched") or result.get("observed_value")
    return "" if found is None else f": got {show_cell(round_floats(found))}"
