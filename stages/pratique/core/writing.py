"""Safe writing: a reader sees the old file or the new one, and equal content gives equal bytes."""

import csv
import io
import json
import math
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

SIGNIFICANT_DIGITS = 6
"""Significant digits of a number that leaves the program: processors differ in the bits behind them."""


def write_bytes(path: Path, data: bytes) -> None:
    """Write to a temporary file, flush it to disk, rename it over `path`, and flush the folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.partial")
    with temporary.open("wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())
    temporary.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text with the platform-independent line end."""
    write_bytes(path, text.encode())


def write_json(path: Path, value: Any) -> None:
    """Write JSON that people can read: two spaces, keys in the order given."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def write_csv(path: Path, lines: Iterable[Sequence[Any]]) -> None:
    """Write lines of cells as CSV, numbers rounded as by `round_floats`; None is an empty cell."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(round_floats(list(line)) for line in lines)
    write_text(path, out.getvalue())


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
