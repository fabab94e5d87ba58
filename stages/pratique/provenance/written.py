"""The records that validate wrote, read back, each held to its digest."""

from pathlib import Path

from pratique.core import paths
from pratique.core.checksums import CHECKSUMS, Checksums
from pratique.provenance.record import Record


def read_written_record(place: Path) -> Record:
    """A record of the last run.

    Raises
    ------
    PratiqueError
        If it is not here, not as it was written, or of another version.
    """
    return Record.parse(Checksums.read(paths.RECORDS).read_bytes(place), str(place))


def has_record(batch: str) -> bool:
    """Whether the last run wrote a record of a batch, or one lies here whoever wrote it; see `Checksums.read`."""
    place = paths.RECORDS / f"{batch}.json"
    if not (paths.RECORDS / CHECKSUMS).is_file():
        return place.is_file()
    return place.is_file() or Checksums.read(paths.RECORDS).names(place)


def list_record_places() -> list[Path]:
    """Where the records of the last run are, and those that lie beside them whoever wrote them, sorted.

    Raises
    ------
    PratiqueError
        If nothing says what the last run wrote.
    """
    written = {path for path in Checksums.read(paths.RECORDS).list_below(paths.RECORDS) if path.suffix == ".json"}
    return sorted(written | set(paths.RECORDS.glob("*/*.json")))
