"""The declared schema: what every cell may hold, as people wrote it in pandera's YAML."""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from pratique.contract.check import FittedRuleCheck, RuleCheck
from pratique.contract.finding import RuleBreaches
from pratique.contract.subject import ADVICE, Subject
from pratique.contract.tally import Tally, assert_comparable, name_rule, read_rules
from pratique.core import paths
from pratique.core.batch import Batch
from pratique.core.columns import NUMERIC, Kind
from pratique.core.errors import PratiqueError
from pratique.core.layout import Layout
from pratique.core.text import MAX_SHOWN_CHARACTERS, one_line, shorten, show_cell
from pratique.tables.trusted import list_columns

DTYPES: dict[str, Kind] = {
    **dict.fromkeys(("int64", "Int64", "int"), "integer"),
    **dict.fromkeys(("float64", "Float64", "float"), "real"),
    **dict.fromkeys(("str", "string", "string[pyarrow]", "string[python]", "category"), "text"),
}
"""What a declared dtype stands for; pandera writes most of them in several ways."""
MOST_COMPARED_NAMES = 20
"""Undeclared columns whose names are compared with those of missing ones: a hostile file can have many."""
TWO_NUMBERS = "could mean two numbers"
UNREADABLE_CELLS: dict[Kind, str] = {"integer": "not a whole number", "real": "not a finite number"}

# fmt: off
RULES = frozenset({
    "equal_to", "not_equal_to", "greater_than", "greater_than_or_equal_to", "less_than",
    "less_than_or_equal_to", "in_range", "isin", "notin", "str_matches", "str_contains", "str_startswith",
    "str_endswith", "str_length",
})
RULE_KEYS = RULES | {"eq", "ne", "gt", "ge", "lt", "le", "between"}
SCHEMA_COLUMN_KEYS = frozenset({
    "dtype", "nullable", "unique", "required", "coerce", "checks", "name", "title", "description",
})
TABLE_KEYS = frozenset({
    "schema_type", "api", "version", "name", "title", "description", "columns", "strict", "coerce",
})
# fmt: on
COMPARED = frozenset({"allowed_values", "forbidden_values", "value"})
"""Arguments of rules that cells are compared with for equality."""
OFF: tuple[Any, ...] = (None, False, [], {}, "all")
"""Values with which a key of pandera's asks for nothing."""


class Schema(RuleCheck):
    """Every cell obeys the rules that people declared for its column.

    Claim: finds cells of the wrong kind, empty cells, numbers out of bounds, values outside a set (labels
    that only look like one of it), repeated keys, and columns that are missing or were never declared.
    Poison that keeps to the rules passes.

    Rule: `expectations/schema.yaml` says what holds. A row that breaks a rule is forbidden. A missing or
    undeclared column, a column that must not be empty and is, and more than 10,000 forbidden rows are
    breaches. The statistic is the share of rows that break a rule.

    Cost: O(cells), one pass a rule. pandera judges the columns, but its table of failure cases is never
    built: each million of bad cells costs it seconds, and their number is the sender's to choose.
    """

    alarm: ClassVar[str] = "rows break the schema"
    advice: ClassVar[str] = ADVICE["rules"]
    about: ClassVar[Subject] = "rules"
    needs = "file"
    file: Path = paths.SCHEMA

    @property
    def place(self) -> str:
        """The file."""
        return self.file.as_posix()

    def fit(self, trusted: Batch, rng: np.random.Generator) -> "FittedSchema":
        """Read the file, and prove on the trusted rows that every rule can be applied.

        Raises
        ------
        PratiqueError
            If the file is missing, is no schema, names a column that trusted rows lack, or holds a rule that can't be
            applied.
        """
        fitted = FittedSchema(self.place, read_rules(self.file))
        _, columns = _parse_schema(fitted.place, fitted.text)
        for column in columns:
            if column.required and column.name not in trusted.table.column_names:
                raise PratiqueError(f"{column.place} is not in the trusted rows; {list_columns(trusted.table)}")
        fitted.measure(trusted)
        return fitted


@dataclass(frozen=True)
class FittedSchema(FittedRuleCheck):
    """A declared schema: the path of its file, for messages, and its text."""

    place: str
    text: str

    def prepare(self) -> None:
        """Load pandera, much of which is loaded when a rule is first applied."""
        _, columns = _parse_schema(self.place, self.text)
        for _, rule in [rule for column in columns for rule in column.rules][:1]:
            with contextlib.suppress(Exception):  # a rule need not fit an empty column
                rule(pd.Series([], dtype="str"))

    def measure(self, batch: Batch) -> RuleBreaches:
        """Apply every rule to every row."""
        strict, columns = _parse_schema(self.place, self.text)
        names = dict.fromkeys(batch.table.column_names)
        tally = Tally(batch)
        lacking = [c.name for c in columns if c.required and c.name not in names]
        known = {column.name for column in columns} | set(batch.layout.ignored)
        unknown = [name for name in names if name not in known]
        misspelt = {} if batch.layout.personal else _pair_misspelt(unknown, lacking)
        if batch.layout.personal:  # without a header a cell may stand where a name is expected
            unknown = [f"number {at + 1}" for at, name in enumerate(names) if name not in known]
        tally.breaches += [_ask_for_name(self.place, *pair) for pair in misspelt.items()]
        tally.breach("the batch lacks", [name for name in lacking if name not in misspelt.values()])
        if strict:
            tally.breach(f"{self.place} does not declare", [name for name in unknown if name not in misspelt])
        for column in columns:
            if column.name in names:
                column.examine(batch, tally)
        return tally.result()


@dataclass(frozen=True)
class _Column:
    """What is declared for one column; `rules` are pandera's checks, each with its words for people."""

    place: str
    name: str
    kind: Kind
    nullable: bool
    unique: bool
    required: bool
    rules: tuple[tuple[str, Any], ...]

    def examine(self, batch: Batch, tally: Tally) -> None:
        """Note every row of the column that breaks a rule."""
        kind = "target" if self.name == batch.layout.label else batch.layout.kinds.get(self.name)
        levels = kind is not None and kind not in NUMERIC and self.kind not in NUMERIC
        if kind == self.kind or levels:  # it is read once for every check
            read = batch.columns[self.name]
        else:
            read = batch.layout.read(self.name, batch.table[self.name], self.kind)
        missing = read.values.isna().to_numpy(bool) & ~read.unreadable
        tally.note([self.name], TWO_NUMBERS, read.ambiguous)
        for words, where in read.readings.items() if batch.layout.formats == "hold" else ():
            tally.note([self.name], f"{words}, which data.formats holds", where)
        if self.kind in NUMERIC:
            tally.note([self.name], UNREADABLE_CELLS[self.kind], read.unreadable)
        if not self.nullable and missing.all():
            tally.breach("every cell is empty in", [self.name])
        elif not self.nullable:
            tally.note([self.name], "must not be empty", missing)
        for words, rule in self.rules:
            tally.note([self.name], words, self._failing(words, rule, read.values, batch.layout) & ~read.unreadable)
        if self.unique:
            twice = read.values.duplicated(keep=False) & read.values.notna()
            tally.note([self.name], "must be unique", twice.to_numpy(bool))

    def _failing(self, words: str, rule: Any, values: pd.Series, layout: Layout) -> np.ndarray:
        """Mark the rows that break one of pandera's rules, bool of shape (rows,)."""
        failing = np.zeros(len(values), bool)
        try:
            holds = rule(values).check_output
            failing[holds.index[~holds.to_numpy(bool)]] = True
        except Exception as error:  # a rule may not fit the column in ways that only running it shows
            why = type(error).__name__ if layout.hides_any([self.name]) else one_line(error)
            what = f"{name_rule(words, [self.name], layout)} can't be applied ({why})"
            raise PratiqueError(f"{self.place}: {what}; correct the rule or the dtype") from error
        return failing


def _pair_misspelt(unknown: Sequence[str], lacking: Sequence[str]) -> dict[str, str]:
    """The missing column that each unknown one is most likely meant to be; none where none is like it."""
    pairs: dict[str, str] = {}
    for name in unknown[:MOST_COMPARED_NAMES]:
        left = {each.lower().strip(): each for each in lacking if each not in pairs.values()}
        near = get_close_matches(name[:MAX_SHOWN_CHARACTERS].lower().strip(), left, n=1)
        if near:
            pairs[name] = left[near[0]]
    return pairs


def _ask_for_name(place: str, name: str, meant: str) -> str:
    return f"column {show_cell(name)} is not in {place}; did you mean {show_cell(meant)}?"


@lru_cache(maxsize=8)
def _parse_schema(place: str, text: str) -> tuple[bool, tuple[_Column, ...]]:
    """Read the file's text: whether the schema is strict, and its columns."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        value = YAML(typ="safe", pure=True).load(text)
    except YAMLError as error:
        raise PratiqueError(f"{place}: {one_line(error)}") from error
    columns = value.get("columns") if isinstance(value, dict) else None
    if not isinstance(columns, dict) or not columns:
        raise PratiqueError(f"{place}: expected pandera's schema with `columns`; write it with `pratique init`")
    _refuse_unknown(place, value, TABLE_KEYS)
    strict = _flag(place, value, "strict", False)
    return strict, tuple(_column(place, name, spec) for name, spec in columns.items())


def _column(place: str, name: Any, spec: Any) -> _Column:
    """Read one entry under `columns`, and refuse every key that pandera would pass over in silence."""
    from pandera.io.pandas_io import deserialize_schema

    place = f"{place}: column {show_cell(name)}"
    if not isinstance(name, str) or not isinstance(spec, dict):
        raise PratiqueError(f"{place}: expected a name in quotes and, below it, dtype and rules")
    _refuse_unknown(place, spec, SCHEMA_COLUMN_KEYS | RULE_KEYS)
    if spec.get("checks") and RULE_KEYS & set(spec):
        raise PratiqueError(f"{place}: rules both under `checks` and beside it; write them in one place")
    dtype = spec.get("dtype")
    if not isinstance(dtype, str) or dtype not in DTYPES:
        raise PratiqueError(f"{place}: dtype: got {show_cell(dtype)}; known are int64, float64 and str")
    try:
        schema = deserialize_schema({"columns": {name: spec}})  # type: ignore[no-untyped-call]
    except Exception as error:  # pandera raises whatever a wrong argument happens to hit
        raise PratiqueError(f"{place}: pandera refuses a rule ({one_line(error)}); correct it") from error
    rules = schema.columns[name].checks
    for rule in rules:
        _assert_usable(place, rule, text=DTYPES[dtype] == "text")
    return _Column(
        place,
        name,
        DTYPES[dtype],
        nullable=_flag(place, spec, "nullable", False),
        unique=_flag(place, spec, "unique", False),
        required=_flag(place, spec, "required", True),
        rules=tuple((shorten(rule.error or rule.name), rule) for rule in rules),
    )


def _flag(place: str, value: dict[str, Any], key: str, default: bool) -> bool:
    flag = value.get(key)
    if flag is not None and not isinstance(flag, bool):
        raise PratiqueError(f"{place}: {key}: expected true or false, got {show_cell(flag)}")
    return default if flag is None else flag


def _assert_usable(place: str, rule: Any, text: bool) -> None:
    """Refuse a rule that is none of `RULES`, that only warns, or that compares text with numbers."""
    if rule.name not in RULES:
        raise PratiqueError(f"{place}: {show_cell(rule.name)}: no rule for a column; known: {_join_names(RULES)}")
    if rule.raise_warning:
        raise PratiqueError(f"{place}: {rule.name}: raise_warning is not supported; remove it, or the rule")
    for key in COMPARED & rule.statistics.keys():
        value = rule.statistics[key]
        assert_comparable(f"{place}: {rule.name}", value if isinstance(value, list) else [value], text)


def _refuse_unknown(place: str, value: dict[Any, Any], known: frozenset[str]) -> None:
    for key, item in value.items():
        if key not in known and item not in OFF:
            raise PratiqueError(f"{place}: key {show_cell(key)} is not supported; known: {_join_names(known)}")


def _join_names(names: frozenset[str]) -> str:
    return ", ".join(sorted(names))
