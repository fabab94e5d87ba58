"""Excel workbooks (`pratique[excel]`) and JSON lines, as tables of numbers and text."""

import json
import zipfile
from collections.abc import Collection, Iterable
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import pyarrow as pa

from pratique.core.documents import parse_json
from pratique.core.errors import PratiqueError, UnreadableBatch
from pratique.tables.limits import check_names, check_size, check_unpacked, show_name


def read_workbook(path: Path, known: Collection[str]) -> tuple[pa.Table, list[str]]:
    """Read the first sheet of a workbook, the first row of which names the columns; what was left out, in words.

    Raises
    ------
    UnreadableBatch
        If openpyxl is not installed, or the bytes are no workbook or exceed a limit.
    """
    lines, sheets = _read_sheet(path)
    if not lines:
        raise UnreadableBatch(f"{path.name}: the first sheet is empty; expected a header and rows")
    names = ["" if cell is None else str(cell) for cell in lines[0]]
    check_size(path.name, len(names), len(names) * len(lines))
    check_names(path.name, names, known)
    columns = zip(*lines[1:], strict=True) if len(lines) > 1 else ([] for _ in names)
    left_out = [f"sheet 1 of {sheets}"] if sheets > 1 else []
    return pa.table({name: _to_column(cells) for name, cells in zip(names, columns, strict=True)}), left_out


def _read_sheet(path: Path) -> tuple[list[tuple[Any, ...]], int]:
    """The lines of the first sheet that hold anything, and how many sheets there are."""
    try:
        from openpyxl import load_workbook
    except ImportError as error:  # one file must not keep the others from being read
        raise UnreadableBatch(f"{path.name}: a workbook needs `pip install pratique[excel]`") from error
    try:
        with zipfile.ZipFile(path) as packed:
            check_unpacked(path.name, sum(part.file_size for part in packed.infolist()))
        with path.open("rb") as stream:  # closed whatever happens, which openpyxl does not see to
            book = load_workbook(stream, read_only=True, data_only=True)
            rows = book.worksheets[0].iter_rows(values_only=True)
            return [line for line in rows if any(cell is not None for cell in line)], len(book.worksheets)
    except UnreadableBatch:
        raise
    except Exception as error:  # openpyxl and its parsers raise whatever damaged bytes happen to hit
        raise UnreadableBatch(f"{path.name}: not readable as an Excel workbook") from error


def read_json_lines(path: Path, ignore: Collection[str], known: Collection[str]) -> tuple[pa.Table, list[str]]:
    """Read one JSON object a line; a key that a line lacks is a missing cell. What was left unread, in words.

    Raises
    ------
    UnreadableBatch
        If a line is no object, or a value is a list or an object and its column is not ignored.
    """
    lines: list[dict[str, Any]] = []
    names: dict[str, None] = {}
    nested: dict[str, None] = {}
    with path.open(encoding="utf-8-sig") as stream:
        for at, text in enumerate(stream):
            if not text.strip():
                continue
            line = _parse_line(path.name, at, text)
            for name, cell in line.items():
                names.setdefault(name)
                if isinstance(cell, list | dict):
                    nested.setdefault(name)
            lines.append(line)
    check_size(path.name, len(names), len(names) * len(lines))
    check_names(path.name, list(names), known)
    for at, name in enumerate(names):
        if name in nested and name not in ignore:
            shown = show_name(list(names), at, known)
            raise UnreadableBatch(f"{path.name}: column {shown} holds lists or objects; {UNREAD}")
    kept = [name for name in names if name not in nested]
    if not kept:
        raise UnreadableBatch(f"{path.name}: no object; expected one JSON object a line")
    table = pa.table({name: _to_column(line.get(name) for line in lines) for name in kept})
    return table, [f"{name} is ignored and was not read" for name in nested]


UNREAD = "name it in params.yaml under data.ignore to leave it unread"


def _parse_line(place: str, at: int, text: str) -> dict[str, Any]:
    try:
        value = parse_json(text, place)
    except PratiqueError:
        value = None
    if not isinstance(value, dict):
        raise UnreadableBatch(f"{place}: line {at + 1}: expected one JSON object with each key once")
    return value


def _to_column(cells: Iterable[Any]) -> pa.Array:
    """Cells as int64, float64, or text."""
    listed = list(cells)
    kinds = {type(cell) for cell in listed if cell is not None}
    if kinds == {int} and all(cell is None or abs(cell) < 2**63 for cell in listed):
        return pa.array(listed, pa.int64())
    if kinds and kinds <= {int, float}:
        return pa.array([None if cell is None else float(cell) for cell in listed], pa.float64())
    return pa.array([_to_text(cell) for cell in listed], pa.string())


def _to_text(cell: Any) -> str | None:
    if cell is None or cell == "":
        return None
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ")
    if isinstance(cell, date | time):
        return cell.isoformat()
    return cell if isinstance(cell, str) else json.dumps(cell) if isinstance(cell, int | float) else str(cell)
