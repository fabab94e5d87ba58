"""A record that somebody brings along, as from the gate: whoever has it needs no run of the pipeline to decide.

Nobody believes it because it was given. A decision binds what it says, and counts only where the gate finds the same.
"""

from pathlib import Path

from pratique.core.errors import PratiqueError, printable
from pratique.core.hashing import sha256_file
from pratique.provenance.record import Record


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
