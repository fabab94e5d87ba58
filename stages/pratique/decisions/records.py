"""The records that people decide on: those of the last run, or one that somebody brings along, as from the gate.

With the gate's, nobody needs to run the pipeline to decide. Nobody believes it because it was given: a decision binds
what it says, and counts only where the gate finds the same.
"""

import re
from pathlib import Path

from pratique.core import paths
from pratique.core.errors import PratiqueError, printable
from pratique.core.hashing import sha256_file
from pratique.provenance.record import Record

BATCH_PATTERN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}/[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


def _find(batch: str) -> Path:
    """Where the record of a batch is.

    Raises
    ------
    PratiqueError
        If the words are no batch's name, or it has no record.
    """
    if not BATCH_PATTERN.fullmatch(batch):
        raise PratiqueError(f"'{printable(batch)}': not a batch's name; expected <source>/<batch>")
    path = paths.RECORDS / f"{batch}.json"
    if not path.is_file():
        raise PratiqueError(f"{batch}: no record in {paths.RECORDS}; see `pratique review list`, or run `dvc repro`")
    return path


def read_record(batch: str, given: Path | None = None) -> Record:
    """The record of a batch, of the last run or in a file that is given.

    Raises
    ------
    PratiqueError
        If there is none; see `read_given` and `Record.read`.
    """
    return Record.read(_find(batch)) if given is None else read_given(batch, given)


def read_given(batch: str, place: Path) -> Record:
    """The record of a batch in a file.

    Raises
    ------
    PratiqueError
        If there is none, it is of another batch, or the batch's file lies here and has other bytes.
    """
    if not place.is_file():
        raise PratiqueError(f"{place}: not a file; name the record of {printable(batch)} that the gate wrote")
    record = Record.read(place)
    if record.batch != batch:
        raise PratiqueError(f"{place}: the record of {record.batch}; expected that of {printable(batch)}")
    file = Path(record.file)
    if file.is_file() and sha256_file(file) != record.sha256:
        raise PratiqueError(f"{file}: other bytes than {place} is about; take the record of the gate's last run")
    return record
