"""Reading files that somebody else wrote: strictly, within limits, without executing or guessing anything."""

import csv
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pratique.core.batch import MOST_ROWS_AT_ONCE, table_of_frame
from pratique.core.errors import PratiqueError, UnreadableBatch
from pratique.tables.delimited import DELIMITERS, read_delimited
from pratique.tables.hints import looks_like_row
from pratique.tables.limits import (
    MAX_FILE_BYTES,
    check_cells,
    check_memory,
    check_names,
    check_size,
    check_unpacked,
    show_name,
)
from pratique.tables.mapped import map_table
from pratique.tables.spreadsheets import UNREAD, read_json_lines, read_workbook

TEXT_FORMATS = (".csv", ".tsv")
FORMATS = (*TEXT_FORMATS, ".parquet", ".jsonl", ".xlsx")
READ_ROWS, READ_BYTES = 20_000, 2**16
"""What is read of a Parquet file, and of a column of it, at once: a group of its rows may be as large as the file."""
DAMAGED = "its bytes are damaged or of another format, or its text is not UTF-8"
"""What is said of a file on which a library fails; its own words are not passed on, because they may hold a cell."""


@dataclass(frozen=True)
class FileTable:
    """A file as a table, and in words what of it was read otherwise than it seems: nothing is silent.

    `waits` says that its labels are still to come.
    """

    table: pa.Table
    readings: tuple[str, ...] = ()
    waits: bool = False


def read_table(path: Path) -> pa.Table:
    """The table in a file; see `read_file`."""
    return read_file(path).table


def read_file(path: Path, ignore: Collection[str] = (), known: Collection[str] = ()) -> FileTable:
    """Read a file as it is.

    Cells of text files come as text, an empty one as missing; nothing is converted, so that `007`, `1.0` and `NA`
    stay what they are. Columns of other files come as int64, float64 or text.

    Parameters
    ----------
    path : Path
    ignore : collection of str
        Columns that are left unread where they hold lists or bytes.
    known : collection of str
        Names that columns have, if they are known: they say what stands between the columns of a text file.

    Raises
    ------
    UnreadableBatch
        If the bytes are not a table of this format, or exceed a limit; the message says where, and shows no cell.
    """
    if path.suffix not in FORMATS:
        raise UnreadableBatch(f"{path.name}: unknown format; expected a name that ends in {' or '.join(FORMATS)}")
    if not path.is_file():
        raise UnreadableBatch(f"{path.name}: not a file; expected a regular file")
    size = path.stat().st_size
    if size == 0:
        raise UnreadableBatch(f"{path.name}: the file is empty; expected a header and rows")
    if size > MAX_FILE_BYTES:
        raise UnreadableBatch(f"{path.name}: {size} bytes, at most {MAX_FILE_BYTES} are read; split the batch")
    try:
        found = _read(path, ignore, known)
    except (pa.ArrowException, OSError, csv.Error, ValueError, OverflowError) as error:
        raise UnreadableBatch(f"{path.name}: not readable as {path.suffix[1:]}: {DAMAGED}") from error
    except MemoryError as error:
        raise UnreadableBatch(f"{path.name}: takes more memory to read than there is; split the batch") from error
    check_cells(path.name, found.table, known)
    text = sum(pc.sum(pc.binary_length(c)).as_py() or 0 for c in found.table.columns if pa.types.is_string(c.type))
    check_memory(path.name, found.table.num_rows, found.table.num_rows * found.table.num_columns, text)
    return found


def _read(path: Path, ignore: Collection[str], known: Collection[str]) -> FileTable:
    if path.suffix in TEXT_FORMATS:
        table, delimiter = read_delimited(path, known)
        return FileTable(table, () if delimiter == "," else (f"{DELIMITERS[delimiter]} between the columns",))
    if path.suffix == ".jsonl":
        table, left_out = read_json_lines(path, ignore, known)
    elif path.suffix == ".xlsx":
        table, left_out = read_workbook(path, known)
    else:
        table, left_out = _read_parquet(path, ignore, known)
    return FileTable(table, tuple(left_out))


def list_trusted(folder: Path) -> list[Path]:
    """The tables in a folder of trusted rows, in the order of their names."""
    return sorted(path for path in folder.glob("*") if path.suffix in FORMATS)


def read_trusted(folder: Path, ignore: Collection[str] = ()) -> pa.Table:
    """All rows of the tables in a folder of trusted rows, files in the order of their names.

    Raises
    ------
    PratiqueError
        If the folder holds no file, or its files don't share one set of columns.
    """
    files = list_trusted(folder)
    if not files:
        raise PratiqueError(f"{folder}: no .csv or .parquet file; put rows that you trust there")
    tables = [read_file(path, ignore).table for path in files]
    for path, table in zip(files, tables, strict=True):
        odd = find_odd_column([tables[0], table])
        if odd is not None:
            raise PratiqueError(f"{path}: {odd} is not in every file of {folder}; make their columns agree")
    table = stack(tables)
    if not table.num_rows:
        raise PratiqueError(f"{folder}: no rows; put rows that you trust there")
    return table


def find_odd_column(tables: Sequence[pa.Table], known: Collection[str] = ()) -> str | None:
    """A column that one of two tables lacks, for people; None where both have the same ones."""
    first, second = (table.column_names for table in tables)
    differing = sorted(set(first) ^ set(second))
    if not differing:
        return None
    told = differing[0] in known if known else not looks_like_row([*first, *second])
    return f"column {differing[0]!r:.80}" if told else "a column"


def stack(tables: Sequence[pa.Table]) -> pa.Table:
    """The rows of tables of the same columns, one after the other; a column that differs in type is text."""
    names = tables[0].column_names
    differing = {name for name in names if any(t[name].type != tables[0][name].type for t in tables)}
    alike = [pa.table({n: pc.cast(t[n], pa.string()) if n in differing else t[n] for n in names}) for t in tables]
    return pa.concat_tables(alike).combine_chunks()


def read_frame(rows: Any, name: str, ignore: Collection[str] = ()) -> pa.Table:
    """Take rows from memory as a file of them would be read: columns as int64, float64 or text.

    Parameters
    ----------
    rows : DataFrame of pandas or polars, or pyarrow.Table
    name : str
        Of the rows, for messages.
    ignore : collection of str
        Columns that are left out where they hold anything but numbers and text.

    Raises
    ------
    UnreadableBatch
        If two columns share a name, or one holds anything but numbers and text.
    PratiqueError
        If `rows` is no table.
    """
    import narwhals as nw
    from narwhals.exceptions import DuplicateError

    try:
        frame = nw.from_native(rows, eager_only=True)
    except DuplicateError as error:
        raise UnreadableBatch(f"{name}: a column appears more than once; name each column once") from error
    except TypeError as error:
        kind = type(rows).__name__
        raise PratiqueError(f"{name}: {kind} is no table; expected a DataFrame, a pyarrow.Table or a path") from error
    table = table_of_frame(rows, name) if frame.implementation.is_pandas() else frame.to_arrow()
    check_names(name, table.column_names)
    kept, _ = _choose_plain(name, table.schema, ignore)
    plain = pa.table({column: _to_plain_type(table[column]) for column in kept}).combine_chunks()
    check_cells(name, plain)
    return plain


def read_trusted_if_any(folder: Path, ignore: Collection[str] = ()) -> pa.Table | None:
    """The rows of a folder of trusted rows; None where it has no table."""
    return read_trusted(folder, ignore) if any(file.suffix in FORMATS for file in folder.glob("*")) else None


def _read_parquet(path: Path, ignore: Collection[str], known: Collection[str]) -> tuple[pa.Table, list[str]]:
    """Read text by its dictionary, so that its size is known before a few bytes become gigabytes."""
    file = pq.ParquetFile(path, pre_buffer=False)
    metadata, schema = file.metadata, file.schema_arrow
    check_size(path.name, metadata.num_columns, metadata.num_rows * metadata.num_columns)
    check_names(path.name, schema.names, known)
    kept, left_out = _choose_plain(path.name, schema, ignore, known)
    packed = sum(metadata.row_group(i).total_byte_size for i in range(metadata.num_row_groups))
    check_unpacked(path.name, packed)
    file = pq.ParquetFile(path, pre_buffer=False, buffer_size=READ_BYTES, metadata=metadata, read_dictionary=kept)
    parts = _read_parts(path.name, file, kept)
    plain = _to_plain_table(pa.table(file.schema_arrow.empty_table().select(kept)))
    if metadata.num_rows > MOST_ROWS_AT_ONCE:
        return map_table(plain.schema, parts), left_out
    return pa.concat_tables([plain, *parts]).combine_chunks(), left_out


def _read_parts(place: str, file: pq.ParquetFile, columns: list[str]) -> Iterator[pa.Table]:
    """The rows, some at a time; the text in them is counted as it unpacks."""
    unpacked = read = 0
    for rows in file.iter_batches(READ_ROWS, columns=columns, use_threads=False):
        part = pa.Table.from_batches([rows])
        part.validate(full=True)
        unpacked += sum(_count_text_bytes(column) for column in part.columns)
        check_unpacked(place, unpacked)
        read += part.num_rows
        check_memory(place, read, read * len(columns), unpacked)
        yield _to_plain_table(part)


def _to_plain_table(table: pa.Table) -> pa.Table:
    return pa.table({name: _to_plain_type(table[name]) for name in table.column_names})


def _choose_plain(
    place: str, schema: pa.Schema, ignore: Collection[str], known: Collection[str] = ()
) -> tuple[list[str], list[str]]:
    """The columns that hold single values, and what is said of the ignored ones that don't."""
    kept, left_out = [], []
    for at, field in enumerate(schema):
        if _is_plain(field):
            kept.append(field.name)
        elif field.name in ignore:
            left_out.append(f"{field.name} holds {field.type}, is ignored and was not read")
        else:
            name = show_name(schema.names, at, known)
            raise UnreadableBatch(f"{place}: column {name} holds {field.type}; expected numbers or text; {UNREAD}")
    return kept, left_out


def _is_plain(field: pa.Field) -> bool:
    """Whether a column is made of single values: no lists, no structures, no extension types."""
    value = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
    tests = ("integer", "floating", "string", "large_string", "boolean", "temporal", "decimal", "null")
    extended = isinstance(value, pa.BaseExtensionType) or b"ARROW:extension:name" in (field.metadata or {})
    return not extended and any(getattr(pa.types, f"is_{test}")(value) for test in tests)


def _count_text_bytes(column: pa.ChunkedArray) -> int:
    """The bytes of a dictionary's text once every cell is written out."""
    value = column.type.value_type if pa.types.is_dictionary(column.type) else None
    if value not in (pa.string(), pa.large_string()):
        return 0
    lengths = (pc.take(pc.binary_length(chunk.dictionary), chunk.indices) for chunk in column.chunks)
    return sum(pc.sum(each).as_py() or 0 for each in lengths)


def _to_plain_type(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """A column as int64, float64 or text, without losing a digit."""
    kind = column.type
    if pa.types.is_integer(kind) and kind != pa.uint64():
        return pc.cast(column, pa.int64())
    if pa.types.is_floating(kind):
        values = pc.cast(column, pa.float64())
        return pc.if_else(pc.is_nan(values), pa.scalar(None, pa.float64()), values)
    return pc.cast(column, pa.string())
