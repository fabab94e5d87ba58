"""Safe writing: a reader sees the old file or the new one, and equal content gives equal bytes."""

import contextlib
import csv
import fcntl
import io
import json
import math
import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet as pq

from pratique.core.errors import printable

UNPLAIN = re.compile(r"[^\n -~]|(?<=#)#(?=\w*\[)")
"""Characters of a JSON text that may need an escape: all but plain ASCII, and what begins a CI runner's command."""
FORMULA = re.compile(r"[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
"""What a cell begins with that a spreadsheet takes for a formula."""
PLAIN_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")
SIGNIFICANT_DIGITS = 6
"""Significant digits of a number that leaves the program: processors differ in the bits behind them."""


def write_bytes(path: Path, data: bytes) -> None:
    """Write to a temporary file, flush it to disk, rename it over `path`, and flush the folder.

    A file that holds these bytes is left alone.
    """
    if path.is_file() and path.stat().st_size == len(data) and path.read_bytes() == data:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.partial")
    with _open_alone(temporary) as stream:
        try:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        temporary.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _open_alone(temporary: Path) -> IO[bytes]:
    """The file that one writer at a time may have open; what an earlier one left halfway is emptied."""
    while True:
        stream = temporary.open("ab")
        fcntl.flock(stream, fcntl.LOCK_EX)
        with contextlib.suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(stream.fileno()), temporary.stat()):
                stream.truncate(0)
                return stream
        stream.close()  # the writer before us renamed it


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text with the platform-independent line end."""
    write_bytes(path, text.encode())


def write_json(path: Path, value: Any) -> None:
    """Write JSON that people can read."""
    write_bytes(path, json_bytes(value))


def json_bytes(value: Any) -> bytes:
    """JSON that people can read, as a file holds it: two spaces, keys in the order given."""
    return f"{json_text(value, indent=2)}\n".encode()


def json_text(value: Any, indent: int | None = None) -> str:
    """JSON in which what no terminal or log should meet stands as an escape; a reader gets the same value.

    Examples
    --------
    >>> json_text({"é": "\x9b31m"})
    '{"é": "\\\\u009b31m"}'
    """
    text = json.dumps(value, indent=indent, ensure_ascii=False, allow_nan=False)
    return UNPLAIN.sub(_escape_in_json, text)


def _escape_in_json(match: re.Match[str]) -> str:
    if match[0] != "#" and match[0].isprintable():
        return match[0]
    units = match[0].encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[i : i + 4]}" for i in range(0, len(units), 4))


def write_csv(path: Path, lines: Iterable[Sequence[Any]]) -> None:
    """Write lines of cells as CSV; see `csv_text`."""
    write_text(path, csv_text(lines))


def csv_text(lines: Iterable[Sequence[Any]]) -> str:
    """Lines of cells as CSV that people may open in a spreadsheet; None is an empty cell.

    Numbers are rounded as by `round_floats`. Text that a spreadsheet would take for a formula gets an apostrophe before
    it, and what can't be seen stands as an escape.

    Source: OWASP, "CSV injection".

    Examples
    --------
    >>> csv_text([("=1+1", "-1", "a-b", 0.5)])
    "'=1+1,-1,a-b,0.5\\n"
    """
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(map(_csv_cell, round_floats(list(line))) for line in lines)
    return out.getvalue()


def _csv_cell(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    formula = FORMULA.match(value) and not PLAIN_NUMBER.fullmatch(value)
    return f"{chr(39) * bool(formula)}{printable(value)}"


def write_table(path: Path, table: pa.Table) -> None:
    """Write Parquet without the writer's own metadata, so that equal tables give equal bytes."""
    sink = pa.BufferOutputStream()
    pq.write_table(table.replace_schema_metadata(None), sink, compression="zstd", store_schema=False)
    write_bytes(path, sink.getvalue().to_pybytes())


def round_floats(value: Any, digits: int = SIGNIFICANT_DIGITS) -> Any:
    """Round every float in a JSON value to `digits` significant digits; infinite and NaN become None.

    Examples
    --------
    >>> round_floats({"a": 0.123456789, "b": [float("nan"), 3]})
    {'a': 0.123457, 'b': [None, 3]}
    """
    if isinstance(value, str | int):  # most values of a record
        return value
    if isinstance(value, float):
        return float(f"{value:.{digits}g}") if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: round_floats(item, digits) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [round_floats(item, digits) for item in value]
    return value


def keep_only(folder: Path, wanted: Iterable[Path]) -> None:
    """Remove every file below `folder` that is not wanted, and the folders left empty by that."""
    keep = set(wanted)
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir() and not path.is_symlink():
            if not any(path.iterdir()):
                path.rmdir()
        elif path not in keep:
            path.unlink()
    folder.mkdir(parents=True, exist_ok=True)
