"""Erasures that a change brings: each must be a reviewer's word, and fit what the change does to the batch."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from pratique.core import paths
from pratique.core.errors import PratiqueError
from pratique.decisions.erasure import ErasureLine, erased_since, parse_erasures
from pratique.gate.base import read_policy
from pratique.gate.changes import MAX_LEDGER_BYTES, Change, Refusal
from pratique.provenance.tree import Tree
from pratique.tables.arrival import batch_name

NAME = str(paths.ERASURES)


@dataclass(frozen=True)
class BroughtErasures:
    """The erasures of a change that are their reviewers' by a signature, and what may not be among them."""

    lines: tuple[ErasureLine, ...] = ()
    refused: tuple[Refusal, ...] = ()

    @classmethod
    def of(cls, change: Change) -> "BroughtErasures":
        """Those that the change adds to the ones of its base.

        Each begins at the bytes that the base has of a batch, or where the one before it ends, and the last ends at
        those that the change has.

        Raises
        ------
        PratiqueError
            If the base has no policy, or a batch that is named can't be had.
        """
        if NAME not in change.touched:
            return cls()
        params = read_policy(change.base)
        restore = f"git checkout {change.fork.commit[:12]} -- {NAME}"
        if NAME not in change.head.entries:
            return cls(refused=(Refusal(NAME, "takes away what was said of erasures", restore),))
        before, after = _read(change.fork), _read(change.head)
        if not after.startswith(before):
            return cls(refused=(Refusal(NAME, "does not begin with the lines that the base has", restore),))
        try:
            lines = parse_erasures(after, NAME)[before.count(b"\n") :]
            uncounted = [line for line in lines if not line.counts(params)]
        except PratiqueError as error:
            return cls(refused=(Refusal(NAME, str(error).removeprefix(f"{NAME}: "), restore),))
        refused = [_refuse(line, "not signed with a key that the base lists for its reviewer") for line in uncounted]
        fitting = [] if uncounted else _list_fitting(change, lines)
        odd = [] if uncounted else [line for line in lines if line not in fitting]
        refused += [_refuse(line, f"does not fit what the change does to {line.content.batch}") for line in odd]
        vouched = params.review.identity == "signature"  # anybody may claim to be a reviewer
        return cls(tuple(fitting) if vouched else (), tuple(refused))

    def explain(self, batch: str, before: str) -> ErasureLine | None:
        """The erasure by which bytes of a batch are no longer there; None where none is."""
        return next(iter(erased_since(self.lines, batch, before)), None)


def _refuse(line: ErasureLine, reason: str) -> Refusal:
    where = line.place.removeprefix(f"{NAME}: ")
    return Refusal(NAME, f"{where}: {reason}", "take the line away, and `pratique erase` again from what the base has")


def _list_fitting(change: Change, lines: Sequence[ErasureLine]) -> list[ErasureLine]:
    """The lines that lead from what the base has of a batch to what the change has of it."""
    fitting: list[ErasureLine] = []
    named = {line.content.batch for line in lines}
    ends = {batch_name(path): _digest(change, path, False) for path in change.after.files if batch_name(path) in named}
    for path in change.before.files:
        batch = batch_name(path)
        if batch not in named:
            continue
        chain = erased_since(lines, batch, _digest(change, path, True))
        if chain and chain[-1].content.after == ends.get(batch):
            fitting += chain
    return fitting


def _digest(change: Change, path: Path, before: bool) -> str:
    with TemporaryDirectory(prefix="pratique-") as folder:
        return (change.before if before else change.after).copy(path, Path(folder) / path).sha256


def _read(tree: Tree) -> bytes:
    return tree.read(NAME, MAX_LEDGER_BYTES) if NAME in tree.entries else b""
