"""Reading files that somebody else wrote: strictly, within limits, without executing or guessing anything."""

import codecs
import csv
import io
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

from stages.core.errors import PratiqueError, UnreadableBatch

FORMATS = (".csv", ".parquet")
MAX_BYTES = 2**31
MAX_COLUMNS = 10_000
MAX_CELLS = 500_000_000
MAX_CELL_BYTES = 2**20


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
    size = path.stat().st_size
    if size == 0:
        raise UnreadableBatch(f"{path.name}: the file is empty; expected a header and rows")
    if size > MAX_BYTES:
        raise UnreadableBatch(f"{path.name}: {size} bytes, at most {MAX_BYTES} are read; split the batch")
    try:
        table = _read_csv(path) if path.suffix == ".csv" else _read_parquet(path)
    except (pa.ArrowException, OSError, csv.Error, OverflowError) as error:
        raise UnreadableBatch(f"{path.name}: not readable as {path.suffix[1:]}: {_one_line(error)}") from error
    _check_names(path.name, table.column_names)
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
        tables = [_as_text(table.select(first.column_names)) for table in tables]
    table = pa.concat_tables([t.select(first.column_names) for t in tables]).combine_chunks()
    if not table.num_rows:
        raise PratiqueError(f"{folder}: no rows; put rows that you trust there")
    return table


def _read_csv(path: Path) -> pa.Table:
    data = path.read_bytes().removeprefix(codecs.BOM_UTF8)
    nul = data.find(b"\0")
    if nul >= 0:
        raise UnreadableBatch(f"{path.name}: NUL byte at offset {nul}; expected UTF-8 text")
    try:
        head = data[: 2**22].decode("utf-8", errors="strict" if len(data) <= 2**22 else "ignore")
    except UnicodeDecodeError as error:
        raise UnreadableBatch(f"{path.name}: not UTF-8 at offset {error.start}; save it as UTF-8") from error
    header = next(csv.reader(io.StringIO(head)), [])
    if len(header) > MAX_COLUMNS:
        raise UnreadableBatch(f"{path.name}: {len(header)} columns, at most {MAX_COLUMNS} are read")
    _check_names(path.name, header)
    places = [f"f{i}" for i in range(len(header))]
    table = pyarrow.csv.read_csv(
        io.BytesIO(data),
        read_options=pyarrow.csv.ReadOptions(column_names=places, use_threads=False, block_size=max(2**20, min(len(data) + 1, 2**30))),
        parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=len(header) > 1),
        convert_options=pyarrow.csv.ConvertOptions(
            column_types={place: pa.string() for place in places}, null_values=[""], strings_can_be_null=True
        ),
    )
    return table.slice(1).rename_columns(header).combine_chunks()


def _read_parquet(path: Path) -> pa.Table:
    file = pq.ParquetFile(path, pre_buffer=False)
    rows, columns = file.metadata.num_rows, file.metadata.num_columns
    if columns > MAX_COLUMNS or rows * columns > MAX_CELLS:
        raise UnreadableBatch(f"{path.name}: {rows} rows of {columns} columns, at most {MAX_CELLS} cells are read")
    schema = file.schema_arrow
    for field in schema:
        if not _plain(field.type):
            raise UnreadableBatch(f"{path.name}: column '{field.name}' holds {field.type}; expected numbers or text")
    _check_names(path.name, schema.names)
    table = file.read(use_threads=False)
    return pa.table(
        {field.name: _canonical(table[field.name]) for field in schema}
    ).combine_chunks()


def _plain(kind: pa.DataType) -> bool:
    """Whether a column is made of single values: no lists, no structures, no extension types."""
    value = kind.value_type if pa.types.is_dictionary(kind) else kind
    tests = ("integer", "floating", "string", "large_string", "boolean", "temporal", "decimal", "null")
    return any(getattr(pa.types, f"is_{test}")(value) for test in tests) and not isinstance(value, pa.BaseExtensionType)


def _canonical(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """A column as int64, float64 or text, without losing a digit."""
    kind = column.type
    if pa.types.is_integer(kind) and kind != pa.uint64():
        return pc.cast(column, pa.int64())
    if pa.types.is_floating(kind):
        values = pc.cast(column, pa.float64())
        return pc.if_else(pc.is_nan(values), pa.scalar(None, pa.float64()), values)
    return pc.cast(column, pa.string())


def _as_text(table: pa.Table) -> pa.Table:
    return pa.table({name: pc.cast(table[name], pa.string()) for name in table.column_names})


def _check_names(place: str, names: list[str]) -> None:
    """Refuse names that are empty, or that people or programs could take for each other."""
    seen: dict[str, str] = {}
    for name in names:
        key = _look(name)
        if not key:
            raise UnreadableBatch(f"{place}: a column has no name; expected a header with one name for each column")
        if key in seen:
            raise UnreadableBatch(f"{place}: columns {seen[key]!r} and {name!r} are the same name; name each column once")
        seen[key] = name


def _look(name: str) -> str:
    import unicodedata

    return unicodedata.normalize("NFKC", name).strip().casefold()


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:300]
