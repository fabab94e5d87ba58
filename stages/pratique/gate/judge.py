"""The gate: may this change be merged? It believes nothing that the change brings except the bytes of its batches.

A change is two commits, read from git's objects; no file of it is checked out, opened or written to. Each batch that is
new or different is examined again, with the code that runs, and params, expectations, reference and inventory of the
base. Decisions are judged: are they their reviewers', do they bind, have they expired, and did somebody else make them
than those who submitted the batch. What is taken away needs a reviewer's word, as what is let in does.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

from pratique.core import paths
from pratique.core.errors import PratiqueError
from pratique.core.progress import show_progress
from pratique.decisions import ledger
from pratique.decisions.decision import DecisionFile
from pratique.decisions.judging import Judge, Submission
from pratique.gate.base import BasePolicy, isolate_policy, note_policy, read_policy, require_policy
from pratique.gate.changes import Change, Refusal, ledger_at
from pratique.gate.decisions import ChangedDecisions
from pratique.gate.history import read_history
from pratique.gate.ignores import refuse_ignores
from pratique.gate.neighbours import tell_neighbours
from pratique.gate.preview import Preview, preview_change
from pratique.gate.promotions import claims_promotion, judge_promotion
from pratique.gate.removals import list_removals
from pratique.gate.replay import claims_results, list_results, list_unverified, refuse_results, refuse_strange_stages
from pratique.gate.requirements import refuse_requirements
from pratique.gate.showing import Showcase
from pratique.gate.standing import describe_standing_lines, refuse_standing
from pratique.gate.strays import refuse_strays
from pratique.gate.summaries import refuse_summaries
from pratique.gate.upstream import find_predecessors, find_submission
from pratique.provenance import git
from pratique.provenance.parts import ResourceDescriptor
from pratique.provenance.record import Record
from pratique.quarantine.adhoc import clear_snapshot
from pratique.quarantine.clear import ClearedBatch
from pratique.quarantine.recording import Upstream, apply_rulings, bind, make_record
from pratique.quarantine.repeats import History
from pratique.quarantine.rulings import Rulebook
from pratique.quarantine.standing import NO_STANDING
from pratique.tables.arrival import Arrival, batch_name
from pratique.tables.labels import labels_place
from pratique.tables.parts import list_files


@dataclass(frozen=True)
class GatedBatch:
    """One batch at the gate.

    Attributes
    ----------
    path : Path
    changed : Path
        What of it is new or different: its file or folder, or its labels alone.
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
    changed: Path
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
        Those that were examined.
    refused : tuple of Refusal
        Files of the change that may not come with data.
    unlisted : tuple of str
        Sources of examined batches that the inventory lacks.
    unverified : tuple of str
        Results of the change that the gate does not compute.
    notes : tuple of str
        What the policy means for who decides; decisions and batches that the change brings or takes away.
    submitter : str, optional
        Whom CI names.
    preview : Preview, optional
        What a change of policy flips among past verdicts; it passes or refuses nothing.
    waiting : tuple of str
        Batches of the change that are not judged until their labels come.
    """

    base: str
    head: str
    batches: tuple[GatedBatch, ...]
    refused: tuple[Refusal, ...]
    unlisted: tuple[str, ...]
    unverified: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    submitter: str | None = None
    preview: Preview | None = None
    waiting: tuple[str, ...] = ()

    @property
    def passes(self) -> bool:
        """Whether the change may be merged."""
        return not self.refused and all(gated.passes for gated in self.batches)


def gate(
    base: str,
    head: str = "HEAD",
    today: date | None = None,
    submitter: str | None = None,
    folder: Path | None = None,
) -> GateResult:
    """Judge a commit by the policy of another.

    Parameters
    ----------
    base, head : str
        What git calls the commits.
    today : date, optional
    submitter : str, optional
        Who submits the change, as CI knows it: an e-mail address, or an account that `review.accounts` may list.
    folder : Path, optional
        Where pages and records of the examined batches are written; none are where there is no folder.

    Raises
    ------
    PratiqueError
        If that can't be decided: no such commit, no policy in it, no reference, data that can't be had, a decision that
        is none, or a release that may be the submitter's own.
    """
    place = folder and folder.absolute()  # the current folder is another one while batches are examined
    change = Change.between(git.resolve_commit(base), git.resolve_commit(head))
    require_policy(change.base)
    refused = _refuse_ledger(change) + refuse_summaries(change) + refuse_strays(change) + refuse_ignores(change)
    refused += refuse_standing(change) + refuse_requirements(change)
    notes = (
        *note_policy(change.base),
        *tell_neighbours(change.neighbours, change.base.commit[:12], change.head.commit[:12]),
    )
    seen = GateResult(change.base.commit, change.head.commit, (), tuple(refused), (), notes=notes, submitter=submitter)
    if claims_promotion(change):
        done = judge_promotion(change, read_policy(change.base))
        return replace(seen, refused=(*seen.refused, *done.refused), notes=(*seen.notes, *done.notes))
    if not refused:
        preview, said = preview_change(change)
        seen = replace(seen, preview=preview, notes=(*seen.notes, *describe_standing_lines(change), *said))
    changed = ChangedDecisions.of(change)
    if not (change.brings or claims_results(change) or changed.any):
        return seen
    return _judge_batches(change, changed, seen, today or datetime.now(UTC).date(), place)


def _judge_batches(
    change: Change, changed: ChangedDecisions, seen: GateResult, today: date, folder: Path | None
) -> GateResult:
    """What was seen, and what becomes of the batches, decisions and results that the change brings."""
    params, results, refused = read_policy(change.base), list_results(change), list(seen.refused)
    if change.brings or claims_results(change):
        refused += change.refusals(params.gate.with_data) + refuse_strange_stages(change)
    refused += changed.refuse(params, change.brings, set(map(batch_name, change.after.files)), today)
    in_force = changed.in_force(refused)
    chosen, judge = _choose_files(change, changed), Judge(in_force, params, today)
    batches: list[GatedBatch] = []
    waiting: list[Arrival] = []
    unlisted: list[str] = []
    if chosen or results:
        submissions = {path: find_submission(change, path, params, seen.submitter) for path in chosen}
        with isolate_policy(change.base, change.store) as room:
            batches, waiting = _examine(change, submissions, judge, changed, room, folder)
            unlisted += sorted({path.parent.name for path in chosen} - set(room.inventory))
            refused += refuse_results(change) if results and not refused else []
    there = {gated.record.sha256 for gated in batches if gated.brought} | {arrival.sha256 for arrival in waiting}
    removals = list_removals(change, there, [decision for decision in in_force if decision.counts(params)], params.data)
    refused += [removal.refusal for removal in removals if removal.refusal is not None]
    return replace(
        seen,
        batches=tuple(batches),
        refused=tuple(refused),
        unlisted=tuple(unlisted),
        unverified=tuple(list_unverified(change)),
        notes=(*seen.notes, *map(_tell_waiting, waiting), *changed.describe(), *(each.text for each in removals)),
        waiting=tuple(arrival.batch for arrival in waiting),
    )


def _examine(
    change: Change,
    submissions: Mapping[Path, Submission],
    judge: Judge,
    changed: ChangedDecisions,
    room: BasePolicy,
    folder: Path | None,
) -> tuple[list[GatedBatch], list[Arrival]]:
    """The batches of these submissions, each examined and ruled on in turn, and shown where there is a folder for it.

    The second list is of those that wait for their labels.
    """
    earlier, history = find_predecessors(change, list(submissions)), read_history(change, list(submissions), room)
    showcase = Showcase()
    batches: list[GatedBatch] = []
    waiting: list[Arrival] = []
    for path in show_progress(list(submissions), "examining"):
        cleared, brought = _clear(change, path, room), path in change.files
        if cleared.arrival.waits:
            waiting.append(cleared.arrival)
            continue
        settled = () if brought else changed.list_settled(batch_name(path), cleared.arrival.sha256, room.params)
        standing, objections = judge.of_batch(
            batch_name(path), bind(cleared, room.configuration), submissions[path], settled
        )
        record = rule(cleared, room, standing, earlier.get(path), history)
        place = change.find_changed(path)
        batches.append(GatedBatch(path, place, submissions[path], brought, record, tuple(objections)))
        if folder is not None:
            showcase.take(cleared, record)
    if folder is not None and batches:
        showcase.show(folder, [gated.name for gated in batches if not gated.passes])
    return batches, waiting


def _tell_waiting(arrival: Arrival) -> str:
    return f"{arrival.batch} waits for its labels, {labels_place(arrival.batch)}: it trains nothing"


def _clear(change: Change, path: Path, room: BasePolicy) -> ClearedBatch:
    """Examine a batch of the change, which lies in the room no longer than that takes."""
    snapshot = change.after.copy(path, path)
    standing = NO_STANDING if path in change.files else room.standing
    cleared = clear_snapshot(snapshot, batch_name(path), room.detector, standing)
    for file in (*list_files(snapshot.path), *filter(None, [snapshot.labels])):
        file.unlink()
    return cleared


def _refuse_ledger(change: Change) -> list[Refusal]:
    """A ledger that does not continue the one of the base."""
    try:
        ledger.require_prefix(ledger_at(change.head), ledger_at(change.fork), str(paths.LEDGER))
    except PratiqueError as error:
        reason = str(error).partition(": ")[2]
        return [Refusal(str(paths.LEDGER), reason, f"git checkout {change.fork.commit[:12]} -- {paths.LEDGER}")]
    return []


def _choose_files(change: Change, changed: ChangedDecisions) -> list[Path]:
    """The files to examine: what is new or different, and what a new release is about."""
    released = {d.content.batch for d in changed.after.values() if d.content.action == "release"}
    return sorted({*change.files, *(path for path in change.after.files if batch_name(path) in released)})


def rule(
    cleared: ClearedBatch,
    room: BasePolicy,
    standing: Sequence[DecisionFile],
    predecessor: ResourceDescriptor | None,
    history: History,
) -> Record:
    """The record of a batch with the decisions that stand."""
    law = Rulebook(standing, room.inventory, room.params)
    done = apply_rulings(cleared, room.configuration, law, history).uphold()
    source = (paths.INCOMING / cleared.arrival.source / cleared.arrival.file).as_posix()
    upstream = Upstream(room.inventory.get(cleared.arrival.source), predecessor)
    return make_record(done, room.configuration, upstream, [(source, cleared.arrival.sha256)])
