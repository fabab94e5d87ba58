"""Batches that a change takes away or replaces: accepted rows leave training by a reviewer's word only."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from pratique.decisions import ledger
from pratique.decisions.decision import DecisionFile
from pratique.gate.changes import Change, Refusal, ledger_at
from pratique.provenance.record import Record
from pratique.tables.arrival import batch_name


@dataclass(frozen=True)
class Removal:
    """A batch whose bytes are no longer there once the change is merged.

    Attributes
    ----------
    path : Path
    stands : str
        The file or folder of git's that held them or stood for them.
    accepted : bool
        Whether they were accepted, as far as the ledger knows: bytes that it does not know may have been.
    rejected_by : str, optional
        The reviewer who rejected these bytes, by a decision that counts.
    """

    path: Path
    stands: str
    accepted: bool
    rejected_by: str | None

    @property
    def refusal(self) -> Refusal | None:
        """Why the batch may not be taken away; None if it may."""
        if not self.accepted or self.rejected_by is not None:
            return None
        name = batch_name(self.path)
        remedy = f"git checkout BASE -- {self.stands}; or a reviewer first: pratique review reject {name}"
        return Refusal(str(self.path), f"takes away {name}, which was accepted, and nobody rejected it", remedy)

    @property
    def text(self) -> str:
        """For people."""
        was = "was accepted" if self.accepted else "was quarantined"
        by = "" if self.rejected_by is None else f", rejected by {self.rejected_by}"
        return f"{self.path}: takes away {batch_name(self.path)}, which {was}{by}"


def list_removals(change: Change, brought: Sequence[Record], counted: Sequence[DecisionFile]) -> list[Removal]:
    """The batches that a change takes away or replaces, sorted by path; what comes under another name is still there.

    Parameters
    ----------
    change : Change
    brought : sequence of Record
        Of the batches that the change brings.
    counted : sequence of DecisionFile
        The decisions that are in force, and are their reviewers'.

    Raises
    ------
    PratiqueError
        If the bytes that a pointer stood for can't be had.
    """
    known, there = ledger.latest(ledger_at(change.base)), {record.sha256 for record in brought}
    found = []
    for path, held in sorted(change.before.files.items()):
        moved = any(PurePosixPath(each).is_relative_to(held.stands) for each in change.touched)
        if not moved or (path in change.after.files and path not in change.files):
            continue
        with TemporaryDirectory(prefix="pratique-") as folder:
            sha256 = change.before.copy(path, Path(folder) / path).sha256
        if sha256 in there:
            continue
        entry, rejects = known.get(batch_name(path)), [d for d in counted if d.content.action == "reject"]
        accepted = entry is None or entry.subject != sha256 or entry.outcome == "accepted"
        own = (d.content.reviewer for d in rejects if (d.content.batch, d.subject) == (batch_name(path), sha256))
        found.append(Removal(path, held.stands, accepted, next(own, None)))
    return found
