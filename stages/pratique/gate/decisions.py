"""The decisions of a change: which are in force, which may not come, and what is taken away without its owner's word.

A decision that a change brings, replaces or takes away is held to one rule: its reviewer signs, with a key that the
base lists. Where the base takes claims for identities, decisions are those of the base, and a change of them brings no
data.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from pratique.core import paths
from pratique.core.params import Params
from pratique.decisions.decision import UNSIGNED, DecisionFile, parse_decision
from pratique.decisions.judging import is_ahead
from pratique.gate.changes import Change, Refusal, is_decision
from pratique.provenance.tree import Tree


@dataclass(frozen=True)
class ChangedDecisions:
    """The decisions of a change.

    Attributes
    ----------
    before : dict of str to DecisionFile
        Those of the base, by path.
    after : dict of str to DecisionFile
        Those that the change brings anew or replaces.
    gone : tuple of str
        Those of the base that the change takes away.
    """

    before: dict[str, DecisionFile]
    after: dict[str, DecisionFile]
    gone: tuple[str, ...]

    @classmethod
    def of(cls, change: Change) -> "ChangedDecisions":
        """Read them from the commits.

        Raises
        ------
        PratiqueError
            If a file among them is no decision.
        """
        touched = [path for path in change.touched if is_decision(path) and _differs(change, path)]
        after = {path: _read(change.head, path) for path in touched if path in change.head.entries}
        before = {path: _read(change.base, path) for path in change.base.below(paths.DECISIONS) if is_decision(path)}
        return cls(before, after, tuple(path for path in touched if path not in after))

    @property
    def any(self) -> bool:
        """Whether there is one at all."""
        return bool(self.after or self.gone)

    def in_force(self, refused: Iterable[Refusal]) -> list[DecisionFile]:
        """What the gate goes by: the decisions of the base, and what the change may bring."""
        never = {refusal.path for refusal in refused}
        new = {path: decision for path, decision in self.after.items() if path not in never}
        return [decision for _, decision in sorted((self.before | new).items())]

    def list_settled(self, batch: str, sha256: str, params: Params) -> frozenset[str]:
        """The reviewers whose release of these bytes of a batch the base holds."""
        held = (d for d in self.before.values() if d.content.action == "release" and d.counts(params))
        return frozenset(d.reviewer for d in held if (d.content.batch, d.subject) == (batch, sha256))

    def refuse(self, params: Params, brings: bool, there: Collection[str], today: date) -> Iterator[Refusal]:
        """The decisions that may not be brought, replaced or taken away like this.

        Parameters
        ----------
        params : Params
        brings : bool
            Whether data come along.
        there : collection of str
            The batches of head. Who submitted one that is not there can't be asked.
        today : date
        """
        claims = params.review.identity == "claims"
        for path in sorted({*self.after, *self.gone}):
            if claims and brings:
                reason = "comes together with data, and here decisions count from the base only"
                yield Refusal(path, reason, f"split the change: {path} apart from the data")
            elif not claims:
                yield from self._refuse(path, params, there, today)

    def _refuse(self, path: str, params: Params, there: Collection[str], today: date) -> Iterator[Refusal]:
        new, old = self.after.get(path), self.before.get(path)
        stands = old is not None and old.counts(params)
        if new is None:
            if old is not None and stands:
                batch = old.content.batch
                yield Refusal(path, f"takes away the {old.name}", f"ask its reviewer: pratique review withdraw {batch}")
        elif not new.counts(params):
            yield Refusal(path, UNSIGNED, f"git rm {path}; or its reviewer decides again, with the key that is listed")
        elif is_ahead(new, today):
            yield Refusal(path, f"is dated {new.content.time:%Y-%m-%d}, which is yet to come", f"git rm {path}")
        elif new.content.action == "release" and new.content.batch not in there:
            yield Refusal(path, f"releases {new.content.batch}, which is not there", f"git rm {path}")
        elif old is not None and stands and new.content.time < old.content.time:
            yield Refusal(path, f"is older than the {old.name}, which it would replace", f"git rm {path}")

    def describe(self) -> Iterator[str]:
        """What the change does to decisions, a line each."""
        for path in sorted({*self.after, *self.gone}):
            new, old = self.after.get(path), self.before.get(path)
            if new is not None:
                yield f"{path}: the {new.name}{'' if old is None else f', in place of the {old.name}'}"
            elif old is not None:
                yield f"{path}: takes away the {old.name}"


def _differs(change: Change, path: str) -> bool:
    return change.head.entries.get(path) != change.base.entries.get(path)


def _read(tree: Tree, path: str) -> DecisionFile:
    return parse_decision(Path(path), tree.read(path))
