"""What a table from outside may hold at most, and which names its columns may have."""

import unicodedata
from collections.abc import Collection, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from pratique.core.batch import MOST_ROWS_AT_ONCE
from pratique.core.budget import ALLOWED_BYTES, GIB
from pratique.core.errors import UnreadableBatch
from pratique.tables.hints import looks_like_row

MAX_FILE_BYTES = 2**31
MAX_COLUMNS = 10_000
MAX_CELLS = 500_000_000
MAX_CELL_BYTES = 2**20
MAX_NAME = 1_000
BYTES_PER_CELL = 100
BYTES_PER_TEXT_BYTE = 10
"""What the examination of a table takes, about: measured on few long texts and on many short numbers."""


def check_size(place: str, columns: int, cells: int) -> None:
    """Refuse a table that is too wide or has too many cells."""
    if columns > MAX_COLUMNS or cells > MAX_CELLS:
        raise UnreadableBatch(
            f"{place}: {columns} columns, {cells} cells; "
            f"at most {MAX_COLUMNS} columns and {MAX_CELLS} cells are read; split the batch"
        )


def check_unpacked(place: str, size: int) -> None:
    """Refuse a file that unpacks to too many bytes."""
    if size > MAX_FILE_BYTES:
        raise UnreadableBatch(f"{place}: unpacks to {size} bytes, at most {MAX_FILE_BYTES} are read; split the batch")


def check_memory(place: str, rows: int, cells: int, text: int) -> None:
    """Refuse a table that would take more memory to examine than a batch may have: before it is taken.

    Parameters
    ----------
    place : str
    rows : int
        Of a larger table parts of `MOST_ROWS_AT_ONCE` rows are examined, one at a time.
    cells : int
    text : int
        Bytes of text, each cell's counted.
    """
    at_once = min(1.0, MOST_ROWS_AT_ONCE / max(1, rows))
    allowed, needed = ALLOWED_BYTES.get(), at_once * (BYTES_PER_CELL * cells + BYTES_PER_TEXT_BYTE * text)
    if allowed is not None and needed > allowed:
        raise UnreadableBatch(
            f"{place}: {cells} cells with {text} bytes of text take about {needed / GIB:.1f} GiB to examine, at most "
            f"{allowed / GIB:g} are taken (`examination.memory_gib`); split the batch"
        )


def show_name(names: Sequence[str], at: int, known: Collection[str] = ()) -> str:
    """A column for people: by its name, or by its number where a cell may stand there, as in a file without a header.

    Where the names of the columns are known, only those are shown.
    """
    told = names[at] in known if known else not looks_like_row(names)
    return f"{names[at]!r:.80}" if told else f"{at + 1}"


def check_cells(place: str, table: pa.Table, known: Collection[str] = ()) -> None:
    """Refuse text that is too long or holds a NUL."""
    for at, column in enumerate(table.columns):
        if not pa.types.is_string(column.type):
            continue
        giant = pc.index(pc.greater(pc.binary_length(column), MAX_CELL_BYTES), True).as_py()
        if giant >= 0:
            name = show_name(table.column_names, at, known)
            raise UnreadableBatch(
                f"{place}: column {name}, row {giant} (from 0): a cell of more than {MAX_CELL_BYTES} bytes"
            )
        nul = pc.index(pc.match_substring(column, "\0"), True).as_py()
        if nul >= 0:
            name = show_name(table.column_names, at, known)
            raise UnreadableBatch(f"{place}: column {name}, row {nul} (from 0): NUL in a cell; expected text")


def check_names(place: str, names: list[str], known: Collection[str] = ()) -> None:
    """Refuse names that are empty, giant, or that people or programs could take for each other."""
    seen: dict[str, int] = {}
    for at, name in enumerate(names):
        if len(name) > MAX_NAME or "\0" in name:
            raise UnreadableBatch(
                f"{place}: column {show_name(names, at, known)} …; a name has at most {MAX_NAME} characters, no NUL"
            )
        key = _visible_form(name)
        if not key:
            raise UnreadableBatch(f"{place}: a column has no name; expected a header with one name for each column")
        if key in seen:
            both = f"{show_name(names, seen[key], known)} and {show_name(names, at, known)}"
            raise UnreadableBatch(f"{place}: columns {both} look alike; name each column once")
        seen[key] = at


def _visible_form(name: str) -> str:
    """A name without what the eye does not see: case, width, invisible characters, space around it."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    return "".join(c for c in folded if unicodedata.category(c) != "Cf").strip()
