"""Folders of parts: a batch that came in as several files, which are read as one table."""

from collections.abc import Collection
from pathlib import Path

from pratique.core.errors import PratiqueError, UnreadableBatch, printable
from pratique.core.hashing import sha256_file, sha256_json
from pratique.core.image_params import ImageSize
from pratique.core.snapshot import Snapshot, copy_file
from pratique.tables.arrival import list_parts, require_folder_name
from pratique.tables.limits import MAX_FILE_BYTES, check_size
from pratique.tables.reading import FileTable, find_odd_column, read_file, stack


def copy_batch(source: Path, place: Path) -> Snapshot:
    """Copy a batch, a file or a folder of parts, to a place of ours.

    Raises
    ------
    PratiqueError
        If it is neither, or anything but parts is in the folder.
    """
    if not source.is_dir() or source.is_symlink():
        return copy_file(source, place)
    return Snapshot.of_folder(place, {part.name: copy_file(part, place / part.name) for part in list_parts(source)})


def sha256_batch(path: Path) -> str:
    """Hexadecimal SHA-256 of a batch as it lies there; of a folder, over the names and digests of its parts."""
    if not path.is_dir():
        return sha256_file(path)
    return sha256_json([[part.name, sha256_file(part)] for part in list_parts(path)])


def list_files(path: Path) -> list[Path]:
    """The files of a batch: itself, or its parts in order."""
    return list_parts(path) if path.is_dir() else [path]


def read_batch(
    path: Path, ignore: Collection[str] = (), known: Collection[str] = (), image: ImageSize | None = None
) -> FileTable:
    """Read a batch as it is, the rows of its parts one after the other.

    Columns that not all parts have in one type are text.

    Parameters
    ----------
    path : Path
    ignore, known, image
        See `read_file`.

    Raises
    ------
    UnreadableBatch
        If a part is not a table, or its columns are not those of the first; see `read_file`.
    """
    if not path.is_dir():
        return read_file(path, ignore, known, image)
    parts = list_parts(path)
    size = sum(part.stat().st_size for part in parts)
    if size > MAX_FILE_BYTES:
        raise UnreadableBatch(f"{path.name}: {size} bytes, at most {MAX_FILE_BYTES} are read; split the batch")
    tables, readings, cells = [], [], 0
    for part in parts:
        try:
            found = read_file(part, ignore, known, image)
        except UnreadableBatch as error:
            raise UnreadableBatch(f"{path.name}/{error}") from error
        tables.append(found.table)
        readings += [f"{part.name}: {said}" for said in found.readings]
        cells += found.table.num_rows * found.table.num_columns
        check_size(path.name, found.table.num_columns, cells)
        odd = find_odd_column([tables[0], found.table], known)
        if odd is not None:
            raise UnreadableBatch(
                f"{path.name}/{part.name}: {odd} is not in both it and {parts[0].name}; expected the same columns"
            )
    return FileTable(stack(tables), tuple(readings))


def require_batch(path: Path) -> None:
    """Refuse what is neither a file nor a folder of parts.

    Raises
    ------
    PratiqueError
        If there is no such thing, or the folder's name has a dot.
    """
    if path.is_dir():
        require_folder_name(path.resolve())
    elif not path.is_file():
        raise PratiqueError(
            f"{printable(str(path))}: not a file; name .csv or .parquet files to check, or folders of parts"
        )
