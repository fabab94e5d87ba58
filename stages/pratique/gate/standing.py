"""Verdicts that a change lets stand: each must be what a run that was merged wrote, and none is believed.

A line that a change brings or alters is computed from the record that its commit keeps, and that record must be the
last one that the ledger of the base names for the batch: only what one run wrote, and the gate of that time compared,
is in there, and a verdict that was given up for another does not come back. A line may be taken away: its batch is then
judged by today's policy.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from pratique.core import paths
from pratique.core.errors import PratiqueError
from pratique.decisions.ledger import essence
from pratique.gate.changes import Change, Refusal, ledger_at
from pratique.gate.objects import ObjectStore
from pratique.gate.pointers import parse_lock, parse_output
from pratique.provenance import git
from pratique.provenance.record import Record
from pratique.provenance.tree import Tree
from pratique.quarantine.standing import MAX_STANDING_BYTES, StandingLine, parse_standing, tell_stand

Lines = dict[str, StandingLine]


def refuse_standing(change: Change) -> list[Refusal]:
    """The file of verdicts that stand, where the change may not bring it as it is.

    Raises
    ------
    PratiqueError
        If the ledger of the base was changed, or a record can't be had.
    """
    name = str(paths.STANDING)
    if name not in change.touched:
        return []
    remedy = f"git checkout {change.fork.commit[:12]} -- {name}, then `pratique settle` on a run that was merged"
    try:
        before, after = _lines_at(change.fork), _lines_at(change.head)
    except PratiqueError as error:
        return [Refusal(name, str(error).removeprefix(f"{name}: "), remedy)]
    brought = [line for batch, line in after.items() if before.get(batch) != line]
    named: dict[str, list[str]] = defaultdict(list)
    for entry in ledger_at(change.base) if brought else []:
        named[entry.batch].append(entry.record)
    records = _RecordsOfRuns(change.store)
    for line in brought:
        fault = _find_fault(line, change, records, named)
        if fault is not None:
            return [Refusal(name, f"{line.batch}: {fault}", remedy)]
    return []


def describe_standing_lines(change: Change) -> list[str]:
    """How many verdicts the change lets stand, and how many it gives up; the file was found to be sound."""
    if str(paths.STANDING) not in change.touched:
        return []
    before, after = _lines_at(change.fork), _lines_at(change.head)
    more = sum(before.get(batch) != line for batch, line in after.items())
    gone = len(before.keys() - after.keys())
    told = {
        f"{tell_stand(more)} from now on": more,
        f"{tell_stand(gone)} no longer: judged anew": gone,
    }
    return [text for text, count in told.items() if count]


def _lines_at(tree: Tree) -> Lines:
    name = str(paths.STANDING)
    return parse_standing(tree.read(name, MAX_STANDING_BYTES), name) if name in tree.entries else {}


def _find_fault(
    line: StandingLine, change: Change, records: "_RecordsOfRuns", named: Mapping[str, Sequence[str]]
) -> str | None:
    """Why a line is not what a run that was merged gives; None where it is.

    `named` are the records that the ledger of the base names, by batch, the oldest first.
    """
    commit = line.run.commit
    try:
        git.run("merge-base", "--is-ancestor", commit, change.base.commit, folder=change.base.folder)
    except PratiqueError:
        return f"commit {commit[:12]} is not in the history of the base (check out all history)"
    record = records.read(commit, line.batch)
    if record is None or record.standing is not None:
        return f"the run of commit {commit[:12]} gave no verdict of its own on it"
    known = named.get(line.batch, ())
    if essence(record) not in known:
        return f"the record of commit {commit[:12]} is not one that the ledger of the base names"
    if essence(record) != known[-1]:
        return f"the ledger of the base names a later record than that of commit {commit[:12]}"
    return None if line == StandingLine.of(record, commit) else f"not what the run of commit {commit[:12]} gave"


class _RecordsOfRuns:
    """The records that commits keep; each commit's listing is read once."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        self._listed: dict[str, dict[str, str]] = {}

    def read(self, commit: str, batch: str) -> Record | None:
        """The record of a batch in the run of a commit; None where it has none."""
        if commit not in self._listed:
            self._listed[commit] = self._list(Tree.of(commit))
        md5 = self._listed[commit].get(f"{batch}.json")
        if md5 is None:
            return None
        with TemporaryDirectory(prefix="pratique-") as folder:
            place = f"{paths.RECORDS}/{batch}.json of {commit[:12]}"
            copy = self._store.copy(md5, None, Path(folder) / "record", place)
            return Record.parse(copy.path.read_bytes(), place)

    def _list(self, tree: Tree) -> dict[str, str]:
        lock, records = str(paths.LOCK), str(paths.RECORDS)
        if lock not in tree.entries:
            return {}
        pipeline = tree.read(str(paths.PIPELINE)) if str(paths.PIPELINE) in tree.entries else None
        stages = parse_lock(tree.read(lock), pipeline).values()
        outputs = {path: said for stage in stages for path, said in stage.outputs.items()}
        if records not in outputs:
            return {}
        output = parse_output(outputs[records], f"{lock}: {records}")
        with TemporaryDirectory(prefix="pratique-") as folder:
            return self._store.list_folder(output.md5, Path(folder), f"{records} of {tree.commit[:12]}")
