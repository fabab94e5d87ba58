"""Labels that come in apart from their rows: joined to them by id, and part of what the batch is."""

from collections import Counter
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from pratique.core import paths
from pratique.core.errors import UnreadableBatch
from pratique.core.params import DataParams
from pratique.core.snapshot import Snapshot, copy_file
from pratique.core.text import say_count
from pratique.tables.arrival import batch_name, require_file
from pratique.tables.parts import copy_batch, read_batch
from pratique.tables.reading import FileTable, read_file

LABELS_SUFFIX = ".csv"


def labels_place(batch: str) -> Path:
    """The file that holds the labels of a batch, where they come in apart."""
    return paths.LABELS / f"{batch}{LABELS_SUFFIX}"


def copy_labelled(source: Path, place: Path, data: DataParams) -> Snapshot:
    """Copy a batch with its labels, if they came in apart.

    Raises
    ------
    PratiqueError
        If the labels are no regular file, or the batch is none; see `copy_batch`.
    """
    copy, labels = copy_batch(source, place), labels_place(batch_name(source))
    if not data.labels_apart or not (labels.exists() or labels.is_symlink()):
        return copy
    require_file(labels)
    return copy.join(copy_file(labels, place.with_name(f"{place.name}.labels{LABELS_SUFFIX}")))


def read_labelled(snapshot: Snapshot, data: DataParams, known: Collection[str] = ()) -> FileTable:
    """The rows of a batch, each with its label; or without, and waiting for them.

    Raises
    ------
    UnreadableBatch
        If batch or labels can't be read, or don't fit each other.
    """
    found = read_batch(snapshot.path, data.ignore, known)
    if not data.labels_apart:
        return found
    has_labels = data.label in found.table.column_names
    if snapshot.labels is None:
        return replace(found, waits=not has_labels)
    place = f"labels of {snapshot.path.name}"
    if has_labels:
        raise UnreadableBatch(f"{place}: the batch has labels of its own, too; keep one of them")
    try:
        labels = read_file(snapshot.labels, (), known)
    except UnreadableBatch as error:
        raise UnreadableBatch(f"{place}: {str(error).removeprefix(f'{snapshot.labels.name}: ')}") from error
    return join_labels(found, labels.table, data, place)


def join_labels(found: FileTable, labels: pa.Table, data: DataParams, place: str) -> FileTable:
    """Give each row the label of its id; a row whose id has none has an empty one, and that is said.

    Raises
    ------
    UnreadableBatch
        If a column is missing or too many, or an id stands twice among the labels.
    """
    name = data.id or ""
    if set(labels.column_names) != {name, data.label}:
        raise UnreadableBatch(f"{place}: expected the columns data.id and data.label of params.yaml, and no other")
    if name not in found.table.column_names:
        raise UnreadableBatch(f"{place}: the batch has no column data.id, by which labels are joined")
    theirs, ours = (pc.cast(table[name], pa.string()).to_pylist() for table in (labels, found.table))
    first: dict[str | None, int] = {}
    for row, key in enumerate(theirs):
        if first.setdefault(key, row) != row:
            raise UnreadableBatch(f"{place}: rows {first[key]} and {row} (from 0) have one id; keep one of them")
    rows = pa.array([None if key is None else first.get(key) for key in ours], pa.int64())
    table = found.table.append_column(data.label, pc.take(labels[data.label], rows).combine_chunks())
    counts = Counter(ours)
    said = (
        (rows.null_count, "row", "without a label in data/labels"),
        (len(first.keys() - counts.keys()), "label", "of no row of the batch"),
        (sum(count for count in counts.values() if count > 1), "row", "with the id, and so the label, of another"),
    )
    readings = tuple(f"labels: {say_count(count, what)} {words}" for count, what, words in said if count)
    return replace(found, table=table, readings=(*found.readings, *readings))
