"""Reading files that somebody else wrote: strictly, within limits, without executing or guessing anything."""

import codecs
import csv
import io
import re
import unicodedata
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

from pratique.core.batch import table_of_frame
from pratique.core.errors import PratiqueError, UnreadableBatch
from pratique.core.hashing import sha256_file, sha256_json

FORMATS = (".csv", ".parquet")
MAX_FILE_BYTES = 2**31
MAX_COLUMNS = 10_000
MAX_CELLS = 500_000_000
MAX_CELL_BYTES = 2**20
MAX_NAME = 1_000

DECODED_BLOCK = 2**22

QUOTED_CELLS = re.compile(rb'(?:"[^"]*+(?:""[^"]*+)*+"(?:[,\r\n]|\Z)){1,500}')
"""CSV cells, each with what ends it, whose quotes are closed and enclose all of the cell. The outer group must not be
possessive: before Python 3.11.5 such a group matches wrongly (python/cpython issue 106052)."""
END_OF_CELL = re.compile(rb"[,\r\n]|\Z")


def read_table(path: Path) -> pa.Table:
    """Read a CSV or Parquet file as it is.

    CSV cells come as text, an empty one as missing; nothing is converted, so that `007`, `1.0` and `NA`
    stay what they are. Parquet columns come as int64, float64 or text.

    Raises
    ------
    UnreadableBatch
        If the bytes are not a table of this format, or exceed a limit; the message says where.
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
        table = _read_csv(path) if path.suffix == ".csv" else _read_parquet(path)
    except (pa.ArrowException, OSError, csv.Error, ValueError, OverflowError) as error:
        raise UnreadableBatch(f"{path.name}: not readable as {path.suffix[1:]}: {_one_line(error)}") from error
    _check_cells(path.name, table)
    return table


def read_trusted(folder: Path) -> pa.Table:
    """All rows of the CSV and Parquet files in a folder of trusted rows, files in the order of their names.

    Raises
    ------
    PratiqueError
        If the folder holds no file, or its files don't share one set of columns.
    """
    files = sorted(p for p in folder.glob("*") if p.suffix in FORMATS) if folder.is_dir() else []
    if not files:
        raise PratiqueError(f"{folder}: no .csv or .parquet file; put rows that you trust there")
    tables = [read_table(path) for path in files]
    first = tables[0]
    for path, table in zip(files, tables, strict=True):
        if set(table.column_names) != set(first.column_names):
            odd = sorted(set(table.column_names) ^ set(first.column_names))[0]
            raise PratiqueError(f"{path}: column '{odd}' is not in every file of {folder}; make their columns agree")
    if any(table.schema.types != first.schema.types for table in tables):
        tables = [_all_as_text(table.select(first.column_names)) for table in tables]
    table = pa.concat_tables([t.select(first.column_names) for t in tables]).combine_chunks()
    if not table.num_rows:
        raise PratiqueError(f"{folder}: no rows; put rows that you trust there")
    return table


def read_frame(rows: Any, name: str) -> pa.Table:
    """Take rows from memory as a file of them would be read: columns as int64, float64 or text.

    Parameters
    ----------
    rows : DataFrame of pandas or polars, or pyarrow.Table
    name : str
        Of the rows, for messages.

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
    _check_names(name, table.column_names)
    for field in table.schema:
        if not _is_plain(field):
            raise UnreadableBatch(f"{name}: column {field.name!r} holds {field.type}; expected numbers or text")
    plain = pa.table({column: _to_plain_type(table[column]) for column in table.column_names}).combine_chunks()
    _check_cells(name, plain)
    return plain


def digest_trusted(folder: Path) -> str:
    """SHA-256 over a folder of trusted files; what git and DVC keep beside them is no part of it."""
    files = sorted(path for path in folder.glob("*") if path.suffix in FORMATS)
    return sha256_json([[path.name, sha256_file(path)] for path in files])


def read_trusted_if_any(folder: Path) -> pa.Table | None:
    """The rows of a folder of trusted rows; None where it has no table."""
    return read_trusted(folder) if any(file.suffix in FORMATS for file in folder.glob("*")) else None


def _read_csv(path: Path) -> pa.Table:
    data = path.read_bytes()
    _check_text(path.name, data)
    data = data.removeprefix(codecs.BOM_UTF8)
    header = _read_header(path.name, data)
    cells = data.count(b",") + max(data.count(b"\n"), data.count(b"\r"))
    _check_size(path.name, len(header), cells)
    _check_names(path.name, header)
    places = [f"f{i}" for i in range(len(header))]
    table = pyarrow.csv.read_csv(
        pa.BufferReader(data),
        read_options=pyarrow.csv.ReadOptions(
            column_names=places, use_threads=False, block_size=min(len(data) + 1, 2**30)
        ),
        parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=len(header) > 1),
        convert_options=pyarrow.csv.ConvertOptions(
            column_types=dict.fromkeys(places, pa.string()), null_values=[""], strings_can_be_null=True
        ),
    )
    return table.slice(1).rename_columns(header).combine_chunks()


def _check_text(place: str, data: bytes) -> None:
    """Refuse bytes that are not UTF-8 text, hold a NUL, or leave a quote where no parser agrees on it."""
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
    if b'"' in data:
        start = len(codecs.BOM_UTF8) if data.startswith(codecs.BOM_UTF8) else 0
        misplaced = _find_misplaced_quote(data, start)
        if misplaced is not None:
            raise UnreadableBatch(f"{place}: misplaced quote in the cell at offset {misplaced}; quote whole cells only")


def _find_misplaced_quote(data: bytes, start: int) -> int | None:
    """Where the first cell begins that opens with a quote and does not close with it; quotes inside others are text."""
    place = start
    while (quote := data.find(b'"', place)) >= 0:
        opens = quote == start or data[quote - 1] in b",\r\n"
        cell = (QUOTED_CELLS.match if opens else END_OF_CELL.search)(data, quote)
        if cell is None:
            return quote
        place = cell.end()
    return None


def _read_header(place: str, data: bytes) -> list[str]:
    """The names in the first line."""
    head = data[:DECODED_BLOCK].decode("utf-8", errors="ignore")
    header = next(csv.reader(io.StringIO(head, newline=""), strict=True), [])
    if not header:
        raise UnreadableBatch(f"{place}: the first line is empty; expected a header with the names of the columns")
    if len(header) == 1 and re.search(r"[;\t|]", header[0]):
        raise UnreadableBatch(f"{place}: one column named {header[0]!r:.80}; expected commas between the columns")
    return header


def _read_parquet(path: Path) -> pa.Table:
    """Read text by its dictionary, so that its size is known before a few bytes become gigabytes."""
    file = pq.ParquetFile(path, pre_buffer=False)
    metadata, schema = file.metadata, file.schema_arrow
    _check_size(path.name, metadata.num_columns, metadata.num_rows * metadata.num_columns)
    _check_names(path.name, schema.names)
    for field in schema:
        if not _is_plain(field):
            raise UnreadableBatch(f"{path.name}: column {field.name!r} holds {field.type}; expected numbers or text")
    packed = sum(metadata.row_group(i).total_byte_size for i in range(metadata.num_row_groups))
    _check_unpacked(path.name, packed)
    file = pq.ParquetFile(path, pre_buffer=False, metadata=metadata, read_dictionary=schema.names)
    table = file.read(use_threads=False)
    table.validate(full=True)
    _check_unpacked(path.name, sum(_count_text_bytes(column) for column in table.columns))
    return pa.table({name: _to_plain_type(table[name]) for name in schema.names}).combine_chunks()


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


def _all_as_text(table: pa.Table) -> pa.Table:
    return pa.table({name: pc.cast(table[name], pa.string()) for name in table.column_names})


def _check_size(place: str, columns: int, cells: int) -> None:
    if columns > MAX_COLUMNS or cells > MAX_CELLS:
        raise UnreadableBatch(
            f"{place}: {columns} columns, {cells} cells; "
            f"at most {MAX_COLUMNS} columns and {MAX_CELLS} cells are read; split the batch"
        )


def _check_unpacked(place: str, size: int) -> None:
    if size > MAX_FILE_BYTES:
        raise UnreadableBatch(f"{place}: unpacks to {size} bytes, at most {MAX_FILE_BYTES} are read; split the batch")


def _check_cells(place: str, table: pa.Table) -> None:
    """Refuse text that is too long or holds a NUL."""
    for name, column in zip(table.column_names, table.columns, strict=True):
        if not pa.types.is_string(column.type):
            continue
        giant = pc.index(pc.greater(pc.binary_length(column), MAX_CELL_BYTES), True).as_py()
        if giant >= 0:
            raise UnreadableBatch(
                f"{place}: column {name!r}, row {giant} (from 0): a cell of more than {MAX_CELL_BYTES} bytes"
            )
        nul = pc.index(pc.match_substring(column, "\0"), True).as_py()
        if nul >= 0:
            raise UnreadableBatch(f"{place}: column {name!r}, row {nul} (from 0): NUL in a cell; expected text")


def _check_names(place: str, names: list[str]) -> None:
    """Refuse names that are empty, giant, or that people or programs could take for each other."""
    seen: dict[str, str] = {}
    for name in names:
        if len(name) > MAX_NAME or "\0" in name:
            raise UnreadableBatch(f"{place}: column {name!r:.80} …; a name has at most {MAX_NAME} characters, no NUL")
        key = _visible_form(name)
        if not key:
            raise UnreadableBatch(f"{place}: a column has no name; expected a header with one name for each column")
        if key in seen:
            raise UnreadableBatch(f"{place}: columns {seen[key]!r} and {name!r} look alike; name each column once")
        seen[key] = name


def _visible_form(name: str) -> str:
    """A name without what the eye does not see: case, width, invisible characters, space around it."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    return "".join(c for c in folded if unicodedata.category(c) != "Cf").strip()


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:300]
