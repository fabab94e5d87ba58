"""What ingest wrote, read back: notes, rows and bytes, each held to its digest."""

from functools import cache
from pathlib import Path

import pyarrow as pa
from pydantic import TypeAdapter, ValidationError

from pratique.core import paths
from pratique.core.checksums import CHECKSUMS, Checksums, DamagedFile
from pratique.core.errors import PratiqueError, printable
from pratique.tables.arrival import Arrival, batch_name, name_order
from pratique.tables.reading import read_table


def read_arrivals(folder: Path) -> list[Arrival]:
    """The notes that ingest wrote, in the order of `name_order`.

    Raises
    ------
    PratiqueError
        If there is none, or one is gone or not as it was written.
    """
    if not (folder / CHECKSUMS).is_file() and not any(folder.glob("*/*.json")):
        raise PratiqueError(f"{folder}: nothing is ingested; run `pratique ingest` (or `dvc repro`) first")
    written = Checksums.read(folder)
    notes = {path for path in written.list_below(folder) if _is_note(path, folder)}
    notes |= set(folder.glob("*/*.json"))  # one that ingest did not write is an error, and not overlooked
    return sorted((_read_note(note, written) for note in sorted(notes)), key=lambda arrival: name_order(arrival.batch))


def is_waiting(batch: str) -> bool:
    """Whether ingest noted that the labels of a batch are still to come; see `read_arrivals` for what it raises."""
    note = paths.BATCHES / f"{batch}.json"
    return note.is_file() and _read_note(note, Checksums.read(paths.BATCHES)).waits


def place_rows(batch: str) -> Path:
    """Where the rows of a batch that can be read lie."""
    return paths.BATCHES / f"{batch}.parquet"


def digest_rows(batch: str) -> str:
    """The SHA-256 of that file; see `Checksums.require` for what it raises."""
    return Checksums.read(paths.BATCHES).require(place_rows(batch))


def read_rows(batch: str) -> pa.Table:
    """The rows of a batch; see `Checksums.require` for what it raises."""
    digest_rows(batch)
    return read_table(place_rows(batch))


def read_original(path: Path) -> bytes:
    """The bytes that came in and are no table, or a part of them; see `Checksums.read_bytes` for what it raises."""
    return Checksums.read(paths.BATCHES).read_bytes(path)


def list_originals(folder: Path) -> list[Path]:
    """The files that ingest kept as they came, at or below a place."""
    return Checksums.read(paths.BATCHES).list_below(folder)


def _is_note(path: Path, folder: Path) -> bool:
    """Whether a file is a note; a part of a folder that could not be read lies deeper."""
    return path.suffix == ".json" and path.parent.parent == folder


def _read_note(note: Path, written: Checksums) -> Arrival:
    try:
        arrival = _note_adapter().validate_json(written.read_bytes(note), strict=True, extra="forbid")
    except ValidationError as error:
        raise DamagedFile(f"{note}: not as `pratique ingest` wrote it; run it (or `dvc repro`) again") from error
    if arrival.batch != batch_name(note):
        raise DamagedFile(
            f"{note}: is about '{printable(arrival.batch)}'; run `pratique ingest` (or `dvc repro`) again"
        )
    return arrival


@cache
def _note_adapter() -> TypeAdapter[Arrival]:
    """Made once: making it takes longer than reading a hundred notes."""
    return TypeAdapter(Arrival)
