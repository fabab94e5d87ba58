"""What people decide on: pages, a picture of the worst and records of the batches that the gate examined.

They are made where the batches were examined, from what was computed there, and laid out as a run of the pipeline does.
"""

import shutil
from collections.abc import Sequence
from pathlib import Path

from pratique.core import paths
from pratique.core.checksums import CHECKSUMS, write_checksums
from pratique.core.hashing import sha256_file
from pratique.core.params import load
from pratique.core.writing import write_bytes, write_table
from pratique.dossier.dossier import DossierBuilder
from pratique.pages.picture import draw_picture
from pratique.pages.site import write_site
from pratique.provenance.record import Record
from pratique.quarantine.clear import ClearedBatch, ClearedSummary
from pratique.quarantine.tables import write_tables
from pratique.results.records import read_records

SHOWN = {
    paths.INDEX: "index.html",
    paths.REFERENCE_PAGE: "reference.html",
    paths.PAGES: "batches",
    paths.RECORDS: "records",
}
"""What is shown, and what it is called in the folder of the gate: links between pages hold there, too."""
WORST_PNG = "worst.png"


def rank_worst(record: Record) -> tuple[float, str]:
    """What sorts batches so that the worst come first."""
    return record.p_value, record.batch


class Showcase:
    """Takes in batches as they are examined, in the current folder, and shows them in another."""

    def __init__(self) -> None:
        self._cleared: dict[str, ClearedSummary] = {}

    def take(self, cleared: ClearedBatch, record: Record) -> None:
        """Keep the rows of a batch, and what was found out about it."""
        if cleared.batch is not None:
            write_table(paths.BATCHES / f"{record.batch}.parquet", cleared.batch.table)
        record.write()
        self._cleared[record.batch] = cleared.summary()

    def show(self, folder: Path, stopped: Sequence[str]) -> None:
        """Write everything, and leave the current folder as it was before.

        Parameters
        ----------
        folder : Path
            Where to show them.
        stopped : sequence of str
            The batches that are not let in.
        """
        write_tables([self._cleared[name] for name in sorted(self._cleared)])
        for place, files in ((paths.BATCHES, paths.BATCHES), (paths.RECORDS, paths.BATCHES.parent)):
            write_checksums(place, {path: sha256_file(path) for path in files.rglob("*") if path.is_file()})
        params, facts = load(), read_records()
        desk = DossierBuilder(params, facts, priced=())
        write_site(params, facts, desk, at_gate=True)
        for worst in sorted((one for one in facts if one.batch in stopped), key=rank_worst)[:1]:
            write_bytes(folder / WORST_PNG, draw_picture(desk.dossier(worst), params.alarms.alpha))
        for place, name in SHOWN.items():
            if place.is_dir():
                shutil.copytree(place, folder / name, ignore=shutil.ignore_patterns(CHECKSUMS), dirs_exist_ok=True)
            elif place.is_file():
                write_bytes(folder / name, place.read_bytes())
        for place in (paths.BATCHES, paths.RECORDS, paths.REPORTS):
            shutil.rmtree(place, ignore_errors=True)
