"""A change that promotes batches: it may be merged where it is exactly what `pratique promote` makes of the base.

The gate clears the batches of the base once more, promotes those that the change says are promoted, and compares.
Nothing else may come along: no data, no results, no policy.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pratique.core import paths
from pratique.core.documents import read_json
from pratique.core.errors import PratiqueError
from pratique.core.params import Params
from pratique.core.text import say_count
from pratique.core.writing import write_bytes, write_json
from pratique.gate.base import isolate_policy
from pratique.gate.changes import MAX_LEDGER_BYTES, Change, Refusal, is_decision, ledger_at
from pratique.gate.contents import Contents
from pratique.gate.incoming import INERT_NAMES
from pratique.quarantine.clearing import clear_all
from pratique.results.agreement import agrees
from pratique.results.promotion import plan_promotion
from pratique.tables.arrival import batch_name
from pratique.tables.intake import ingest_all
from pratique.words.verdicts import tell_release

PLACES = (paths.REFERENCE, paths.PROMOTED)
PROMOTE_AGAIN = "take the files of the base, run `dvc repro`, and `pratique promote` there"


@dataclass(frozen=True)
class PromotionResult:
    """What the gate says of a change that promotes batches: what may not come, and what it does, a line each."""

    refused: tuple[Refusal, ...]
    notes: tuple[str, ...]


def claims_promotion(change: Change) -> bool:
    """Whether a change says that batches were promoted; to take trusted rows away is for people to judge."""
    return any(path in change.head.entries for path in change.touched if Path(path).is_relative_to(paths.PROMOTED))


def judge_promotion(change: Change, params: Params) -> PromotionResult:
    """Compute what the change claims.

    Raises
    ------
    PratiqueError
        If an object that is needed can't be had.
    """
    gone = sorted(change.before.files.keys() - change.after.files.keys())
    batches = list(map(batch_name, gone))
    before = [Contents.of(change.fork, change.store, place) for place in PLACES]
    after = [Contents.of(change.head, change.store, place) for place in PLACES]
    refused = [*_refuse_others(change, before, after), *_refuse_edits(change.fork.commit[:12], before, after)]
    if refused:
        return PromotionResult(tuple(refused), ())
    with isolate_policy(change.base, change.store):
        _lay_out(change)
        ingest_all()
        clear_all()
        try:
            plan = plan_promotion(batches, params)
        except PratiqueError as error:
            return PromotionResult((Refusal(str(paths.PROMOTED), str(error), PROMOTE_AGAIN),), ())
        computed = {path.as_posix() for path in plan.carry_out()}
        named = {entry.batch: entry.record for entry in ledger_at(change.base)}  # the last of each batch
        refused = list(_compare(computed, before, after, named))
    moved = [
        f"promotes {record.batch}: {say_count(table.num_rows, 'row')} to the reference" for record, table in plan.moves
    ]
    released = [f"{record.batch}: {told}" for record, _ in plan.moves if (told := tell_release(record))]
    shares = [f"{source}: {share:.1%} of the reference after that" for source, share in plan.shares.items()]
    return PromotionResult(tuple(refused), (*moved, *released, *shares))


def _refuse_others(change: Change, before: list[Contents], after: list[Contents]) -> Iterator[Refusal]:
    """What comes beside the files of a promotion, and the pointers that stand for them."""
    stands = {origin.stands for contents in (*before, *after) for origin in contents.files.values()}
    batches = [held for there in (change.before, change.after) for held in there.files.values()]
    stands |= {origin.stands for held in batches for origin in held.files.values()}
    new = set(map(str, change.files))
    for path in change.touched:
        inert = PurePosixPath(path).name in INERT_NAMES and PurePosixPath(path).is_relative_to(paths.INCOMING.parent)
        if path in new or not (path in stands or inert):
            yield Refusal(path, "comes together with a promotion", f"split the change: {path} apart from it")
    for path in sorted(new - set(change.touched)):
        yield Refusal(path, "comes together with a promotion", f"split the change: {path} apart from it")


def _refuse_edits(fork: str, before: list[Contents], after: list[Contents]) -> Iterator[Refusal]:
    """Trusted and promoted files that a promotion leaves as they are."""
    for old, new in zip(before, after, strict=True):
        for path, origin in old.files.items():
            if path not in new.files or new.files[path].object != origin.object:
                yield Refusal(path, "is edited together with a promotion", f"git checkout {fork} -- {origin.stands}")


def _lay_out(change: Change) -> None:
    """The batches of where the change began; decisions, ledger and promotions of the base."""
    for path in change.before.files:
        change.before.lay_out(path)
    for name in filter(is_decision, change.base.below(paths.DECISIONS)):
        write_bytes(Path(name), change.base.read(name))
    promoted = Contents.of(change.base, change.store, paths.PROMOTED)  # a pointer may stand for what was said of one
    for name in promoted.files:
        if Path(name).suffix == ".json":
            write_bytes(Path(name), promoted.read(name))
    name = str(paths.LEDGER)
    if name in change.base.entries:
        write_bytes(paths.LEDGER, change.base.read(name, MAX_LEDGER_BYTES))


def _compare(
    computed: set[str], before: list[Contents], after: list[Contents], named: Mapping[str, str]
) -> Iterator[Refusal]:
    known = {path for contents in before for path in contents.files}
    for contents in after:
        for path in sorted(contents.files.keys() - known):
            if path not in computed or not _is_same(Path(path), contents.read(path), named):
                yield Refusal(path, "not what the gate promotes", PROMOTE_AGAIN)
    there = {path for contents in after for path in contents.files}
    for path in sorted(computed - there):
        yield Refusal(path, "is missing: it is part of the promotion", PROMOTE_AGAIN)


def _is_same(path: Path, claimed: bytes, named: Mapping[str, str]) -> bool:
    """Whether a file is the computed one; what is said of a promotion may name the record as the base's ledger does.

    That name follows the last digits of a processor.
    """
    if path.suffix != ".json" or path.read_bytes() == claimed:
        return agrees(path, claimed)
    said = read_json(path)
    if said["batch"] in named:
        write_json(path, said | {"record": named[said["batch"]]})
    return path.read_bytes() == claimed
