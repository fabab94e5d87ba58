"""Declared rules inferred from trusted rows: a first schema and a first suite, for people to edit."""

import io
import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from pratique.core.batch import Batch
from pratique.core.columns import ColumnSpec, Kind

LIGHT = 0.25
MOST_LISTED_LEVELS = 64
NOTES = "What a batch as a whole must meet. Yours to edit; what a single cell may hold stands in schema.yaml."
HEADER = """\
# What a batch may hold: pandera's schema, inferred from the reference by `pratique init`. Yours to edit.
#   dtype      int64, float64 or str; a cell that is not of this kind is reported, never converted
#   nullable   true where a cell may be empty; unique: true where no two rows may share a cell
#   in_range, isin, str_matches, ...   any of pandera's rules for one column; text always in quotes
#   required   false where a batch may lack the column; strict: false lets undeclared columns in
# Bounds leave room for one more range; a heavy tail has none, and nothing is let below 0 where nothing was. Text and
# short codes list their values only where a new one would be a surprise. Cells are read as columns.yaml says.
"""
COLUMNS_HEADER = """\
# What each column is, learned from the reference by `pratique init`. Yours to edit; every column stands here but those
# of data.ignore. data.label, data.id, data.time and data.personal stand in params.yaml.
#   kind      integer, real: amounts. boolean, category, code (digits that are no amounts): levels. These are features.
#             time, text (prose), identifier: never features. target: data.label
#   levels    the spellings of its values: true is True and 1 is 1.0 where one of them stands here
#   missing   what stands where there is no value, beside an empty cell
#   format    of its numbers: decimal ("." or ","), thousands ("", ",", ".", " " or "'"), unit ("$", "€", "£", "¥", "%")
"""
MOST_CODES, RAREST_CODE, FEWEST_CODED_ROWS = 10, 0.02, 200
"""Different whole numbers that are listed as a code, the share of rows that each must have, and the rows it takes: then
a count that falls off has rarer values among those seen, and is none."""


NUMBER_DTYPES: dict[Kind, str] = {"integer": "int64", "real": "float64"}
"""How pandera calls kinds of numbers; every other kind is text."""


def write_columns(specs: Mapping[str, ColumnSpec]) -> str:
    """Write what columns are as YAML, one line a column, with a header that says what may be edited."""
    from ruamel.yaml import YAML
    from ruamel.yaml.comments import CommentedMap
    from ruamel.yaml.scalarstring import DoubleQuotedScalarString

    def quote(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: quote(each) for key, each in value.items()}
        return [DoubleQuotedScalarString(each) for each in value] if isinstance(value, list) else value

    columns = CommentedMap()
    for name, spec in specs.items():
        said = spec.model_dump(mode="json", exclude_defaults=True)
        line = CommentedMap({"kind": said.pop("kind")} | quote(said))
        line.fa.set_flow_style()
        columns[DoubleQuotedScalarString(name)] = line
    yaml = YAML()
    yaml.width = 2**20
    out = io.StringIO()
    yaml.dump({"columns": columns}, out)
    return COLUMNS_HEADER + out.getvalue()


def infer_schema(trusted: Batch) -> str:
    """Write the schema of trusted rows as pandera's YAML, with a header that says what may be edited.

    Every column of the table is declared, and no other is let in. Numbers are bounded by [min - range,
    max + range] on the sides where their tail is light. Text lists its values where the Good-Turing estimate of
    an unseen one, (values seen once) / rows, is 0 and there are at most 64. Labels always list theirs.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.scalarstring import DoubleQuotedScalarString

    quoted = DoubleQuotedScalarString  # then neither YAML 1.1 nor 1.2 takes "no" or "007" for anything else
    columns = {}
    for name in trusted.table.column_names:
        spec = _infer_column(trusted, name)
        if "isin" in spec:
            spec["isin"] = [quoted(level) if isinstance(level, str) else level for level in spec["isin"]]
        columns[quoted(name)] = spec
    yaml = YAML()
    yaml.width = 2**20
    yaml.indent(mapping=2, sequence=4, offset=2)
    out = io.StringIO()
    yaml.dump({"schema_type": "dataframe", "strict": True, "columns": columns}, out)
    return HEADER + out.getvalue()


def _infer_column(trusted: Batch, name: str) -> dict[str, Any]:
    """Say in pandera's keys what one column of the trusted rows holds."""
    layout = trusted.layout
    if name not in trusted.columns:
        return {"dtype": "str", "nullable": True}
    column = trusted.columns[name]
    present = column.values.dropna()
    kind = layout.kinds.get(name, "target")
    spec: dict[str, Any] = {"dtype": NUMBER_DTYPES.get(kind, "str")}
    if name != layout.label and (column.values.isna().to_numpy(bool) & ~column.unreadable).any():
        spec["nullable"] = True
    counts = present.value_counts()
    if name in layout.personal:
        return spec
    if kind not in NUMBER_DTYPES:
        if name == layout.label or (0 < len(counts) <= MOST_LISTED_LEVELS and counts.min() > 1):
            spec["isin"] = sorted(counts.index)
    elif kind == "integer" and _is_short_code(counts.to_numpy()):
        spec["isin"] = sorted(map(int, counts.index))
    elif len(counts) > 1:
        spec |= _bounds(present.to_numpy())
    return spec


def _is_short_code(counts: np.ndarray) -> bool:
    """Whether whole numbers that stand in so many rows each are a code, of which no other value is to be expected."""
    rows = counts.sum()
    return bool(1 < len(counts) <= MOST_CODES and rows >= FEWEST_CODED_ROWS and counts.min() >= RAREST_CODE * rows)


def _bounds(values: np.ndarray) -> dict[str, Any]:
    """Bound a column where an honest new row is most improbable to lie beyond: not on the side of a heavy tail.

    A side is light if its extreme hundredth covers at most a quarter of the range; its bound leaves room for one
    more range. A column that has nothing below 0 is not let below it: most such columns are amounts.

    Examples
    --------
    >>> _bounds(np.array([20, 30, 40, 50, 60]))
    {'in_range': {'min_value': 0, 'max_value': 100}}
    >>> _bounds(np.array([0.0] * 199 + [90.0]))
    {'greater_than_or_equal_to': 0.0}
    >>> _bounds(np.array([500, *range(5_000, 170_000, 500)]))["in_range"]["min_value"]
    0
    """
    low, high = values.min().item(), values.max().item()
    span = high - low
    if not math.isfinite(3 * float(span)):
        return {}
    early, late = np.quantile(values, [0.01, 0.99])
    below = _outwards(low - span, span, math.floor) if early - low <= LIGHT * span else None
    above = _outwards(high + span, span, math.ceil) if high - late <= LIGHT * span else None
    if low >= 0:
        below = max(type(low)(0), below or type(low)(0))
    if below is not None and above is not None:
        return {"in_range": {"min_value": below, "max_value": above}}
    bounds = {"greater_than_or_equal_to": below, "less_than_or_equal_to": above}
    return {rule: bound for rule, bound in bounds.items() if bound is not None}


def _outwards(bound: float, span: float, towards: Callable[[float], int]) -> float:
    """Round a bound away from the data, by a thousandth of the range at most, so that people can read it."""
    if isinstance(bound, int):
        return bound
    digits = 3 - math.floor(math.log10(span))
    return round(towards(bound * 10.0**digits) / 10.0**digits, digits)


def _is_unique(trusted: Batch, name: str) -> bool:
    return bool(trusted.layout.read(name, trusted.table[name]).values.dropna().is_unique)


def infer_suite(trusted: Batch, id_column: str | None = None) -> dict[str, Any]:
    """Write a compact suite of trusted rows: what concerns the batch as a whole, the label and the id.

    The bounds and values of each feature stand in the schema, where a rule is cheaper.

    Parameters
    ----------
    trusted : Batch
    id_column : str, optional
        The column that names a row; expected to be unique if it is so here.
    """
    label = trusted.layout.label
    levels = sorted(set(trusted.columns[label].values.dropna()))
    expectations: list[tuple[str, dict[str, Any]]] = [
        ("expect_table_row_count_to_be_between", {"min_value": 1}),
        ("expect_column_values_to_not_be_null", {"column": label}),
        ("expect_column_values_to_be_in_set", {"column": label, "value_set": levels}),
    ]
    if id_column is not None and _is_unique(trusted, id_column):
        expectations.append(("expect_column_values_to_be_unique", {"column": id_column}))
    return {
        "name": "batch",
        "expectations": [{"type": kind, "kwargs": kwargs, "meta": {}} for kind, kwargs in expectations],
        "meta": {},
        "notes": NOTES,
    }
