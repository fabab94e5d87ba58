"""What the columns of trusted rows are: kind, levels, missing markers and format, learned over all of them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pratique.core.columns import PLAIN, UNITS, ColumnSpec, Kind, NumberFormat
from pratique.core.errors import PratiqueError
from pratique.core.layout import as_text
from pratique.core.numbers import MISSING_MARKERS, OTHER_FORMATS, WHOLE_NUMBER, read_number
from pratique.core.params import DataParams
from pratique.tables.hints import is_code_name, is_key_name, is_time_name, looks_like_time

MOST_LEVELS = 64
"""Levels of a column that are listed."""
MOSTLY_SEEN_ONCE = 0.5
"""Share of rows whose text stands in no other row, from which on it names rows or is prose, and is no feature."""
MOSTLY_TIMES = 0.95
FEWEST_NUMBERS = 10
"""Different numbers beside which a word can stand for a missing one; among fewer it is a level."""
MOST_MARKERS, MOST_MARKED = 3, 0.2
"""Words that can stand for missing numbers, and the share of rows that may have them, where they are no usual ones."""
SPIKE = 0.01
"""Share of rows from which on a number like 999, far from all others, stands for a missing one."""
LONG_TAIL = 3.0
"""How many times as far from the median the far end of the others may be as the near one, for a spike beyond it to be
no end of a long tail: there a cap, such as 99999 for every larger gain, is as likely as a missing marker."""
SENTINEL = re.compile(r"-?9{2,}(\.9+|\.0+)?|-1(\.0+)?")
INFINITE = re.compile(r"[+-]?inf(inity)?", re.IGNORECASE)
LEVEL_MARKERS = ("?", "N/A", "n/a", "#N/A", "NaN", "nan", "NULL", "null", "NA")
"""What stands for a missing level; a column of two-letter codes may mean Namibia by NA."""
MOST_CLASSES_OF_NUMBERS = 20
PREFERRED_FORMATS = (
    PLAIN,
    NumberFormat(thousands=","),
    NumberFormat(decimal=","),
    NumberFormat(decimal=",", thousands="."),
    NumberFormat(thousands=" "),
    NumberFormat(decimal=",", thousands=" "),
    NumberFormat(thousands="'"),
)
"""Formats in the order in which they are preferred where several fit."""


@dataclass(frozen=True)
class Doubt:
    """A column about which people may know better.

    Attributes
    ----------
    column : str
    saw : str
        What it holds; no cell of a personal column.
    decided : str
        What it is taken for.
    """

    column: str
    saw: str
    decided: str


@dataclass(frozen=True)
class Inferred:
    """A column as it was understood, and why that may be wrong."""

    spec: ColumnSpec
    doubt: Doubt | None = None


def infer_columns(table: pa.Table, data: DataParams) -> dict[str, Inferred]:
    """Every column of trusted rows by name, without those that params.yaml ignores."""
    return {name: _infer(name, table[name], data) for name in table.column_names if name not in data.ignore}


def _infer(name: str, column: pa.ChunkedArray, data: DataParams) -> Inferred:
    personal = name in data.personal
    if name == data.label:
        return Inferred(ColumnSpec(kind="target", levels=() if personal else _levels(column)))
    if name == data.id:
        return Inferred(ColumnSpec(kind="identifier"))
    if name == data.time:
        return Inferred(ColumnSpec(kind="time"))
    found = infer_column(name, column)
    return Inferred(found.spec.model_copy(update={"levels": ()}), found.doubt) if personal else found


def infer_column(name: str, column: pa.ChunkedArray) -> Inferred:
    """What a feature, or a column that should be none, is."""
    if pa.types.is_integer(column.type) or pa.types.is_floating(column.type):
        kind: Kind = "integer" if pa.types.is_integer(column.type) else "real"
        return _numbers(name, column.drop_null().to_numpy(), kind, PLAIN, ())
    counts = _count(as_text(column))
    return _by_cells(name, counts, len(column)) if counts else Inferred(ColumnSpec(kind="category"))


def _by_cells(name: str, counts: dict[str, int], rows: int) -> Inferred:
    """What a column of text is, given how often it has each cell."""
    markers = tuple(cell for cell in counts if cell.strip() in MISSING_MARKERS)
    present = {cell: count for cell, count in counts.items() if cell not in markers}
    if present and all(cell.strip().lower() in ("true", "false") for cell in present):
        spelled = sorted(present, key=lambda cell: (cell.strip().lower(), -present[cell], cell))
        return Inferred(ColumnSpec(kind="boolean", levels=tuple(spelled), missing=markers))
    times = sum(count for cell, count in present.items() if looks_like_time(cell))
    if present and times >= MOSTLY_TIMES * sum(present.values()):
        return Inferred(
            ColumnSpec(kind="time"), Doubt(name, _describe_share(times, rows, "dates or times"), "time, no feature")
        )
    return _text_as_numbers(name, present, markers, rows) or _text(name, counts, rows)


def _text_as_numbers(name: str, present: dict[str, int], markers: tuple[str, ...], rows: int) -> Inferred | None:
    """The column as numbers in one format, with what stands for a missing one; None where that does not fit."""
    form = _best_format(list(present))
    said = {cell: read_number(cell, form).plain for cell in present}
    plain = {cell: text for cell, text in said.items() if text is not None}
    if not plain:
        return None
    others = {cell: present[cell] for cell in present if cell not in plain and not INFINITE.fullmatch(cell.strip())}
    usual = not others
    few = len(others) <= MOST_MARKERS and sum(others.values()) <= MOST_MARKED * rows
    wordy = not any(character.isdigit() for cell in others for character in cell)
    if not usual and not (few and wordy and len(plain) >= FEWEST_NUMBERS):
        return None
    whole = all(re.match(WHOLE_NUMBER, text) for text in plain.values())
    numbers = np.repeat([float(text) for text in plain.values()], [present[cell] for cell in plain])
    stripped = tuple(sorted({cell.strip() for cell in (*markers, *others)}))
    found = _numbers(name, numbers, "integer" if whole else "real", form, stripped)
    if found.doubt is None and (stripped or form != PLAIN):
        return Inferred(found.spec, _doubt_numbers(name, len(numbers), rows, found.spec))
    return found


def _numbers(name: str, numbers: np.ndarray, kind: Kind, form: NumberFormat, markers: tuple[str, ...]) -> Inferred:
    """What a column of numbers is: amounts, or what only looks like amounts."""
    different = np.unique(numbers)
    spec = ColumnSpec(kind=kind, format=form, missing=markers)
    if kind == "integer" and len(different) == len(numbers) >= 20:
        consecutive = different[-1] - different[0] == len(numbers) - 1
        if consecutive or is_key_name(name):
            why = "whole numbers that count on" if consecutive else "different values"
            saw = f"{len(different):,} {why} in {len(numbers):,} rows"
            return Inferred(ColumnSpec(kind="identifier"), Doubt(name, saw, "identifier, no feature"))
    if kind == "integer" and len(numbers) and is_time_name(name, float(different[0]), float(different[-1])):
        saw = f"whole numbers from {different[0]:.0f} to {different[-1]:.0f}, seconds or milliseconds since 1970"
        return Inferred(ColumnSpec(kind="time"), Doubt(name, saw, "time, no feature"))
    if kind == "integer" and is_code_name(name):
        spec = ColumnSpec(kind="code", missing=markers)
        return Inferred(spec, Doubt(name, "digits under a name of codes", "code, no amount"))
    sentinel = _sentinel(numbers, different)
    if sentinel is None:
        return Inferred(spec)
    if _ends_long_tail(numbers, float(sentinel)):
        saw = f"{int((numbers == float(sentinel)).sum()):,} of {len(numbers):,} are '{sentinel}', far beyond all others"
        decided = f"{kind}; it may be a cap, or a missing marker: list '{sentinel}' under `missing` if it is one"
        return Inferred(spec, Doubt(name, saw, decided))
    spec = spec.model_copy(update={"missing": (*markers, sentinel)})
    return Inferred(spec, _doubt_numbers(name, len(numbers), len(numbers), spec))


def _sentinel(numbers: np.ndarray, different: np.ndarray) -> str | None:
    """A number such as 999 that stands in many rows, further from all others than these are from one another."""
    if len(different) < FEWEST_NUMBERS:
        return None
    for value, others in ((different[-1], different[:-1]), (different[0], different[1:])):
        text = f"{value:.15g}"
        far = min(abs(value - others[0]), abs(value - others[-1])) > others[-1] - others[0]
        if SENTINEL.fullmatch(text) and far and (numbers == value).mean() >= SPIKE:
            return text
    return None


def _ends_long_tail(numbers: np.ndarray, spike: float) -> bool:
    """Whether the numbers run out towards a spike, so that it may be where larger ones are cut off."""
    others = numbers[numbers != spike]
    middle = float(np.median(others))
    near, far = abs(float(others.min()) - middle), abs(float(others.max()) - middle)
    towards, away = (far, near) if spike > middle else (near, far)
    return towards > LONG_TAIL * away


def _text(name: str, counts: dict[str, int], rows: int) -> Inferred:
    """Levels, codes, names of rows, or prose."""
    digits = all(re.fullmatch(r"[0-9]+", cell.strip()) for cell in counts)
    once = sum(count == 1 for count in counts.values())
    if rows >= 20 and once >= MOSTLY_SEEN_ONCE * rows:
        spaced = sum(" " in cell.strip() for cell in counts) > len(counts) / 2
        kind: Kind = "text" if spaced else "identifier"
        saw = f"{len(counts):,} different values in {rows:,} rows"
        return Inferred(ColumnSpec(kind=kind), Doubt(name, saw, f"{kind}, no feature"))
    pairs = [cell for cell in counts if cell != "NA"]
    codes = all(re.fullmatch("[A-Z]{2}", cell) for cell in pairs)
    missing = tuple(cell for cell in counts if cell in LEVEL_MARKERS and not (cell == "NA" and codes))
    levels = tuple(sorted(cell for cell in counts if cell not in missing)) if len(counts) <= MOST_LEVELS else ()
    spec = ColumnSpec(kind="code" if digits else "category", levels=levels, missing=missing)
    return Inferred(spec, _doubt_text(name, counts, rows, spec))


def _doubt_text(name: str, counts: dict[str, int], rows: int, spec: ColumnSpec) -> Doubt | None:
    numbers = sum(count for cell, count in counts.items() if read_number(cell).plain is not None)
    if spec.kind == "category" and 2 * numbers > rows:
        saw = f"{numbers:,} of {rows:,} are numbers, the others are of many kinds or hold digits"
        return Doubt(name, saw, "category")
    if spec.kind == "code":
        return Doubt(name, "digits with zeros before them", "code, no amount")
    if spec.missing:
        return Doubt(
            name, f"levels, and {_quote_cells(spec.missing)}", f"category, {_quote_cells(spec.missing)} is missing"
        )
    return None


def _doubt_numbers(name: str, numbers: int, rows: int, spec: ColumnSpec) -> Doubt:
    written = "" if spec.format == PLAIN else f", written as {spec.format}"
    words = f", {rows - numbers:,} are empty or {_quote_cells(spec.missing)}" if spec.missing and rows > numbers else ""
    missing = f", {_quote_cells(spec.missing)} is missing" if spec.missing else ""
    decided = f"{spec.kind}{written}{missing}"
    return Doubt(name, f"{numbers:,} of {rows:,} are numbers{written}{words}", decided)


def _best_format(cells: list[str]) -> NumberFormat:
    """The format in which most of some different cells are written; of equal ones the first of `PREFERRED_FORMATS`."""
    some = cells[:: max(1, len(cells) // 2000)]
    units = [next((u for u in UNITS if u in cell), "") for cell in some]
    unit = max(("", *UNITS), key=units.count)
    forms = [form.model_copy(update={"unit": unit}) for form in PREFERRED_FORMATS]
    return max(forms, key=lambda form: sum(_is_own(cell, form) for cell in some))


def _is_own(cell: str, form: NumberFormat) -> bool:
    said = read_number(cell, form)
    return said.plain is not None and not any(words in said.words for words in OTHER_FORMATS)


def _levels(column: pa.ChunkedArray) -> tuple[str, ...]:
    counts = _count(as_text(column))
    return tuple(sorted(counts)) if len(counts) <= MOST_LEVELS else ()


def _count(text: pa.ChunkedArray) -> dict[str, int]:
    """How often each cell stands in a column, in the order in which they come."""
    counted = pc.value_counts(text.drop_null())
    return dict(zip(counted.field("values").to_pylist(), counted.field("counts").to_pylist(), strict=True))


def _describe_share(some: int, rows: int, what: str) -> str:
    return what if some == rows else f"{some:,} of {rows:,} are {what}"


def _quote_cells(cells: tuple[str, ...]) -> str:
    return " or ".join(f"'{cell}'" for cell in cells)


def refuse_amounts(table: pa.Table, label: str) -> None:
    """Refuse a label that is an amount or a name: what is learned here is classes.

    Raises
    ------
    PratiqueError
        If it has so many different values.
    """
    counts = _count(as_text(table[label]))
    rows = sum(counts.values())
    numbers = [read_number(cell).plain for cell in counts]
    fractions = [text for text in numbers if text is not None and not re.match(WHOLE_NUMBER, text)]
    amounts = len(counts) > MOST_CLASSES_OF_NUMBERS and (
        len(fractions) > MOST_CLASSES_OF_NUMBERS or (None not in numbers and len(counts) > rows / 10)
    )
    if amounts or (rows >= 20 and len(counts) > rows / 2):
        what = "numbers" if amounts else "values"
        raise PratiqueError(
            f"{label}: {len(counts):,} different {what} in {rows:,} rows are no class label; regression is not "
            "supported: bin them into classes, or leave this column and name another one"
        )


def specs_of(inferred: Mapping[str, Inferred]) -> dict[str, ColumnSpec]:
    """The columns alone, without the doubts."""
    return {name: found.spec for name, found in inferred.items()}
