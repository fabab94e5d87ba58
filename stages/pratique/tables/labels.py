"""Labels that come in apart from their rows: joined to them by id, and part of what the batch is."""

from collections import Counter
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from pratique.core import paths
from pratique.core.documents import read_yaml
from pratique.core.errors import PratiqueError, UnreadableBatch
from pratique.core.hashing import sha256_file
from pratique.core.params import DataParams
from pratique.core.snapshot import Snapshot, copy_file, join_digests
from pratique.core.text import say_count
from pratique.tables.arrival import POINTER_SUFFIX, batch_name, require_file
from pratique.tables.parts import copy_batch, read_batch, sha256_batch
from pratique.tables.reading import FileTable, read_file

LABELS_SUFFIX = ".csv"


def labels_place(batch: str) -> Path:
    """The file that holds the labels of a batch, where they come in apart."""
    return paths.LABELS / f"{batch}{LABELS_SUFFIX}"


def tell_unseen(data: DataParams, pipeline: Path = paths.PIPELINE) -> str:
    """That DVC does not see labels that come in apart, and the line that mends it; nothing where it sees them."""
    if not data.labels_apart or not pipeline.is_file():
        return ""
    match read_yaml(pipeline):
        case {"stages": {"ingest": {"deps": list(deps)}}} if paths.LABELS not in [Path(str(dep)) for dep in deps]:
            return (
                f"{pipeline}: stages.ingest.deps lacks {paths.LABELS}, so `dvc repro` does not see labels that come; "
                f"add the line `- {paths.LABELS}`"
            )
    return ""


def copy_labelled(source: Path, place: Path, data: DataParams) -> Snapshot:
    """Copy a batch with its labels, if they came in apart.

    Raises
    ------
    PratiqueError
        If the labels are no regular file, their folder is a link, or the batch is none; see `copy_batch`.
    """
    copy, labels = copy_batch(source, place), _find_labels(source, data)
    if labels is None:
        return copy
    return copy.join(copy_file(labels, place.with_name(f"{place.name}.labels{LABELS_SUFFIX}")))


def sha256_labelled(source: Path, data: DataParams) -> str:
    """Hexadecimal SHA-256 of a batch as it lies there, with its labels if they came in apart; raises as copying does.

    It is the one by which a record names the batch.
    """
    rows, labels = sha256_batch(source), _find_labels(source, data)
    return rows if labels is None else join_digests(rows, sha256_file(labels))


def list_stray_labels(batches: Collection[str]) -> list[Path]:
    """The files in data/labels that are the labels of none of these batches, sorted."""
    wanted = set(map(labels_place, batches))
    files = (path for path in paths.LABELS.rglob("*") if path.is_file() and path not in wanted)
    return sorted(path for path in files if not path.name.startswith(".") and path.suffix != POINTER_SUFFIX)


def _find_labels(source: Path, data: DataParams) -> Path | None:
    """The file of a batch's labels, where they came in apart; None where there is none."""
    labels = labels_place(batch_name(source))
    if not data.labels_apart or not (labels.exists() or labels.is_symlink()):
        return None
    if labels.parent.is_symlink():
        raise PratiqueError(f"{labels.parent}: a link; put a folder there, named after the source, with labels in it")
    require_file(labels)
    return labels


def read_labelled(snapshot: Snapshot, data: DataParams, known: Collection[str] = ()) -> FileTable:
    """The rows of a batch, each with its label; or without, and waiting for them.

    Raises
    ------
    UnreadableBatch
        If batch or labels can't be read, or don't fit each other.
    """
    found = read_batch(snapshot.path, data.ignore, known, data.image_size)
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
