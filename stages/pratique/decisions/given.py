"""A record that somebody brings along, as from the gate: whoever has it needs no run of the pipeline to decide.

Nobody believes it because it was given. A decision binds what it says, and counts only where the gate finds the same.
"""

from pathlib import Path

from pratique.core.errors import PratiqueError, printable
from pratique.core.params import DataParams
from pratique.provenance.record import Record
from pratique.tables.labels import sha256_labelled


def read_given(batch: str, place: Path, data: DataParams) -> Record:
    """The record of a batch in a file.

    Parameters
    ----------
    batch : str
    place : Path
    data : DataParams
        They say whether labels, which the record is about, too, come in apart.

    Raises
    ------
    PratiqueError
        If there is none, it is of another batch, or the batch lies here, a file or a folder of parts, and has other
        bytes.
    """
    if not place.is_file():
        raise PratiqueError(f"{place}: not a file; name the record of {printable(batch)} that the gate wrote")
    record = Record.read(place)
    if record.batch != batch:
        raise PratiqueError(f"{place}: the record of {record.batch}; expected that of {printable(batch)}")
    file = Path(record.file)
    if (file.is_file() or file.is_dir()) and sha256_labelled(file, data) != record.sha256:
        raise PratiqueError(f"{file}: other bytes than {place} is about; take the record of the gate's last run")
    return record
