"""Taking in what came: untrusted bytes read safely and hashed, canonical Parquet written.

What can't be read is kept as its original bytes, beside a note that says why: bad data is not an error.
"""

from collections.abc import Collection
from pathlib import Path
from tempfile import TemporaryDirectory

from pratique.core import paths
from pratique.core.budget import limit_memory
from pratique.core.checksums import write_checksums
from pratique.core.columns import read_declared
from pratique.core.errors import UnreadableBatch
from pratique.core.hashing import sha256_file
from pratique.core.params import DataParams, load
from pratique.core.progress import show_progress
from pratique.core.screen import say
from pratique.core.writing import keep_only, write_bytes, write_json, write_table
from pratique.tables.arrival import Arrival, batch_name, find_incoming, tell_strays
from pratique.tables.labels import copy_labelled, list_stray_labels, read_labelled, tell_unseen
from pratique.tables.parts import list_files


def ingest_all() -> None:
    """Ingest everything in data/incoming."""
    params, known = load(), tuple(read_declared() or ())
    data = params.data
    unseen = tell_unseen(data)
    if unseen:
        say(unseen, error=True)
    wanted: list[Path] = []
    incoming = find_incoming(paths.INCOMING)
    if strays := tell_strays(paths.INCOMING):
        say(strays, error=True)
    for path in show_progress(incoming, "ingesting"):
        with limit_memory(params.examination.memory_gib):
            wanted += ingest(path, paths.BATCHES, data, known)
    listed = write_checksums(paths.BATCHES, {path: sha256_file(path) for path in wanted})
    keep_only(paths.BATCHES, [*wanted, listed])
    if data.labels_apart:
        for stray in list_stray_labels(list(map(batch_name, incoming))):
            say(f"{stray}: labels of no batch in {paths.INCOMING}, so nobody reads them", error=True)


def ingest(path: Path, folder: Path, data: DataParams, known: Collection[str] = ()) -> list[Path]:
    """Write one batch, or the bytes that are none, and the note about it; return the files written.

    Parameters
    ----------
    path : Path
        What came in.
    folder : Path
        Where it is written.
    data : DataParams
    known : collection of str
        Columns that are declared: see `read_file`.
    """
    batch = batch_name(path)
    with TemporaryDirectory(prefix="pratique-") as place:
        snapshot = copy_labelled(path, Path(place) / path.name, data)
        try:
            found = read_labelled(snapshot, data, known)
        except UnreadableBatch as error:
            arrival = Arrival(batch, path.name, snapshot.sha256, fault=str(error))
            written = _keep_bytes(snapshot.path, folder / arrival.source / f"{arrival.stem}.original")
            if snapshot.labels is not None:
                written += _keep_bytes(snapshot.labels, folder / arrival.source / f"{arrival.stem}.labels")
        else:
            table, said = found.table, found.readings
            counts = (table.num_rows, table.num_columns)
            arrival = Arrival(batch, path.name, snapshot.sha256, *counts, readings=said, waits=found.waits)
            written = [folder / arrival.source / f"{arrival.stem}.parquet"]
            write_table(written[0], table)
    note = folder / arrival.source / f"{arrival.stem}.json"
    write_json(note, arrival.to_json())
    return [*written, note]


def _keep_bytes(path: Path, place: Path) -> list[Path]:
    """Keep a file, or each part of a folder, as it came."""
    copies = {file: place / file.relative_to(path) for file in list_files(path)}
    for file, copy in copies.items():
        write_bytes(copy, file.read_bytes())
    return list(copies.values())
