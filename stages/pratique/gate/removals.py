"""Batches that a change takes away or replaces: accepted rows leave training by a reviewer's word only."""

from collections.abc import Collection, Sequence
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
from pratique.gate.erasures import BroughtErasures
from pratique.gate.incoming import Held
from pratique.tables.arrival import batch_name
from pratique.tables.labels import read_labelled

Was = Literal["accepted", "quarantined", "waiting"]


@dataclass(frozen=True)
class Removal:
    """A batch whose bytes, or labels, are no longer there once the change is merged.

    Attributes
    ----------
    batch : str
    path : Path
        The file or folder that is another one, or gone: of the batch, or of its labels alone.
    done : str
        What the change does to it.
    restore : str
        The command that brings it back.
    was : {"accepted", "quarantined", "waiting"}
        What became of them, as far as the ledger knows: bytes that it does not know may have been accepted, unless they
        wait for their labels.
    rejected_by : str, optional
        The reviewer who rejected these bytes, by a decision that counts.
    erased : str, optional
        That a reviewer erased them, in words.
    """

    batch: str
    path: Path
    done: str
    restore: str
    was: Was
    rejected_by: str | None
    erased: str | None = None

    @property
    def refusal(self) -> Refusal | None:
        """Why the batch may not be taken away; None if it may."""
        if self.was != "accepted" or self.rejected_by is not None or self.erased is not None:
            return None
        remedy = f"{self.restore}; or a reviewer first: pratique review reject {self.batch}"
        return Refusal(str(self.path), f"{self.done} {self.batch}, which was accepted, and nobody rejected it", remedy)

    @property
    def text(self) -> str:
        """For people."""
        was = "waited for its labels" if self.was == "waiting" else f"was {self.was}"
        by = "" if self.rejected_by is None else f", rejected by {self.rejected_by}"
        return f"{self.path}: {self.done} {self.batch}, which {was}{by}{f'; {self.erased}' if self.erased else ''}"


def list_removals(
    change: Change, there: Collection[str], counted: Sequence[DecisionFile], data: DataParams
) -> list[Removal]:
    """The batches that a change takes away or replaces, sorted by path; what comes under another name is still there.

    Parameters
    ----------
    change : Change
    there : collection of str
        The digests of the batches that the change brings.
    counted : sequence of DecisionFile
        The decisions that are in force, and are their reviewers'.
    data : DataParams

    Raises
    ------
    PratiqueError
        If the bytes that a pointer stood for can't be had.
    """
    known, erasures = ledger.latest(ledger_at(change.base)), BroughtErasures.of(change)
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
        if sha256 in there or (waits and change.find_changed(path) != path):  # its labels come, and nothing goes
            continue
        name = batch_name(path)
        entry, rejects = known.get(name), [d for d in counted if d.content.action == "reject"]
        held_back = entry is not None and entry.subject == sha256 and entry.outcome != "accepted"
        was: Was = "waiting" if waits else "quarantined" if held_back else "accepted"
        own = (d.content.reviewer for d in rejects if (d.content.batch, d.subject) == (name, sha256))
        line = erasures.explain(name, sha256)
        found.append(
            Removal(name, *_tell_change(change, path, held), was, next(own, None), None if line is None else line.text)
        )
    return found


def _tell_change(change: Change, path: Path, held: Held) -> tuple[Path, str, str]:
    """The file or folder that is another one or gone, what the change does to it, and the command that restores it."""
    place, after = change.find_changed(path), change.after.files.get(path)
    what, stands = ("", held.stands) if place == path or held.labels is None else (" the labels of", held.labels.stands)
    gone = after is None or (what and after.labels is None)
    restore = f"git checkout {change.fork.commit[:12]} -- {stands}"
    return place, f"{'takes away' if gone else 'replaces'}{what}", restore


def _waits(snapshot: Snapshot, data: DataParams) -> bool:
    """Whether a batch waited for its labels, so that none of its rows was let in."""
    try:
        return data.labels_apart and read_labelled(snapshot, data).waits
    except UnreadableBatch:
        return False
