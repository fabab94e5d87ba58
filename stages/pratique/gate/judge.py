"""The gate: may this change be merged? It believes nothing that the change brings except the bytes of its batches.

Each batch that is new or different is examined again, with the code that runs, and params, expectations, reference
and inventory of the base. What was measured, decided or computed elsewhere is not looked at; decisions are, and are
judged: do they bind, have they expired, and did somebody else make them than those who submitted the batch.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from pratique.core import paths
from pratique.core.hashing import sha256_file
from pratique.core.progress import show_progress
from pratique.decisions import ledger
from pratique.decisions.decision import DecisionFile, load_decisions, parse_decision
from pratique.decisions.judging import Judge, Submission
from pratique.gate.base import BasePolicy, isolate_policy
from pratique.gate.changes import Change, changes_since, incoming_here, ledger_at, pointers
from pratique.provenance import git
from pratique.provenance.parts import ResourceDescriptor
from pratique.provenance.record import Record
from pratique.quarantine.adhoc import clear_file
from pratique.quarantine.clear import ClearedBatch
from pratique.quarantine.recording import Upstream, apply_rulings, bind, make_record
from pratique.quarantine.rulings import Rulebook
from pratique.tables.arrival import batch_name, list_predecessors


@dataclass(frozen=True)
class GatedBatch:
    """One batch at the gate.

    Attributes
    ----------
    path : Path
    submission : Submission
        Who brought it.
    brought : bool
        Whether the change brings it; otherwise only a release of it is new.
    record : Record
        As the gate computed it.
    objections : tuple of str
        Why releases of it don't count.
    """

    path: Path
    submission: Submission
    brought: bool
    record: Record
    objections: tuple[str, ...]

    @property
    def passes(self) -> bool:
        """Whether nothing about this batch stands against merging."""
        if self.brought:
            return self.record.outcome == "accepted"
        return not self.objections

    @property
    def name(self) -> str:
        """`<source>/<stem>`."""
        return self.record.batch


@dataclass(frozen=True)
class GateResult:
    """What the gate found.

    Attributes
    ----------
    base : str
        The commit whose policy was applied.
    batches : tuple of Gated
    mixed : tuple of str
        Files of policy or code that come together with data.
    unlisted : tuple of str
        Sources of examined batches that the inventory lacks.
    """

    base: str
    batches: tuple[GatedBatch, ...]
    mixed: tuple[str, ...]
    unlisted: tuple[str, ...]

    @property
    def passes(self) -> bool:
        """Whether the change may be merged."""
        return not self.mixed and all(gated.passes for gated in self.batches)


def gate(ref: str, today: date | None = None) -> GateResult:
    """Judge what lies here against a commit.

    Raises
    ------
    PratiqueError
        If that can't be decided: no such commit, no reference, data that is not here, a ledger that was changed.
    """
    base = git.resolve_commit(ref)
    change = changes_since(ref)
    ledger.require_prefix(ledger.read(), ledger_at(change.base), str(paths.LEDGER))
    decisions = _decisions(change)
    chosen = _choose_files(change, decisions)
    submissions = {path: Submission.of(pointers(path), change.base) for path in chosen}
    earlier = _find_predecessors(chosen)
    home = Path.cwd()
    judge = Judge.of(decisions, {batch_name(path) for path in chosen}, today or datetime.now(UTC).date())
    batches: list[GatedBatch] = []
    unlisted: set[str] = set()
    if chosen:
        with isolate_policy(base) as room:
            for path in show_progress(chosen, "examining"):
                cleared = clear_file(home / path, room.detector)
                record, objections = rule(cleared, room, judge, submissions[path], earlier.get(path))
                batches.append(GatedBatch(path, submissions[path], path in change.files, record, objections))
                unlisted |= {path.parent.name} - set(room.inventory)
    mixed = change.policy if change.brings else ()
    return GateResult(base, tuple(batches), mixed, tuple(sorted(unlisted)))


def _decisions(change: Change) -> list[DecisionFile]:
    """The decisions here, and with new data those rejects that the change takes away: that takes a change of its own.

    What has been decided before a file changed is not lost by changing it.
    """
    decisions = load_decisions()
    if change.brings:
        old = [parse_decision(path, git.read_blob(change.base, str(path))) for path in sorted(change.withdrawn)]
        decisions += [decision for decision in old if decision.content.action == "reject"]
    return decisions


def _choose_files(change: Change, decisions: Sequence[DecisionFile]) -> list[Path]:
    """The files to examine: what is new or different, and what a new release is about."""
    released = {d.content.batch for d in decisions if d.path in change.decisions and d.content.action == "release"}
    if not released:
        return sorted(change.files)
    return sorted({*change.files, *(path for path in incoming_here() if batch_name(path) in released)})


def _find_predecessors(chosen: Sequence[Path]) -> dict[Path, ResourceDescriptor]:
    """The batch before each of these files, hashed as it lies here; the first of a source has none.

    It is not examined: the base's own, or brought by the change and then examined by itself.
    """
    here = {batch_name(path): path for path in incoming_here()} if chosen else {}
    before = list_predecessors(here)
    found = {path: here[before[batch_name(path)]] for path in chosen if batch_name(path) in before}
    return {path: ResourceDescriptor.of(other.as_posix(), sha256_file(other)) for path, other in found.items()}


def rule(
    cleared: ClearedBatch,
    room: BasePolicy,
    judge: Judge,
    submission: Submission,
    predecessor: ResourceDescriptor | None,
) -> tuple[Record, tuple[str, ...]]:
    """The record of a batch with the decisions that stand, and what was objected to the others."""
    binds = bind(cleared, room.configuration)
    standing, objections = judge.of_batch(cleared.arrival.batch, binds, room.params, submission)
    law = Rulebook(standing, room.inventory, room.params)
    done = apply_rulings(cleared, room.configuration, law)
    source = (paths.INCOMING / cleared.arrival.source / cleared.arrival.file).as_posix()
    upstream = Upstream(room.inventory.get(cleared.arrival.source), predecessor)
    return make_record(done, room.configuration, upstream, [(source, cleared.arrival.sha256)]), tuple(objections)
