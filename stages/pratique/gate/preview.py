"""Which past verdicts a change of policy flips: every batch that is there, judged by the policy before and after.

What stands is judged as if it did not, so that a loosening shows even where `policy.applies: new` keeps it from acting.
The policy of a change is data here: what of it could run code is not applied (`gate/inert.py`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pratique.core import paths
from pratique.core.errors import PratiqueError
from pratique.core.params import ExaminationParams, Params
from pratique.core.ranges import mark_ranges
from pratique.core.text import say_count
from pratique.core.writing import write_bytes
from pratique.decisions.decision import load_decisions
from pratique.gate.base import TRUSTED_FOLDERS, BasePolicy, isolate_policy, read_policy
from pratique.gate.changes import Change, is_decision
from pratique.gate.incoming import Incoming
from pratique.gate.inert import require_inert
from pratique.gate.objects import ObjectStore
from pratique.provenance.record import Record
from pratique.provenance.tree import Tree
from pratique.quarantine.clearing import judge_all
from pratique.quarantine.rulings import Rulebook
from pratique.quarantine.standing import Standing
from pratique.tables.arrival import POINTER_SUFFIX
from pratique.tables.intake import ingest_all

POLICY_PLACES = (
    paths.PARAMS, paths.SCHEMA.parent, paths.SOURCES, paths.STANDING, *TRUSTED_FOLDERS,
    *(Path(f"{folder}{POINTER_SUFFIX}") for folder in TRUSTED_FOLDERS),
)  # fmt: skip
JUDGING_PARAMS = {"seed", "data", "alarms", "limits", "shift", "checks", "sources", "resent", "policy"}
MOST_PREVIEWED = 500
"""Past batches that the gate judges for a preview; with more, somebody runs it by hand."""
MOST_LISTED = 20
"""Flips that a terminal shows."""


@dataclass(frozen=True)
class PastVerdict:
    """The verdict on a batch before people decided.

    Attributes
    ----------
    verdict : str
    alarms : tuple of str
    held : ndarray of bool, shape (rows,)
        The rows that it holds; no row where the bytes are no table.
    sha256 : str
        Of these bytes.
    stands : bool
        Whether data/standing.jsonl keeps another policy from acting on it.
    """

    verdict: str
    alarms: tuple[str, ...]
    held: np.ndarray
    sha256: str
    stands: bool = False

    @classmethod
    def of(cls, record: Record) -> "PastVerdict":
        """What a record remembers of it."""
        held = mark_ranges(record.verdict_holds, record.rows)
        return cls(record.verdict, record.alarms, held, record.sha256)


@dataclass(frozen=True)
class Flip:
    """A batch on which two policies differ.

    Attributes
    ----------
    batch, before, after : str
        The verdicts may be the same where other rows are held.
    let_in, held : int
        Rows that the policy after lets in and that before held, and the reverse.
    stands : bool
        Whether the verdict before stands, so that the policy after does not act on the batch.
    """

    batch: str
    before: str
    after: str
    let_in: int
    held: int
    stands: bool

    @property
    def loosens(self) -> bool:
        """Whether rows that were held are let in."""
        return self.let_in > 0

    @property
    def text(self) -> str:
        """For people."""
        counts = (self.let_in, "let in"), (self.held, "held")
        rows = [f"{say_count(count, 'row')} {what}" for count, what in counts if count]
        kept = "; the verdict before stands" if self.stands else ""
        kind = "loosened" if self.loosens else "tightened"
        return f"{kind}: {self.batch}: {self.before} → {self.after}, {' and '.join(rows) or 'no other rows'}{kept}"


@dataclass(frozen=True)
class Preview:
    """The batches on which two policies differ, loosened ones first, of so many that both judged."""

    flips: tuple[Flip, ...]
    batches: int

    @property
    def text(self) -> str:
        """For people, in one sentence."""
        if not self.flips:
            return f"this policy flips none of {say_count(self.batches, 'past verdict')}"
        loosened, stand = (sum(getattr(flip, name) for flip in self.flips) for name in ("loosens", "stands"))
        let_in = sum(flip.let_in for flip in self.flips)
        said = f"this policy flips {len(self.flips):,} of {say_count(self.batches, 'past verdict')}"
        said += f"; it loosens {loosened:,} of them, by {say_count(let_in, 'row')}" if loosened else "; it loosens none"
        verb = "stands and is" if stand == 1 else "stand and are"
        return f"{said}; {stand:,} of them {verb} not judged anew" if stand else said

    def to_json(self) -> dict[str, Any]:
        """For programs."""
        flips = [{**asdict(flip), "loosens": flip.loosens} for flip in self.flips]
        return {"text": self.text, "batches": self.batches, "flips": flips}


def list_flips(preview: Preview) -> list[str]:
    """The sentence, and the first flips beneath it, as a terminal shows them."""
    left_out = len(preview.flips) - MOST_LISTED
    more = [f"  and {left_out:,} more"] if left_out > 0 else []
    return [preview.text, *(f"  {flip.text}" for flip in preview.flips[:MOST_LISTED]), *more]


def compare(before: Mapping[str, PastVerdict], after: Mapping[str, PastVerdict]) -> Preview:
    """The flips among the batches that both policies judged, of the same bytes."""
    both = [batch for batch in sorted(before.keys() & after.keys()) if before[batch].sha256 == after[batch].sha256]
    flips = filter(None, (_compare(batch, before[batch], after[batch]) for batch in both))
    return Preview(tuple(sorted(flips, key=lambda flip: (not flip.loosens, flip.batch))), len(both))


def _compare(batch: str, before: PastVerdict, after: PastVerdict) -> Flip | None:
    rows = max(len(before.held), len(after.held))
    mine, theirs = (  # rows that can't be read are held
        np.concatenate([each.held, np.full(rows - len(each.held), True)]) for each in (before, after)
    )
    let_in, held = int((mine & ~theirs).sum()), int((theirs & ~mine).sum())
    if before.verdict == after.verdict and not (let_in or held):
        return None
    return Flip(batch, before.verdict, after.verdict, let_in, held, after.stands)


def judge_ingested(room: BasePolicy, anew: bool) -> dict[str, PastVerdict]:
    """The verdict on each batch in data/batches of the current folder, whose decisions are there, too.

    Parameters
    ----------
    room : BasePolicy
    anew : bool
        Whether what stands is judged, too.
    """
    law = Rulebook(load_decisions(), room.inventory, room.params)
    standing = Standing({}, room.standing.digests) if anew else room.standing
    judged = judge_all(room.detector, room.configuration, law, standing)
    return {
        batch.arrival.batch: PastVerdict(
            batch.verdict.verdict,
            tuple(dict.fromkeys(batch.verdict.alarms)),
            batch.verdict.holds(batch.arrival.rows),
            batch.arrival.sha256,
            room.standing.find(batch.arrival) is not None,
        )
        for batch in judged
    }


def judge_by(
    policy: Tree, store: ObjectStore, incoming: Incoming, anew: bool, most: ExaminationParams | None = None
) -> dict[str, PastVerdict]:
    """The verdicts on the batches of one commit by the policy and the decisions of another; see `isolate_policy`.

    Raises
    ------
    PratiqueError
        If the commit has no policy that can be applied, or the bytes of a batch can't be had.
    """
    with isolate_policy(policy, store, most) as room:
        for path in incoming.files:
            incoming.lay_out(path)
        lay_out_decisions(policy)
        ingest_all()
        return judge_ingested(room, anew)


def lay_out_decisions(tree: Tree) -> None:
    """Put the decisions of a commit in the current folder."""
    for name in filter(is_decision, tree.below(paths.DECISIONS)):
        write_bytes(Path(name), tree.read(name))


def preview_change(change: Change) -> tuple[Preview | None, tuple[str, ...]]:
    """What a change of policy flips, of the batches where it branched off; none where it changes no policy.

    What can't be computed is no reason to refuse the change: it is said, with the command to run by hand.
    """
    touched = {path for path in change.touched for place in POLICY_PLACES if Path(path).is_relative_to(place)}
    if not touched or not change.before.files:
        return None, ()
    by_hand = f"`pratique replay --base {change.fork.commit[:12]}` shows which past verdicts it flips"
    if len(change.before.files) > MOST_PREVIEWED:
        return None, (f"a change of policy, and more than {MOST_PREVIEWED} past batches: {by_hand}",)
    try:
        policies = [read_policy(tree) for tree in (change.fork, change.head)]
        if touched == {str(paths.PARAMS)} and _judges_alike(policies):
            return None, ()
        require_inert(change.fork, change.head, policies[1])
        before = judge_by(change.fork, change.store, change.before, anew=False)
        most = policies[0].examination  # a change must not give itself the time that its rules take
        return compare(before, judge_by(change.head, change.store, change.before, anew=True, most=most)), ()
    except PratiqueError as error:
        return None, (f"no preview of this change of policy: {error}; {by_hand}",)


def _judges_alike(both: Iterable[Params]) -> bool:
    first, second = (params.model_dump(include=JUDGING_PARAMS) for params in both)
    return first == second
