"""Delimited text that somebody else wrote: commas, or semicolons or tabs where the header says so."""

import codecs
import contextlib
import csv
import io
import re
from collections.abc import Collection
from pathlib import Path

import pyarrow as pa
import pyarrow.csv

from pratique.core.errors import UnreadableBatch
from pratique.tables.limits import check_names, check_size

DECODED_BLOCK = 2**22
DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs"}


def read_delimited(path: Path, known: Collection[str]) -> tuple[pa.Table, str]:
    """Read a file of text, and say what stands between its cells.

    Parameters
    ----------
    path : Path
    known : collection of str
        Names that columns have, if they are known.

    Raises
    ------
    UnreadableBatch
        If the bytes are no such table; the message has numbers of rows and columns, never a cell.
    """
    data = path.read_bytes()
    _check_utf8(path.name, data)
    data = data.removeprefix(codecs.BOM_UTF8)
    delimiter, header = _read_header(path.name, data, known)
    _check_quotes(path.name, data, delimiter)
    cells = data.count(delimiter.encode()) + max(data.count(b"\n"), data.count(b"\r"))
    check_size(path.name, len(header), cells)
    check_names(path.name, header, known)
    return _parse(path.name, data, delimiter, header), delimiter


def _parse(place: str, data: bytes, delimiter: str, header: list[str]) -> pa.Table:
    """Every cell as text; what the parser says of a row is not passed on, because it holds the row."""
    places = [f"f{i}" for i in range(len(header))]
    uneven: list[pyarrow.csv.InvalidRow] = []

    def note(row: pyarrow.csv.InvalidRow) -> str:
        uneven.append(row)
        return "error"

    try:
        table = pyarrow.csv.read_csv(
            pa.BufferReader(data),
            read_options=pyarrow.csv.ReadOptions(
                column_names=places, use_threads=False, block_size=min(len(data) + 1, 2**30)
            ),
            parse_options=pyarrow.csv.ParseOptions(
                delimiter=delimiter,
                newlines_in_values=True,
                ignore_empty_lines=len(header) > 1,
                invalid_row_handler=note,
            ),
            convert_options=pyarrow.csv.ConvertOptions(
                column_types=dict.fromkeys(places, pa.string()), null_values=[""], strings_can_be_null=True
            ),
        )
    except pa.ArrowException as error:
        if not uneven:
            raise UnreadableBatch(f"{place}: not readable as text with {DELIMITERS[delimiter]}") from error
        row = uneven[0]
        which = "a row" if row.number is None else f"row {row.number - 2} (from 0)"
        raise UnreadableBatch(
            f"{place}: {which} has {row.actual_columns} cells, the header {row.expected_columns}"
        ) from None
    return table.slice(1).rename_columns(header).combine_chunks()


def _check_utf8(place: str, data: bytes) -> None:
    """Refuse bytes that are not UTF-8 text or hold a NUL."""
    nul = data.find(b"\0")
    if nul >= 0:
        raise UnreadableBatch(f"{place}: NUL byte at offset {nul}; expected UTF-8 text")
    decoder = codecs.getincrementaldecoder("utf-8")()
    for start in range(0, len(data), DECODED_BLOCK):
        begin = start - len(decoder.getstate()[0])
        try:
            decoder.decode(data[start : start + DECODED_BLOCK], final=start + DECODED_BLOCK >= len(data))
        except UnicodeDecodeError as error:
            offset = begin + error.start
            raise UnreadableBatch(f"{place}: not UTF-8 at offset {offset}; save it as UTF-8") from error


def _check_quotes(place: str, data: bytes, delimiter: str) -> None:
    """Refuse a quote where no two parsers agree on it."""
    misplaced = _find_misplaced_quote(data, delimiter.encode()) if b'"' in data else None
    if misplaced is not None:
        raise UnreadableBatch(f"{place}: misplaced quote in the cell at offset {misplaced}; quote whole cells only")


def _find_misplaced_quote(data: bytes, delimiter: bytes) -> int | None:
    """Where the first cell begins that opens with a quote and does not close with it; quotes inside others are text."""
    end_of_cell = re.compile(rb"[%s\r\n]|\Z" % delimiter)
    # The outer group must not be possessive: before Python 3.11.5 such a group matches wrongly (cpython issue 106052).
    quoted_cells = re.compile(rb'(?:"[^"]*+(?:""[^"]*+)*+"(?:[%s\r\n]|\Z)){1,500}' % delimiter)
    place = 0
    while (quote := data.find(b'"', place)) >= 0:
        opens = quote == 0 or data[quote - 1] in delimiter + b"\r\n"
        cell = (quoted_cells.match if opens else end_of_cell.search)(data, quote)
        if cell is None:
            return quote
        place = cell.end()
    return None


def _read_header(place: str, data: bytes, known: Collection[str]) -> tuple[str, list[str]]:
    """What stands between cells, and the names in the first line."""
    head = data[:DECODED_BLOCK].decode("utf-8", errors="ignore")
    read = {mark: _first_lines(head, mark) for mark in DELIMITERS}
    if not any(read.values()):
        _check_quotes(place, data, ",")
    if not read[","] or not read[","][0]:
        raise UnreadableBatch(f"{place}: the first line is empty; expected a header with the names of the columns")
    delimiter = max(read, key=lambda mark: _fit(read[mark], known))
    header = read[delimiter][0]
    if len(header) == 1 and "|" in header[0]:
        raise UnreadableBatch(f"{place}: one column; expected commas, semicolons or tabs between the columns")
    return delimiter, header


def _fit(lines: list[list[str]], known: Collection[str]) -> tuple[int, bool, int]:
    """How well a header fits: names that are known, the next line as long, several columns."""
    header, *following = lines or [[]]
    as_long = len(header) > 1 and all(len(line) == len(header) for line in following)
    return sum(name in known for name in header), as_long, min(2, len(header))


def _first_lines(head: str, delimiter: str) -> list[list[str]]:
    """The header and the line below it."""
    lines = csv.reader(io.StringIO(head, newline=""), delimiter=delimiter, strict=True)
    found: list[list[str]] = []
    with contextlib.suppress(csv.Error):  # `_check_quotes` says where
        for line in lines:
            found.append(line)
            if len(found) == 2:
                break
    return found
