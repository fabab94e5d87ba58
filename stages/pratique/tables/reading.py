"""Reading files that somebody else wrote: strictly, within limits, without executing or guessing anything."""

import csv
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from pratique.core.batch import table_of_frame
from pratique.core.errors import PratiqueError, UnreadableBatch
from pratique.core.image_params import ImageSize
from pratique.tables.delimited import DELIMITERS, read_delimited
from pratique.tables.hints import looks_like_row
from pratique.tables.limits import (
    MAX_FILE_BYTES,
    check_cells,
    check_memory,
    check_names,
)
from pratique.tables.parquet import choose_plain, read_parquet, to_plain_type
from pratique.tables.spreadsheets import read_json_lines, read_workbook

TEXT_FORMATS = (".csv", ".tsv")
FORMATS = (*TEXT_FORMATS, ".parquet", ".jsonl", ".xlsx")
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


def read_file(
    path: Path, ignore: Collection[str] = (), known: Collection[str] = (), image: ImageSize | None = None
) -> FileTable:
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
    image : tuple of int, optional
        Height, width and channels of rows that are images: a column of a Parquet file may hold them whole.

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
        found = _read(path, ignore, known, image)
    except (pa.ArrowException, OSError, csv.Error, ValueError, OverflowError) as error:
        raise UnreadableBatch(f"{path.name}: not readable as {path.suffix[1:]}: {DAMAGED}") from error
    except MemoryError as error:
        raise UnreadableBatch(f"{path.name}: takes more memory to read than there is; split the batch") from error
    check_cells(path.name, found.table, known)
    text = sum(pc.sum(pc.binary_length(c)).as_py() or 0 for c in found.table.columns if pa.types.is_string(c.type))
    check_memory(path.name, found.table.num_rows, found.table.num_rows * found.table.num_columns, text)
    return found


def _read(path: Path, ignore: Collection[str], known: Collection[str], image: ImageSize | None) -> FileTable:
    if path.suffix in TEXT_FORMATS:
        table, delimiter = read_delimited(path, known)
        return FileTable(table, () if delimiter == "," else (f"{DELIMITERS[delimiter]} between the columns",))
    if path.suffix == ".jsonl":
        table, left_out = read_json_lines(path, ignore, known)
    elif path.suffix == ".xlsx":
        table, left_out = read_workbook(path, known)
    else:
        table, left_out = read_parquet(path, ignore, known, image)
    return FileTable(table, tuple(left_out))


def list_trusted(folder: Path) -> list[Path]:
    """The tables in a folder of trusted rows, in the order of their names."""
    return sorted(path for path in folder.glob("*") if path.suffix in FORMATS)


def read_trusted(folder: Path, ignore: Collection[str] = (), image: ImageSize | None = None) -> pa.Table:
    """All rows of the tables in a folder of trusted rows, files in the order of their names; see `read_file`.

    Raises
    ------
    PratiqueError
        If the folder holds no file, or its files don't share one set of columns.
    """
    files = list_trusted(folder)
    if not files:
        raise PratiqueError(f"{folder}: no .csv or .parquet file; put rows that you trust there")
    tables = [read_file(path, ignore, (), image).table for path in files]
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
    kept, _ = choose_plain(name, table.schema, ignore)
    plain = pa.table({column: to_plain_type(table[column]) for column in kept}).combine_chunks()
    check_cells(name, plain)
    return plain


def read_trusted_if_any(folder: Path, ignore: Collection[str] = (), image: ImageSize | None = None) -> pa.Table | None:
    """The rows of a folder of trusted rows; None where it has no table."""
    return read_trusted(folder, ignore, image) if any(file.suffix in FORMATS for file in folder.glob("*")) else None
