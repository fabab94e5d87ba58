"""What git remembers: inputs are those of a commit, and the ledger continues that of every commit of the branch."""

import hashlib
import shutil
from collections.abc import Iterable, Iterator
from itertools import takewhile
from pathlib import Path

from pratique.core import paths
from pratique.core.errors import PratiqueError
from pratique.core.text import say_count
from pratique.decisions import ledger
from pratique.gate.ignores import DVC_IGNORE
from pratique.gate.pointers import parse_lock
from pratique.lineage.claim import Claim, not_verified
from pratique.provenance import git
from pratique.provenance.promotion import read_promotions
from pratique.provenance.record import Record
from pratique.provenance.tree import Tree
from pratique.tables.arrival import POINTER_SUFFIX

BROUGHT = (
    paths.PARAMS, paths.SCHEMA.parent, paths.REFERENCE, paths.HOLDOUT, paths.SOURCES, paths.DECISIONS, paths.STANDING,
    paths.INCOMING, paths.LABELS, paths.PROMOTED, paths.BASELINE,
)  # fmt: skip
"""What people bring; all else follows from it."""


def lay_out_inputs(room: Path) -> None:
    """Copy what people bring, as it lies here, to a folder of its own."""
    for given in filter(Path.exists, BROUGHT):
        copy = shutil.copytree if given.is_dir() else shutil.copyfile
        (room / given).parent.mkdir(parents=True, exist_ok=True)
        copy(given, room / given)


def claim_inputs() -> Claim:
    """Each input is a file of the commit that is checked out, or DVC's pointer to it is."""
    try:
        tree = Tree.of(git.resolve_commit("HEAD"))
    except PratiqueError:
        return not_verified("inputs", "there is no commit here that they could be held to")
    return Claim.of("inputs", f"computed, the files of commit {tree.commit[:12]}", lambda: _find_uncommitted(tree))


def _find_uncommitted(tree: Tree) -> Iterator[str]:
    pointers = [Path(f"{place}{POINTER_SUFFIX}") for place in BROUGHT]
    places = [*BROUGHT, *pointers, *(folder / DVC_IGNORE for folder in paths.INCOMING.parents)]
    committed = tree.below(*places)
    files = (path for place in places for path in (place, *place.rglob("*")))
    here = {path.as_posix() for path in files if path.is_file() and _is_input(path)}
    tracked, promoted = set(_list_tracked(tree, committed)), {each.incoming for each in read_promotions()}
    for name in sorted(here | committed.keys()):
        entry, path = committed.get(name), Path(name)
        if entry is None and (path.name == DVC_IGNORE or not tracked & {path, *path.parents}):
            yield f"{name}: in no commit; commit it, or take it away"
        elif entry is not None and not path.is_file() and promoted & {path, *path.parents}:
            yield f"{name}: promoted since that commit; commit what `pratique promote` wrote, then `dvc repro`"
        elif entry is not None and not path.is_file():
            yield f"{name}: not here; `git checkout -- {name}`"
        elif entry is not None and _name_content(path, len(entry.object)) != entry.object:
            yield f"{name}: not as commit {tree.commit[:12]} has it; commit it, or `git checkout -- {name}`"


def _is_input(path: Path) -> bool:
    return path.name == DVC_IGNORE or not path.name.startswith(".")


def _list_tracked(tree: Tree, committed: Iterable[str]) -> Iterator[Path]:
    """The places that DVC answers for: those with a pointer beside them, and what stages write."""
    for name in committed:
        if name.endswith(POINTER_SUFFIX):
            yield Path(name.removesuffix(POINTER_SUFFIX))
    if str(paths.LOCK) in tree.entries:
        pipeline = tree.read(str(paths.PIPELINE)) if str(paths.PIPELINE) in tree.entries else None
        for stage in parse_lock(tree.read(str(paths.LOCK)), pipeline).values():
            yield from map(Path, stage.outputs)


def _name_content(path: Path, length: int) -> str:
    """The name that git gives the bytes of a file, in a repository whose names have that many digits."""
    data = path.read_bytes()
    new = hashlib.sha1 if length == 40 else hashlib.sha256
    return new(b"blob %d\0%b" % (len(data), data), usedforsecurity=False).hexdigest()


def claim_ledger(records: dict[str, Record]) -> Claim:
    """The ledger's chain is whole, continues those of the branch's commits, and ends in the records here."""
    data = paths.LEDGER.read_bytes() if paths.LEDGER.is_file() else b""
    committed = _list_committed()
    continued = takewhile(lambda each: data.startswith(each[1]), committed)
    known = [commit for commit, _ in continued]
    support = f"computed, it continues that of {say_count(len(known), 'commit')}"
    if not committed:
        support = "computed, no commit has one"
    elif known and len(known) < len(committed):
        support += f", back to {known[-1][:12]}, which began it anew"
    return Claim.of("ledger", support, lambda: _find_breaks(data, records, committed))


def _list_committed() -> list[tuple[str, bytes]]:
    """The commits of the branch that changed the ledger, newest first, each with the ledger that it left."""
    name = str(paths.LEDGER)
    try:
        commits = [commit.sha for commit in git.read_commits([name], first_parent=True)]
    except PratiqueError:
        return []
    return [(sha, _read_committed(sha)) for sha in commits]


def _read_committed(commit: str) -> bytes:
    try:
        return git.read_blob(commit, str(paths.LEDGER))
    except PratiqueError:
        return b""


def _find_breaks(data: bytes, records: dict[str, Record], committed: list[tuple[str, bytes]]) -> Iterator[str]:
    name = str(paths.LEDGER)
    if committed and not data.startswith(committed[0][1]):
        yield f"{name}: does not continue what commit {committed[0][0][:12]} has; {ledger.REMEDY}"
    entries = ledger.parse(data, name)
    known = ledger.latest(entries)
    for batch, record in records.items():
        entry = known.get(batch)
        if entry is None:
            yield f"{name}: no entry for {batch}; run `dvc repro`"
        elif entry != ledger.Entry.of(ledger.RecordFacts.of(record), entries[entry.index - 1] if entry.index else None):
            yield f"{paths.RECORDS}/{batch}.json: not the record that entry {entry.index} of the ledger names"
