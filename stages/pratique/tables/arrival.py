"""What came in: which files are batches, what they are called, and the note that ingest keeps of each."""

import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pratique.core.errors import PratiqueError, printable

POINTER_SUFFIX = ".dvc"
BATCH_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
NAME_RULE = "use letters, digits, dot, dash and underscore only, at most 100, and begin with a letter or digit"
MOST_STRAYS = 5
"""Files that one line names."""
NO_DOT = "a folder of parts has no dot in its name; rename it"


@dataclass(frozen=True)
class Arrival:
    """One batch that came in: a file, or a folder of parts.

    Attributes
    ----------
    batch : str
        `<source>/<stem>`.
    file : str
        The file's name, with its suffix, or the folder's.
    sha256 : str
        Of the file's bytes, or over the names and digests of the parts.
    rows : int
        0 where it can't be read.
    columns : int
    fault : str, optional
        Why it can't be read as a table.
    readings : tuple of str
        What of it was read otherwise than it seems.
    waits : bool
        Whether its labels are still to come, so that nobody judges it.
    """

    batch: str
    file: str
    sha256: str
    rows: int = 0
    columns: int = 0
    fault: str | None = None
    readings: tuple[str, ...] = ()
    waits: bool = False

    @property
    def source(self) -> str:
        """The folder that the file came in."""
        return self.batch.split("/")[0]

    @property
    def stem(self) -> str:
        """The batch's name within its source."""
        return self.batch.split("/")[1]

    def to_json(self) -> dict[str, Any]:
        """As ingest writes it."""
        return asdict(self)


def find_incoming(folder: Path) -> list[Path]:
    """The files and folders of all batches, sorted by source and name; dot-files and DVC's pointers are none.

    A file that is in no source's folder is none either: see `tell_strays`.

    Raises
    ------
    PratiqueError
        If there is no batch, a source is no folder, a file is not a regular file, has a name that could be taken
        for a path or an option, or would share its batch's name with another; or if a folder holds anything but parts.
    """
    files = []
    for source in (each for each in _list_entries(folder) if not _is_stray(each)):
        _require_name(source)
        if source.is_symlink() or not source.is_dir():
            raise PratiqueError(f"{_show_path(source)}: expected a folder named after its source, with batches in it")
        files += _list_entries(source)
    if not files:
        raise PratiqueError(f"{folder}: no batch; put files there as {folder}/<source>/<batch>.csv or .parquet")
    seen: dict[str, Path] = {}
    for path in files:
        _require_name(path)
        if path.is_dir() and not path.is_symlink():
            require_folder_name(path)
            list_parts(path)
        else:
            require_file(path)
        first = seen.setdefault(batch_name(path).casefold(), path)
        if first != path:
            raise PratiqueError(f"{first} and {path}: both would be batch '{batch_name(path)}'; rename one")
    return files


def tell_strays(folder: Path) -> str:
    """That files lie beside the folders of the sources, where nobody takes them in; nothing where none does."""
    strays = [_show_path(path) for path in _list_entries(folder) if _is_stray(path)]
    if not strays:
        return ""
    more = f" and {len(strays) - MOST_STRAYS:,} more" if len(strays) > MOST_STRAYS else ""
    named = f"{', '.join(strays[:MOST_STRAYS])}{more}"
    return f"not taken in, in no folder of a source: {named}; move each to {folder.as_posix()}/<source>/"


def _is_stray(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


def list_parts(folder: Path) -> list[Path]:
    """The files of a folder that is one batch, in the order of their names.

    Raises
    ------
    PratiqueError
        If there is none, or anything in it is no plain file of that name's form.
    """
    parts = sorted(folder.iterdir())
    if not parts:
        raise PratiqueError(f"{_show_path(folder)}: an empty folder; put the parts of the batch there, or take it away")
    for part in parts:
        require_file(part)
        fault = find_part_fault(part.name)
        if fault is not None:
            raise PratiqueError(f"{_show_path(part)}: {fault}")
    if len({part.name.casefold() for part in parts}) < len(parts):
        raise PratiqueError(f"{_show_path(folder)}: names of parts differ by case alone; rename them")
    return parts


def require_folder_name(folder: Path) -> None:
    """Refuse a folder of parts whose batch could be taken for that of a file.

    Raises
    ------
    PratiqueError
        If its name has a dot.
    """
    if "." in folder.name:
        raise PratiqueError(f"{_show_path(folder)}: {NO_DOT}")


def find_part_fault(name: str) -> str | None:
    """Why a file of this name is no part of a batch; None where it may be one.

    Examples
    --------
    >>> find_part_fault("part-0.parquet") is None, find_part_fault("_SUCCESS") is None
    (True, False)
    """
    if not BATCH_FILE_NAME.fullmatch(name):
        return f"no part of a batch: {NAME_RULE}; keep nothing but parts in the folder"
    if name.endswith(POINTER_SUFFIX):
        return "a part has no pointer of its own; `dvc add` the folder as one"
    return None


def require_file(path: Path) -> None:
    """Refuse what is no file of its own.

    Raises
    ------
    PratiqueError
        If it is a link, a folder or anything else.
    """
    if path.is_symlink() or not path.is_file():
        raise PratiqueError(f"{_show_path(path)}: not a regular file; put the batch's own bytes there")


def _list_entries(folder: Path) -> list[Path]:
    there = folder.iterdir() if folder.is_dir() else ()
    return sorted(p for p in there if not p.name.startswith(".") and p.suffix != POINTER_SUFFIX)


def batch_name(path: Path) -> str:
    """`<source>/<stem>` of an incoming file or folder; a folder's name has no dot."""
    return f"{path.parent.name}/{path.stem}"


def split_row(words: str) -> tuple[str, int | None]:
    """The batch and the row of it that `<source>/<batch>:<row>` names; no row where it names a batch alone.

    Raises
    ------
    PratiqueError
        If what stands behind the colon is no position.

    Examples
    --------
    >>> split_row("crowd/w01:7"), split_row("crowd/w01")
    (('crowd/w01', 7), ('crowd/w01', None))
    """
    batch, _, row = words.partition(":")
    if row and not re.fullmatch(r"[0-9]{1,9}", row):
        raise PratiqueError(f"{printable(batch)}: no row '{printable(row)}'; rows are counted from 0")
    return batch, int(row) if row else None


def name_order(batch: str) -> tuple[list[tuple[str, int]], str]:
    """What sorts batches by their names, in which digits are numbers: by it one batch comes before another.

    Examples
    --------
    >>> sorted(["crowd/week10", "crowd/week9", "crowd/week9-late"], key=name_order)
    ['crowd/week9', 'crowd/week9-late', 'crowd/week10']
    """
    return [(text, int(digits or -1)) for text, digits in re.findall("([^0-9]*)([0-9]*)", batch)], batch


def list_predecessors(batches: Iterable[str]) -> dict[str, str]:
    """The batch that comes before each one, of the same source and in the order of `name_order`; the first has none.

    Examples
    --------
    >>> list_predecessors(["scanner/w02", "crowd/w01", "scanner/w10", "scanner/w01"])
    {'scanner/w02': 'scanner/w01', 'scanner/w10': 'scanner/w02'}
    """
    last: dict[str, str] = {}
    found = {}
    for batch in sorted(batches, key=name_order):
        source = batch.partition("/")[0]
        if source in last:
            found[batch] = last[source]
        last[source] = batch
    return found


def _require_name(path: Path) -> None:
    if not BATCH_FILE_NAME.fullmatch(path.name):
        raise PratiqueError(f"{_show_path(path)}: {NAME_RULE}")


def _show_path(path: Path) -> str:
    return printable(path.as_posix())
