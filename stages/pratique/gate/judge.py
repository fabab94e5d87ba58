"""The gate: may this change be merged? It believes nothing that the change brings except the bytes of its batches.

A change is two commits, read from git's objects; no file of it is checked out, opened or written to. Each batch that is
new or different is examined again, with the code that runs, and params, expectations, reference and inventory of the
base. Decisions are judged: do they bind, have they expired, and did somebody else make them than those who submitted
the batch.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from pratique.core import paths
from pratique.core.errors import PratiqueError
from pratique.core.progress import show_progress
from pratique.decisions import ledger
from pratique.decisions.decision import DecisionFile, parse_decision
from pratique.decisions.judging import Judge, Submission
from pratique.gate.base import BasePolicy, isolate_policy, read_policy
from pratique.gate.changes import Change, Refusal, is_decision, ledger_at, pointers
from pratique.gate.replay import claims_results, list_results, list_unverified, refuse_results, refuse_strange_stages
from pratique.gate.summaries import refuse_summaries
from pratique.provenance import git
from pratique.provenance.parts import ResourceDescriptor
from pratique.provenance.record import Record
from pratique.quarantine.adhoc import clear_snapshot
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
    head : str
        The commit that was judged.
    batches : tuple of GatedBatch
    refused : tuple of Refusal
        Files of the change that may not come with data.
    unlisted : tuple of str
        Sources of examined batches that the inventory lacks.
    unverified : tuple of str
        Results of the change that the gate does not compute.
    """

    base: str
    head: str
    batches: tuple[GatedBatch, ...]
    refused: tuple[Refusal, ...]
    unlisted: tuple[str, ...]
    unverified: tuple[str, ...] = ()

    @property
    def passes(self) -> bool:
        """Whether the change may be merged."""
        return not self.refused and all(gated.passes for gated in self.batches)


def gate(base: str, head: str = "HEAD", today: date | None = None) -> GateResult:
    """Judge a commit by the policy of another.

    Raises
    ------
    PratiqueError
        If that can't be decided: no such commit, no reference, data that can't be had, a decision that is none.
    """
    change = Change.between(git.resolve_commit(base), git.resolve_commit(head))
    decisions = _decisions(change)
    chosen = _choose_files(change, decisions)
    refused, results = _refuse_ledger(change) + refuse_summaries(change), list_results(change)
    if change.brings or claims_results(change):
        refused += change.refusals(read_policy(change.base).gate.with_data) + refuse_strange_stages(change)
    today = today or datetime.now(UTC).date()
    judge = Judge.at(change.head.commit, decisions, {batch_name(path) for path in chosen}, today)
    batches: list[GatedBatch] = []
    unlisted: set[str] = set()
    if chosen or results:
        submissions = {path: _find_submission(change, path) for path in chosen}
        earlier = _find_predecessors(change, chosen)
        with isolate_policy(change.base, change.store) as room:
            for path in show_progress(chosen, "examining"):
                cleared = _clear(change, path, room)
                record, objections = rule(cleared, room, judge, submissions[path], earlier.get(path))
                batches.append(GatedBatch(path, submissions[path], path in change.files, record, objections))
            unlisted = {path.parent.name for path in chosen} - set(room.inventory)
            refused += refuse_results(change) if results and not refused else []
    found = tuple(batches), tuple(refused), tuple(sorted(unlisted)), tuple(list_unverified(change))
    return GateResult(change.base.commit, change.head.commit, *found)


def _clear(change: Change, path: Path, room: BasePolicy) -> ClearedBatch:
    """Examine a file of the change, which lies in the room no longer than that takes."""
    snapshot = change.after.copy(path, path)
    cleared = clear_snapshot(snapshot, batch_name(path), room.detector)
    snapshot.path.unlink()
    return cleared


def _refuse_ledger(change: Change) -> list[Refusal]:
    """A ledger that does not continue the one of the base."""
    try:
        ledger.require_prefix(ledger_at(change.head), ledger_at(change.fork), str(paths.LEDGER))
    except PratiqueError as error:
        reason = str(error).partition(": ")[2]
        return [Refusal(str(paths.LEDGER), reason, f"git checkout {change.fork.commit[:12]} -- {paths.LEDGER}")]
    return []


def _decisions(change: Change) -> list[DecisionFile]:
    """The decisions of the head, and with new data those rejects that the change takes away.

    Taking a reject away takes a change of its own: what has been decided before a file changed is not lost by changing
    it.
    """
    names = sorted(path for path in change.head.below(paths.DECISIONS) if is_decision(path))
    decisions = [parse_decision(Path(path), change.head.read(path)) for path in names]
    if change.brings:
        old = [parse_decision(Path(path), change.fork.read(path)) for path in change.withdrawn]
        decisions += [decision for decision in old if decision.content.action == "reject"]
    return decisions


def _choose_files(change: Change, decisions: Sequence[DecisionFile]) -> list[Path]:
    """The files to examine: what is new or different, and what a new release is about."""
    new = change.decisions
    released = {d.content.batch for d in decisions if str(d.path) in new and d.content.action == "release"}
    return sorted({*change.files, *(path for path in change.after.files if batch_name(path) in released)})


def _find_submission(change: Change, path: Path) -> Submission:
    stands = Path(change.after.files[path].stands)
    places = pointers(path)
    return Submission.at(change.head.commit, [*places, *({stands} - set(places))], change.fork.commit)


def _find_predecessors(change: Change, chosen: Sequence[Path]) -> dict[Path, ResourceDescriptor]:
    """The batch before each of these files, hashed; the first of a source has none.

    It is not examined: the base's own, or brought by the change and then examined by itself.
    """
    there = {batch_name(path): path for path in change.after.files}
    before = list_predecessors(there)
    found = {path: there[before[batch_name(path)]] for path in chosen if batch_name(path) in before}
    with TemporaryDirectory(prefix="pratique-") as folder:
        digests = {other: change.after.copy(other, Path(folder) / other).sha256 for other in set(found.values())}
    return {path: ResourceDescriptor.of(other.as_posix(), digests[other]) for path, other in found.items()}


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
