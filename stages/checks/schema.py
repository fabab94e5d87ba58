"""The declared schema: what every cell may hold, as people wrote it in pandera's YAML."""

import io
import math
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from stages.core import paths
from stages.core.batch import Batch
from stages.core.check import Check, Finding, Fitted, capped
from stages.core.errors import PratiqueError, printable
from stages.core.layout import Kind, read_column

MAX_FORBIDDEN = 10_000
MAX_LEVELS = 64
MAX_SHOWN = 60

KINDS: dict[Kind, str] = {
    "integer": r"int(8|16|32|64)?",
    "real": r"float(16|32|64)?",
    "text": r"str|string(\[.*\])?|category",
}
"""What a declared dtype stands for, whatever its case: pandera writes some of them in several ways."""
UNREADABLE: dict[Kind, str] = {"integer": "not a whole number", "real": "not a finite number"}

# fmt: off
RULES = frozenset({
    "equal_to", "not_equal_to", "greater_than", "greater_than_or_equal_to", "less_than",
    "less_than_or_equal_to", "in_range", "isin", "notin", "str_matches", "str_contains", "str_startswith",
    "str_endswith", "str_length",
})
RULE_KEYS = RULES | {"eq", "ne", "gt", "ge", "lt", "le", "between"}
COLUMN_KEYS = frozenset({
    "dtype", "nullable", "unique", "required", "coerce", "checks", "name", "title", "description",
})
TABLE_KEYS = frozenset({
    "schema_type", "api", "version", "name", "title", "description", "columns", "strict", "coerce",
})
# fmt: on
COMPARED = ("allowed_values", "forbidden_values", "value")
"""Arguments of rules that cells are compared with for equality."""
OFF: tuple[Any, ...] = (None, False, [], {}, "all")
"""Values with which a key of pandera's asks for nothing."""

HEADER = """\
# What a batch may hold: pandera's schema, inferred from the reference by `pratique init`. Yours to edit.
#   dtype      int64, float64 or str; a cell that is not of this kind is reported, never converted
#   nullable   true where a cell may be empty; unique: true where no two rows may share a cell
#   in_range, isin, str_matches, ...   any of pandera's rules for one column; text always in quotes
#   required   false where a batch may lack the column; strict: false lets undeclared columns in
# Bounds leave room for one more range on either side. A text column lists its values only where a new
# one would be a surprise.
"""


class Schema(Check):
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

    learns: ClassVar[bool] = False
    file: Path = paths.SCHEMA

    def fit(self, trusted: Batch, rng: np.random.Generator) -> "FittedSchema":
        """Read the file, and prove on the trusted rows that every rule can be applied.

        Raises
        ------
        PratiqueError
            If the file is missing, is no schema, or holds a rule that can't be applied.
        """
        place = self.file.as_posix()
        try:
            text = self.file.read_text(encoding="utf-8")
        except FileNotFoundError as error:
            raise PratiqueError(f"{place}: not found; write it with `pratique init`, or restore it") from error
        except (OSError, UnicodeDecodeError) as error:
            raise PratiqueError(f"{place}: not readable ({_one_line(error)}); save it as UTF-8") from error
        fitted = FittedSchema(place, text)
        fitted.measure(trusted)
        return fitted


@dataclass(frozen=True)
class FittedSchema(Fitted):
    """A declared schema: the path of its file, for messages, and its text."""

    place: str
    text: str

    def measure(self, batch: Batch) -> Finding:
        """Apply every rule to every row."""
        strict, columns = _declared(self.place, self.text)
        names = dict.fromkeys(batch.table.column_names)
        tally = _Tally(batch)
        tally.breach("the batch lacks", [c.name for c in columns if c.required and c.name not in names])
        if strict:
            known = {column.name for column in columns}
            tally.breach(f"{self.place} does not declare", [name for name in names if name not in known])
        for column in columns:
            if column.name in names:
                column.examine(batch, tally)
        return tally.finding()


class _Tally:
    """What is broken, gathered rule by rule without keeping a mask for each."""

    def __init__(self, batch: Batch) -> None:
        self.batch = batch
        self.breaches: list[str] = []
        self.rules: list[tuple[str, dict[str, Any]]] = []
        self.broken = np.zeros(len(batch), bool)
        self.first = np.zeros(len(batch), np.int32)

    def breach(self, what: str, columns: list[str]) -> None:
        """Note columns, if there are any, that break a rule of the batch as a whole."""
        if columns:
            more = f" and {len(columns) - 5} more" if len(columns) > 5 else ""
            listed = ", ".join(_shown(name) for name in columns[:5])
            self.breaches.append(f"{what} column{'s' if len(columns) > 1 else ''} {listed}{more}")

    def note(self, column: str, rule: str, failing: np.ndarray) -> None:
        """Note the rows, as a mask, that break a rule of a column."""
        rows = np.flatnonzero(failing)
        if len(rows):
            self.first[failing & ~self.broken] = len(self.rules)
            self.broken |= failing
            entry = {
                "column": printable(column),
                "rule": rule,
                "failures": len(rows),
                "first_rows": rows[:5].tolist(),
                "first_values": self._cells(column, rows[:3]),
            }
            self.rules.append((column, entry))

    def finding(self) -> Finding:
        """Sum up, with a reason for each of the first `MAX_FORBIDDEN` rows that break a rule."""
        rows = np.flatnonzero(self.broken)
        kept = rows[:MAX_FORBIDDEN]
        forbidden = {}
        for i in np.unique(self.first[kept]):
            column, entry = self.rules[i]
            mine = kept[self.first[kept] == i]
            for row, cell in zip(mine.tolist(), self._cells(column, mine), strict=True):
                forbidden[row] = f"{entry['column']}: {entry['rule']}, got {cell}"
        entries = [entry for _, entry in self.rules]
        entries.sort(key=lambda entry: (-entry["failures"], entry["column"], entry["rule"]))
        evidence: dict[str, Any] = {"columns": capped(entries)}
        if len(rows) > len(kept):
            evidence["forbidden_left_out"] = len(rows) - len(kept)
            self.breaches.append(f"{len(rows)} rows break a rule; at most {MAX_FORBIDDEN} are held one by one")
        return Finding.of_rows(
            self.broken.astype(np.float64),
            "share of rows",
            breaches=tuple(self.breaches),
            forbidden=dict(sorted(forbidden.items())),
            evidence=evidence,
        )

    def _cells(self, column: str, rows: np.ndarray) -> list[str]:
        cells = self.batch.table[column].take(pa.array(rows))
        if pa.types.is_string(cells.type):
            cells = pc.utf8_slice_codeunits(cells, 0, MAX_SHOWN + 1)  # a cell may be a megabyte
        return [_shown(cell) for cell in cells.to_pylist()]


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

    def examine(self, batch: Batch, tally: _Tally) -> None:
        """Note every row of the column that breaks a rule."""
        kind = "text" if self.name == batch.layout.label else batch.layout.kinds.get(self.name)
        shared = kind == self.kind  # then it is read once for every check
        read = batch.columns[self.name] if shared else read_column(batch.table[self.name], self.kind)
        missing = read.values.isna().to_numpy(bool) & ~read.unreadable
        if self.kind != "text":
            tally.note(self.name, UNREADABLE[self.kind], read.unreadable)
        if not self.nullable and missing.all():
            tally.breach("every cell is empty in", [self.name])
        elif not self.nullable:
            tally.note(self.name, "must not be empty", missing)
        for words, rule in self.rules:
            tally.note(self.name, words, self._failing(words, rule, read.values) & ~read.unreadable)
        if self.unique:
            twice = read.values.duplicated(keep=False) & read.values.notna()
            tally.note(self.name, "must be unique", twice.to_numpy(bool))

    def _failing(self, words: str, rule: Any, values: pd.Series) -> np.ndarray:
        """Mark the rows that break one of pandera's rules, bool of shape (rows,)."""
        failing = np.zeros(len(values), bool)
        try:
            holds = rule(values).check_output
            failing[holds.index[~holds.to_numpy(bool)]] = True
        except Exception as error:  # a rule may not fit the column in ways that only running it shows
            why = f"{words} can't be applied ({_one_line(error)}); correct the rule or the dtype"
            raise PratiqueError(f"{self.place}: {why}") from error
        return failing


@lru_cache(maxsize=8)
def _declared(place: str, text: str) -> tuple[bool, tuple[_Column, ...]]:
    """Read the file's text: whether the schema is strict, and its columns."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        value = YAML(typ="safe", pure=True).load(text)
    except YAMLError as error:
        raise PratiqueError(f"{place}: {_one_line(error)}") from error
    columns = value.get("columns") if isinstance(value, dict) else None
    if not isinstance(columns, dict) or not columns:
        raise PratiqueError(f"{place}: expected pandera's schema with `columns`; write it with `pratique init`")
    _refuse_unknown(place, value, TABLE_KEYS)
    strict = _flag(place, value, "strict", False)
    return strict, tuple(_column(place, name, spec) for name, spec in columns.items())


def _column(place: str, name: Any, spec: Any) -> _Column:
    """Read one entry under `columns`, and refuse every key that pandera would pass over in silence."""
    from pandera.io.pandas_io import deserialize_schema
    from pandera.pandas import Check as Rule

    place = f"{place}: column {_shown(name)}"
    if not isinstance(name, str) or not isinstance(spec, dict):
        raise PratiqueError(f"{place}: expected a name in quotes and, below it, dtype and rules")
    _refuse_unknown(place, spec, COLUMN_KEYS | RULE_KEYS)
    if spec.get("checks") and RULE_KEYS & set(spec):
        raise PratiqueError(f"{place}: rules both under `checks` and beside it; write them in one place")
    kind = _kind(place, spec.get("dtype"))
    try:
        schema = deserialize_schema({"columns": {name: spec}})  # type: ignore[no-untyped-call]
    except Exception as error:  # pandera raises whatever a wrong argument happens to hit
        raise PratiqueError(f"{place}: pandera refuses a rule ({_one_line(error)}); correct it") from error
    rules = list(schema.columns[name].checks)
    for rule in rules:
        _assert_usable(place, kind, rule)
    if kind == "integer" and (limits := np.iinfo(spec["dtype"].lower())).bits < 64:
        rules.append(Rule.in_range(int(limits.min), int(limits.max), error=f"must fit {spec['dtype']}"))
    return _Column(
        place,
        name,
        kind,
        nullable=_flag(place, spec, "nullable", False),
        unique=_flag(place, spec, "unique", False),
        required=_flag(place, spec, "required", True),
        rules=tuple((_shorten(printable(rule.error or rule.name)), rule) for rule in rules),
    )


def _kind(place: str, dtype: Any) -> Kind:
    for kind, pattern in KINDS.items():
        if isinstance(dtype, str) and re.fullmatch(pattern, dtype.lower()):
            return kind
    raise PratiqueError(f"{place}: dtype: got {_shown(dtype)}; known are int64, float64 and str")


def _flag(place: str, value: dict[str, Any], key: str, default: bool) -> bool:
    flag = value.get(key)
    if flag is not None and not isinstance(flag, bool):
        raise PratiqueError(f"{place}: {key}: expected true or false, got {_shown(flag)}")
    return default if flag is None else flag


def _assert_usable(place: str, kind: Kind, rule: Any) -> None:
    """Refuse a rule that is none of `RULES`, that only warns, or that compares text with numbers."""
    if rule.name not in RULES:
        raise PratiqueError(f"{place}: {_shown(rule.name)}: no rule for a column; known: {_listed(RULES)}")
    if rule.raise_warning:
        raise PratiqueError(f"{place}: {rule.name}: raise_warning lets bad rows pass; remove it, or the rule")
    for key in COMPARED:
        value = (rule.statistics or {}).get(key, [])
        for item in value if isinstance(value, list | tuple | set | frozenset) else [value]:
            if isinstance(item, str) != (kind == "text"):
                hint = "write it in quotes" if kind == "text" else "write a number, or give the column dtype str"
                raise PratiqueError(f"{place}: {rule.name}: got {_shown(item)}; {hint}")


def _refuse_unknown(place: str, value: dict[Any, Any], known: frozenset[str]) -> None:
    for key, item in value.items():
        if key not in known and item not in OFF:
            raise PratiqueError(f"{place}: key {_shown(key)} is not supported; known: {_listed(known)}")


def _listed(names: frozenset[str]) -> str:
    return ", ".join(sorted(names))


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]


def _shown(cell: Any) -> str:
    """Write a cell for people: escaped and shortened, with the code points of what is not ASCII.

    Examples
    --------
    >>> _shown("café")
    "'café' (U+00E9)"
    """
    if cell is None:
        return "nothing"
    if not isinstance(cell, str):
        return _shorten(printable(repr(cell)))
    foreign = list(dict.fromkeys(c for c in cell[:MAX_SHOWN] if not c.isascii()))
    points = " ".join(f"U+{ord(c):04X}" for c in foreign[:3]) + (" ..." if len(foreign) > 3 else "")
    return f"'{_shorten(printable(cell[: MAX_SHOWN + 1]))}'" + (f" ({points})" if foreign else "")


def _shorten(text: str) -> str:
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}..."


def infer(trusted: Batch) -> str:
    """Write the schema of trusted rows as pandera's YAML, with a header that says what may be edited.

    Every column of the table is declared, and no other is let in. Numbers are bounded by [min - range,
    max + range], and by 0 where none is negative. Text lists its values where the Good-Turing estimate of
    an unseen one, (values seen once) / rows, is 0 and there are at most 64. Labels always list theirs.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.scalarstring import DoubleQuotedScalarString

    quoted = DoubleQuotedScalarString  # so that no YAML, 1.1 or 1.2, takes `no`, `1e5` or `007` for anything else
    columns = {}
    for name in trusted.table.column_names:
        spec = _inferred(trusted, name)
        if "isin" in spec:
            spec["isin"] = [quoted(level) for level in spec["isin"]]
        columns[quoted(name)] = spec
    yaml = YAML()
    yaml.width = 2**20
    yaml.indent(mapping=2, sequence=4, offset=2)
    out = io.StringIO()
    yaml.dump({"schema_type": "dataframe", "strict": True, "columns": columns}, out)
    return HEADER + out.getvalue()


def _inferred(trusted: Batch, name: str) -> dict[str, Any]:
    """Say in pandera's keys what one column of the trusted rows holds."""
    layout = trusted.layout
    if name not in (*layout.kinds, layout.label):
        return {"dtype": "str", "nullable": True}
    column = trusted.columns[name]
    present = column.values.dropna()
    kind = layout.kinds.get(name, "text")
    spec: dict[str, Any] = {"dtype": {"integer": "int64", "real": "float64", "text": "str"}[kind]}
    if name != layout.label and (column.values.isna().to_numpy(bool) & ~column.unreadable).any():
        spec["nullable"] = True
    if kind == "text":
        counts = present.value_counts()
        if name == layout.label or (0 < len(counts) <= MAX_LEVELS and counts.min() > 1):
            spec["isin"] = sorted(counts.index)
    elif present.nunique() > 1:
        low, high = _bounds(present.min().item(), present.max().item())
        if math.isfinite(high):
            spec["in_range"] = {"min_value": low, "max_value": high}
    return spec


def _bounds(low: float, high: float) -> tuple[float, float]:
    """Add a range on either side, rounded outwards by a thousandth at most; never below 0 if `low` is not.

    Examples
    --------
    >>> _bounds(20, 60)
    (0, 100)
    >>> _bounds(-0.5, 0.25)
    (-1.25, 1.0)
    """
    span = high - low
    below, above = low - span, high + span
    if isinstance(span, float) and math.isfinite(3 * span):
        digits = 3 - math.floor(math.log10(span))
        scale = 10.0**digits
        below = round(math.floor(below * scale) / scale, digits)
        above = round(math.ceil(above * scale) / scale, digits)
    return (max(type(below)(0), below) if low >= 0 else below), above
