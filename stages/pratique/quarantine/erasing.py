"""Erasing: rows of a batch, or all of it, and whatever was made of it, go; a line says so.

The line is written first, and what came in changes last: an erasure that is interrupted before is the same one when it
is asked for again.
"""

import shutil
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq

from pratique.core import paths
from pratique.core.checksums import forget_files
from pratique.core.errors import PratiqueError, UnreadableBatch
from pratique.core.hashing import sha256_bytes, sha256_file, sha256_json
from pratique.core.params import DataParams
from pratique.core.snapshot import join_digests
from pratique.core.writing import keep_only, write_bytes, write_table, write_text
from pratique.decisions.erasure import Erasure, add_erasure, make_erasure
from pratique.provenance.summary import place_of
from pratique.quarantine.clear import EXAMINATIONS
from pratique.quarantine.kept import KEPT, list_kept_of_others
from pratique.tables.arrival import batch_name
from pratique.tables.erasing import drop_all, drop_rows
from pratique.tables.labels import labels_place, sha256_labelled
from pratique.tables.parts import list_files, read_batch


@dataclass(frozen=True)
class ErasurePlan:
    """What an erasure does.

    Attributes
    ----------
    file : Path
        The batch, where it came in.
    before : str
        Its SHA-256, with its labels.
    content : Erasure
    changed : dict of Path to bytes, optional
        What its files become; None for one that goes.
    """

    file: Path
    before: str
    content: Erasure
    changed: dict[Path, bytes | None]

    def carry_out(self) -> list[Path]:
        """Write the line, take away what was made of the batch, and change its files; what went or changed."""
        add_erasure(self.file, self.before, self.content)
        made = remove_made(self.content.batch)
        for path, content in self.changed.items():
            if content is None:
                path.unlink()
            else:
                write_bytes(path, content)
        if self.file.is_dir() and not any(self.file.iterdir()):
            self.file.rmdir()
        return [*self.changed, *made]


def plan_erasure(file: Path, rows: Collection[int] | None, reason: str, data: DataParams) -> ErasurePlan:
    """What erasing rows of an incoming batch, or all of it, would change.

    Parameters
    ----------
    file : Path
    rows : collection of int, optional
        Positions; None for the whole batch.
    reason : str
    data : DataParams

    Raises
    ------
    PratiqueError
        If there are no such rows, or the file can't be written without them.
    """
    try:
        count: int | None = read_batch(file, data.ignore, image=data.image_size).table.num_rows
    except UnreadableBatch as error:
        if rows is not None:
            raise PratiqueError(f"{error}; only the whole batch can be erased") from error
        count = None
    changed = drop_all(file, data) if rows is None else drop_rows(file, set(rows), data)
    whole = all(path in changed and changed[path] is None for path in list_files(file))
    changed = drop_all(file, data) if whole else changed
    after = None if whole else _digest_after(file, changed, data)
    said = make_erasure(batch_name(file), after, count if rows is None else len(set(rows)), reason)
    return ErasurePlan(file, sha256_labelled(file, data), said, changed)


def _digest_after(file: Path, changed: dict[Path, bytes | None], data: DataParams) -> str:
    """The SHA-256 of the batch, with its labels, once its files are changed; see `sha256_labelled`."""
    labels = labels_place(batch_name(file))

    def digest(path: Path) -> str | None:
        content = changed.get(path)
        return sha256_bytes(content) if content is not None else None if path in changed else sha256_file(path)

    if file.is_dir():
        parts = ((part.name, digest(part)) for part in sorted(file.iterdir()))
        rows = sha256_json([[name, found] for name, found in parts if found is not None])
    else:
        rows = digest(file) or ""
    theirs = digest(labels) if data.labels_apart and labels.is_file() else None
    return rows if theirs is None else join_digests(rows, theirs)


def _forget_lines(batch: str) -> None:
    """Take a batch out of the tables of the last run: why a row is held may show a cell of it."""
    if paths.ROWS_PARQUET.is_file():
        table = pq.read_table(paths.ROWS_PARQUET)
        write_table(paths.ROWS_PARQUET, table.filter(pc.field("batch") != batch))
    if paths.BATCHES_CSV.is_file():
        lines = paths.BATCHES_CSV.read_text(encoding="utf-8").splitlines(keepends=True)
        write_text(paths.BATCHES_CSV, "".join(line for line in lines if line.partition(",")[0] != batch))


def remove_made(batch: str) -> list[Path]:
    """Take away what stages made of a batch, and what earlier runs kept of it; what there was.

    Of caches all goes that is not known to be of another batch.
    """
    places = (
        *(paths.BATCHES / f"{batch}{suffix}" for suffix in (".json", ".parquet", ".original", ".labels")),
        paths.ACCEPTED / f"{batch}.parquet", paths.QUARANTINE / batch, paths.RECORDS / f"{batch}.json",
        paths.PAGES / f"{batch}.html", paths.INDEX, place_of(batch),
    )  # fmt: skip
    made = [path for path in places if path.exists()]
    for folder in (paths.BATCHES, paths.RECORDS):
        forget_files(folder, made)
    for path in made:
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    _forget_lines(batch)
    kept = list_kept_of_others(batch)
    for folder in filter(Path.is_dir, (KEPT, EXAMINATIONS)):
        keep_only(folder, kept)
    if paths.GATE.is_dir():
        keep_only(paths.GATE, [])
    return made
