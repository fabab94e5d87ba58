"""Files without some of their rows, in their own format: those that stay in text are the bytes that stood there."""

import codecs
import csv
import io
from collections.abc import Collection, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pratique.core.errors import PratiqueError
from pratique.core.params import DataParams
from pratique.tables.delimited import DELIMITERS
from pratique.tables.labels import labels_place
from pratique.tables.parts import list_files, read_batch
from pratique.tables.reading import TEXT_FORMATS, read_file, read_table

WHOLE_INSTEAD = "erase the whole batch, and bring it again without them"


def find_rows(path: Path, ids: Collection[str], data: DataParams) -> list[int]:
    """The positions of the rows of a batch that have one of these ids.

    Raises
    ------
    PratiqueError
        If params.yaml names no column of ids, the batch has none, or it can't be read.
    """
    if data.id is None:
        raise PratiqueError("--id: params.yaml names no column of ids (data.id); name positions by --rows")
    table = read_batch(path, data.ignore, image=data.image_size).table
    if data.id not in table.column_names:
        raise PratiqueError(f"{path}: has no column data.id; name positions by --rows")
    return [row for row, key in enumerate(_list_ids(table, data.id)) if key in ids]


def drop_rows(path: Path, rows: Collection[int], data: DataParams) -> dict[Path, bytes | None]:
    """What the files of a batch, and of its labels, become without some rows; None for one that goes.

    Parameters
    ----------
    path : Path
        A file, or a folder of parts.
    rows : collection of int
        Positions in the batch.
    data : DataParams

    Raises
    ------
    PratiqueError
        If there are no such rows, or a file can't be read or written without them.
    """
    table = read_batch(path, data.ignore, image=data.image_size).table
    if not rows or min(rows) < 0 or max(rows) >= table.num_rows:
        raise PratiqueError(f"{path}: rows are counted from 0 to {table.num_rows - 1}; name some of them")
    gone = np.isin(np.arange(table.num_rows), list(rows))
    changed: dict[Path, bytes | None] = {}
    start = 0
    for file in list_files(path):
        end = start + read_file(file, data.ignore, image=data.image_size).table.num_rows
        if gone[start:end].any():
            changed[file] = None if gone[start:end].all() else _write_without(file, gone[start:end], data)
        start = end
    return changed | _drop_labels(path, table, gone, data)


def drop_all(path: Path, data: DataParams) -> dict[Path, bytes | None]:
    """The files of a batch and of its labels, each of which goes."""
    labels = labels_place(f"{path.parent.name}/{path.stem}")
    files = [*list_files(path), *([labels] if data.labels_apart and labels.is_file() else [])]
    return dict.fromkeys(files)


def _drop_labels(path: Path, table: pa.Table, gone: np.ndarray, data: DataParams) -> dict[Path, bytes | None]:
    """The labels without those of the ids that are on no other row."""
    place = labels_place(f"{path.parent.name}/{path.stem}")
    if not data.labels_apart or data.id is None or not place.is_file():
        return {}
    ids = _list_ids(table, data.id)
    stay = {key for key, out in zip(ids, gone, strict=True) if not out}
    leave = {key for key, out in zip(ids, gone, strict=True) if out} - stay
    there = np.array([key in leave for key in _list_ids(read_table(place), data.id)])
    if not there.any():
        return {}
    return {place: None if there.all() else _write_without(place, there, data)}


def _list_ids(table: pa.Table, column: str) -> list[str | None]:
    return [None if key is None else str(key) for key in table[column].to_pylist()]


def _write_without(path: Path, gone: np.ndarray, data: DataParams) -> bytes:
    """The bytes of a file without some rows, read back and held to the rows that were to stay."""
    if path.suffix in TEXT_FORMATS:
        content = _cut_text(path, gone)
    elif path.suffix == ".jsonl":
        content = _cut_json_lines(path, gone)
    elif path.suffix == ".parquet":
        sink = pa.BufferOutputStream()
        pq.write_table(pq.ParquetFile(path).read().filter(pa.array(~gone)), sink)
        content = sink.getvalue().to_pybytes()
    else:
        raise PratiqueError(f"{path}: single rows can't be taken out of a workbook; {WHOLE_INSTEAD}")
    with TemporaryDirectory(prefix="pratique-") as folder:
        copy = Path(folder) / path.name
        copy.write_bytes(content)
        found, wanted = (
            read_file(copy, data.ignore, image=data.image_size).table,
            read_file(path, data.ignore, image=data.image_size).table.filter(pa.array(~gone)),
        )
        if path.suffix == ".jsonl":  # without some rows a column may be narrower, or not there
            found, wanted = found.select([]), wanted.select([])
        if found.num_rows != wanted.num_rows or not found.equals(wanted):
            raise PratiqueError(f"{path}: without these rows it would not read as before; {WHOLE_INSTEAD}")
    return content


def _cut_text(path: Path, gone: np.ndarray) -> bytes:
    data = path.read_bytes()
    mark = codecs.BOM_UTF8 if data.startswith(codecs.BOM_UTF8) else b""
    text = data.removeprefix(mark).decode()
    wide = read_file(path).table.num_columns > 1
    said = "".join(read_file(path).readings)
    delimiter = next((each for each, name in DELIMITERS.items() if said.startswith(name)), ",")
    records = list(_split_records(text, delimiter, wide))
    if len(records) != len(gone) + 1:
        raise PratiqueError(f"{path}: its rows can't be told apart in its bytes; {WHOLE_INSTEAD}")
    kept = [record for record, out in zip(records[1:], gone, strict=True) if not out]
    return mark + "".join([records[0], *kept]).encode()


def _split_records(text: str, delimiter: str, wide: bool) -> Iterator[str]:
    """The header and the rows as they stand, each with the line breaks in its cells; empty lines go, as in reading."""
    lines: list[str] = []

    def note_lines() -> Iterator[str]:
        for line in io.StringIO(text, newline=""):
            lines.append(line)
            yield line

    for cells in csv.reader(note_lines(), delimiter=delimiter):
        record = "".join(lines)
        lines.clear()
        if cells or not wide:
            yield record


def _cut_json_lines(path: Path, gone: np.ndarray) -> bytes:
    text = path.read_bytes().decode("utf-8-sig")
    lines = [line for line in io.StringIO(text, newline="") if line.strip()]
    return "".join(line for line, out in zip(lines, gone, strict=True) if not out).encode()
