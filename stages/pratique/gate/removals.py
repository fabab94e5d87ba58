"""Batches that a change takes away or replaces: accepted rows leave training by a reviewer's word only."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Literal

from pratique.core.errors import UnreadableBatch
from pratique.core.params import DataParams
from pratique.core.snapshot import Snapshot
from pratique.decisions import ledger
from pratique.decisions.decision import DecisionFile
from pratique.gate.changes import Change, Refusal, ledger_at
from pratique.provenance.record import Record
from pratique.tables.arrival import batch_name
from pratique.tables.labels import read_labelled

Was = Literal["accepted", "quarantined", "waiting"]


@dataclass(frozen=True)
class Removal:
    """A batch whose bytes are no longer there once the change is merged.

    Attributes
    ----------
    path : Path
    stands : str
        The file or folder of git's that held them or stood for them.
    was : {"accepted", "quarantined", "waiting"}
        What became of them, as far as the ledger knows: bytes that it does not know may have been accepted, unless they
        wait for their labels.
    rejected_by : str, optional
        The reviewer who rejected these bytes, by a decision that counts.
    """

    path: Path
    stands: str
    was: Was
    rejected_by: str | None

    @property
    def refusal(self) -> Refusal | None:
        """Why the batch may not be taken away; None if it may."""
        if self.was != "accepted" or self.rejected_by is not None:
            return None
        name = batch_name(self.path)
        remedy = f"git checkout BASE -- {self.stands}; or a reviewer first: pratique review reject {name}"
        return Refusal(str(self.path), f"takes away {name}, which was accepted, and nobody rejected it", remedy)

    @property
    def text(self) -> str:
        """For people."""
        was = "waited for its labels" if self.was == "waiting" else f"was {self.was}"
        by = "" if self.rejected_by is None else f", rejected by {self.rejected_by}"
        return f"{self.path}: takes away {batch_name(self.path)}, which {was}{by}"


def list_removals(
    change: Change, brought: Sequence[Record], counted: Sequence[DecisionFile], data: DataParams
) -> list[Removal]:
    """The batches that a change takes away or replaces, sorted by path; what comes under another name is still there.

    Parameters
    ----------
    change : Change
    brought : sequence of Record
        Of the batches that the change brings.
    counted : sequence of DecisionFile
        The decisions that are in force, and are their reviewers'.
    data : DataParams

    Raises
    ------
    PratiqueError
        If the bytes that a pointer stood for can't be had.
    """
    known, there = ledger.latest(ledger_at(change.base)), {record.sha256 for record in brought}
    found = []
    for path, held in sorted(change.before.files.items()):
        stands = {held.stands} | ({held.labels.stands} if held.labels else set())
        moved = any(PurePosixPath(each).is_relative_to(place) for each in change.touched for place in stands)
        labelled = path in change.files and change.after.files[path].labels != held.labels
        if not (moved or labelled) or (path in change.after.files and path not in change.files):
            continue
        with TemporaryDirectory(prefix="pratique-") as folder:
            snapshot = change.before.copy(path, Path(folder) / path)
            waits, sha256 = _waits(snapshot, data), snapshot.sha256
        if sha256 in there:
            continue
        entry, rejects = known.get(batch_name(path)), [d for d in counted if d.content.action == "reject"]
        held_back = entry is not None and entry.subject == sha256 and entry.outcome != "accepted"
        was: Was = "waiting" if waits else "quarantined" if held_back else "accepted"
        own = (d.content.reviewer for d in rejects if (d.content.batch, d.subject) == (batch_name(path), sha256))
        found.append(Removal(path, held.stands, was, next(own, None)))
    return found


def _waits(snapshot: Snapshot, data: DataParams) -> bool:
    """Whether a batch waited for its labels, so that none of its rows was let in."""
    try:
        return data.labels_apart and read_labelled(snapshot, data).waits
    except UnreadableBatch:
        return False
