"""Numbers in text: read in the format of their column, or in another one where they can mean one number only."""

import re
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pratique.core.columns import PLAIN, UNITS, NumberFormat

WHOLE_NUMBER = r"^-?(0|[1-9][0-9]{0,17})$"
"""A whole number as programs write it. `007` is a code, not a number."""
DECIMAL_NUMBER = r"^[+-]?((0|[1-9][0-9]*)(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?$"
"""A number as programs write it, with a decimal point."""
SPREADSHEET_NUMBER = r"^[+-]?[0-9](\.[0-9]+)?E[+-][0-9]{2,3}$"
"""What a spreadsheet writes where a number does not fit its cell."""
EITHER_NUMBER = r"^[+-]?[1-9][0-9]{0,2}[,.][0-9]{3}$"
"""`1,234` is 1234 to some and 1.234 to others."""
SPREADSHEET_WORDS = "a spreadsheet's 1.0E+05, in which digits may be lost"
SPACES = "[ \u00a0\u202f]"

MISSING_MARKERS = (
    "NA",
    "N/A",
    "n/a",
    "#N/A",
    "NaN",
    "nan",
    "NULL",
    "Null",
    "null",
    "None",
    "none",
    "?",
    "-",
    "--",
    ".",
)
"""What stands for no number wherever numbers stand."""
MISSING_WORDS = "a word for a missing value"


@dataclass(frozen=True)
class NumberText:
    """What one cell says.

    Attributes
    ----------
    plain : str, optional
        The number as programs write it; None where the cell is none.
    words : str
        How it was written, where that is not how its column is written.
    ambiguous : bool
        Whether it could mean two numbers.
    """

    plain: str | None
    words: str = ""
    ambiguous: bool = False


NO_NUMBER = NumberText(None)
OTHER_FORMATS = {
    "a decimal comma": NumberFormat(decimal=","),
    "commas between thousands": NumberFormat(thousands=","),
    "points between thousands": NumberFormat(decimal=",", thousands="."),
    "spaces between thousands": NumberFormat(thousands=" "),
    "spaces between thousands, a decimal comma": NumberFormat(decimal=",", thousands=" "),
    "apostrophes between thousands": NumberFormat(thousands="'"),
    "a decimal point": PLAIN,
}


def own_pattern(form: NumberFormat) -> str:
    """What a number looks like in a format, without its unit.

    Examples
    --------
    >>> bool(re.match(own_pattern(NumberFormat(decimal=",", thousands=".")), "1.234,5"))
    True
    """
    mark, whole = re.escape(form.decimal), "(0|[1-9][0-9]*)"
    if form.thousands:
        between = SPACES if form.thousands == " " else re.escape(form.thousands)
        whole = f"({whole}|[1-9][0-9]{{0,2}}({between}[0-9]{{3}})+)"
    return rf"^[+-]?({whole}({mark}[0-9]*)?|{mark}[0-9]+)([eE][+-]?[0-9]+)?$"


def read_number(cell: str, form: NumberFormat = PLAIN) -> NumberText:
    """Read a cell as a number of a column that is written in a format.

    Examples
    --------
    >>> read_number("53,6")
    NumberText(plain='53.6', words='a decimal comma', ambiguous=False)
    >>> read_number("1,234")
    NumberText(plain=None, words='', ambiguous=True)
    >>> read_number("$1,234.00").plain, read_number("1.234,5", NumberFormat(decimal=",", thousands=".")).plain
    ('1234.00', '1234.5')
    """
    bare, unit = _split_unit(cell)
    if unit not in ("", form.unit) and (form.unit or unit == "%"):
        return NumberText(None, ambiguous=unit == "%" and bool(re.match(own_pattern(form), bare)))
    words = [] if unit == form.unit else [f"the sign {unit}" if unit else f"no sign {form.unit}"]
    if re.match(own_pattern(form), bare):
        if form.unit == "%" and not unit:
            return NumberText(None, ambiguous=True)
        if re.match(SPREADSHEET_NUMBER, bare):
            words.append(SPREADSHEET_WORDS)
        return NumberText(_strip(bare, form), " and ".join(words))
    if re.match(EITHER_NUMBER, bare):
        return NumberText(None, ambiguous=True)
    for name, other in OTHER_FORMATS.items():
        if re.match(own_pattern(other), bare):
            return NumberText(_strip(bare, other), " and ".join([name, *words]))
    return NO_NUMBER


def _split_unit(cell: str) -> tuple[str, str]:
    """A cell without the currency or per cent sign at one of its ends, and the sign."""
    text = cell.strip()
    for unit in UNITS:
        if text.endswith(unit):
            return text[: -len(unit)].rstrip(" \u00a0\u202f"), unit
        if unit != "%" and text.lstrip("+-").startswith(unit):
            return text.replace(unit, "", 1).replace(" ", "", 1), unit
    return text, ""


def _strip(bare: str, form: NumberFormat) -> str:
    """A number without grouping marks, with a decimal point."""
    if form.thousands:
        bare = re.sub(SPACES if form.thousands == " " else re.escape(form.thousands), "", bare)
    return bare.replace(",", ".") if form.decimal == "," else bare


@dataclass(frozen=True)
class PlainNumbers:
    """Cells as programs write numbers.

    Attributes
    ----------
    text : pyarrow.ChunkedArray of str, shape (rows,)
        Missing where a cell is missing or no number.
    absent : ndarray of bool, shape (rows,)
        Cells that say that they have no value, and those that are empty.
    ambiguous : ndarray of bool, shape (rows,)
        Cells that could mean two numbers.
    readings : mapping of str to ndarray of bool
        What was read otherwise than the column is written: in words, and in which cells.
    """

    text: pa.ChunkedArray
    absent: np.ndarray
    ambiguous: np.ndarray
    readings: dict[str, np.ndarray]


def to_plain(column: pa.ChunkedArray, form: NumberFormat, markers: tuple[str, ...]) -> PlainNumbers:
    """Read cells of text as numbers of a column; each different cell that is not plain is looked at once.

    Parameters
    ----------
    column : pyarrow.ChunkedArray of str, shape (rows,)
    form : NumberFormat
        How the column is written.
    markers : tuple of str
        What its trusted cells have where there is no value.
    """
    cells = pc.ascii_trim_whitespace(column)
    absent = cells.is_null().to_numpy()
    nowhere = np.zeros(len(cells), bool)
    declared = _mark(pc.is_in(cells, value_set=pa.array(markers, pa.string()))) if markers else nowhere
    plain = nowhere if form != PLAIN else _mark(pc.match_substring_regex(cells, DECIMAL_NUMBER)) & ~declared
    spreadsheet = _mark(pc.match_substring_regex(cells, SPREADSHEET_NUMBER)) & plain
    readings = {SPREADSHEET_WORDS: spreadsheet} if spreadsheet.any() else {}
    odd = np.flatnonzero(~plain & ~declared & ~absent)
    text = cells if not declared.any() else pc.if_else(pa.array(declared), pa.scalar(None, pa.string()), cells)
    if not len(odd):
        return PlainNumbers(text, absent | declared, nowhere, readings)
    different = pc.take(cells, pa.array(odd)).combine_chunks().dictionary_encode()
    said = [
        NumberText(None, MISSING_WORDS) if cell in MISSING_MARKERS else read_number(cell, form)
        for cell in different.dictionary.to_pylist()
    ]
    which = different.indices.to_numpy()
    for words in dict.fromkeys(each.words for each in said if each.words):
        mask = readings.setdefault(words, np.zeros(len(cells), bool))
        mask[odd] |= np.array([each.words == words for each in said])[which]
    ambiguous = nowhere.copy()
    ambiguous[odd] = np.array([each.ambiguous for each in said])[which]
    replaced = np.asarray(text.to_numpy(zero_copy_only=False), dtype=object).copy()
    replaced[odd] = np.array([each.plain for each in said], dtype=object)[which]
    absent = absent | declared | readings.get(MISSING_WORDS, nowhere)
    return PlainNumbers(pa.chunked_array([pa.array(replaced, pa.string())]), absent, ambiguous, readings)


def _mark(found: pa.ChunkedArray) -> np.ndarray:
    return np.asarray(pc.fill_null(found, False).to_numpy())
