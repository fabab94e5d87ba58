"""Renewing releases that no longer count because the policy changed: nobody's word is lost, and nobody's is assumed."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pratique.core.errors import PratiqueError
from pratique.decisions.binding import Binding
from pratique.decisions.deciding import describe_reject, read_record, write_decision
from pratique.decisions.decision import DecisionFile, load_decisions
from pratique.provenance import git
from pratique.provenance.record import Record
from pratique.provenance.written import has_record


@dataclass(frozen=True)
class VoidRelease:
    """A release by whoever works here that no longer counts: its batch's record as it is now, and what changed."""

    decision: DecisionFile
    record: Record
    changes: str

    @property
    def obstacle(self) -> str:
        """Why it can't be made again as it stands; nothing where it can."""
        said = self.decision.content
        if said.binds.batch != self.record.sha256:
            return "these are other bytes: look at them, and release them anew"
        if self.record.verdict == "accept" and not self.record.held:
            return "nothing of it is held now, so it needs no release"
        if said.expires is not None and said.expires < datetime.now(UTC).date():
            return f"it expired on {said.expires}: release it anew"
        return describe_reject(self.record)

    def confirm(self) -> Path:
        """Make it again for what is measured and judged by now: the same rows, reason and last day.

        Raises
        ------
        PratiqueError
            If there is an obstacle.
        """
        if self.obstacle:
            raise PratiqueError(f"{self.record.batch}: {self.obstacle}")
        said = self.decision.content
        return write_decision(self.record, "release", said.reason, said.rows, said.expires)


def list_void() -> list[VoidRelease]:
    """The releases by whoever works here whose batch has a record that they no longer bind, sorted by file."""
    reviewer = git.email_of(git.read_identity())
    found = []
    for decision in load_decisions():
        said = decision.content
        if said.action == "release" and decision.reviewer == reviewer and has_record(said.batch):
            record = read_record(said.batch)
            changes = said.binds.describe_changes(Binding.of(record))
            found += [VoidRelease(decision, record, changes)] if changes else []
    return found
