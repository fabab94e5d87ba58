"""`pratique export`: the last run in the formats of other people's tools."""

from collections.abc import Callable
from pathlib import Path

from pratique.core.errors import PratiqueError, printable
from pratique.core.screen import STANDARD_OUTPUT
from pratique.core.writing import write_text
from pratique.lineage.last_run import LastRun, read_last_run, tell_time
from pratique.lineage.openlineage import EventWriter
from pratique.lineage.prov import prov_document

EXPORTS: dict[str, Callable[[LastRun, str], str]] = {
    "openlineage": lambda run, namespace: EventWriter(namespace, tell_time()).text(run),
    "prov": prov_document,
}


def export(form: str, file: Path, namespace: str) -> None:
    """Write the last run to a file, or to standard output where the file is `-`.

    Parameters
    ----------
    form : str
        A key of `EXPORTS`.
    file : Path
    namespace : str
        What keeps the names of this repository apart from those of others.

    Raises
    ------
    PratiqueError
        If the pipeline has not run, the ledger does not name a record, or the file is a folder.
    """
    if file.is_dir():
        raise PratiqueError(f"{printable(str(file))}: a folder; name a file to write, or - for standard output")
    text = EXPORTS[form](read_last_run(), namespace)
    if file == STANDARD_OUTPUT:
        print(text, end="")
    else:
        write_text(file, text)
