"""What a table from outside may hold at most, and which names its columns may have."""

import unicodedata
from collections.abc import Collection

import pyarrow as pa
import pyarrow.compute as pc

from pratique.core.errors import UnreadableBatch

MAX_FILE_BYTES = 2**31
MAX_COLUMNS = 10_000
MAX_CELLS = 500_000_000
MAX_CELL_BYTES = 2**20
MAX_NAME = 1_000


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


def check_cells(place: str, table: pa.Table) -> None:
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


def check_names(place: str, names: list[str], known: Collection[str] = ()) -> None:
    """Refuse names that are empty, giant, or that people or programs could take for each other.

    Where the names of the columns are known, only those are shown: in a file without a header cells stand there.
    """
    seen: dict[str, int] = {}

    def show(at: int) -> str:
        return f"{names[at]!r:.80}" if not known or names[at] in known else f"{at + 1}"

    for at, name in enumerate(names):
        if len(name) > MAX_NAME or "\0" in name:
            raise UnreadableBatch(f"{place}: column {show(at)} …; a name has at most {MAX_NAME} characters, no NUL")
        key = _visible_form(name)
        if not key:
            raise UnreadableBatch(f"{place}: a column has no name; expected a header with one name for each column")
        if key in seen:
            both = f"{show(seen[key])} and {show(at)}"
            raise UnreadableBatch(f"{place}: columns {both} look alike; name each column once")
        seen[key] = at


def _visible_form(name: str) -> str:
    """A name without what the eye does not see: case, width, invisible characters, space around it."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    return "".join(c for c in folded if unicodedata.category(c) != "Cf").strip()
