"""What was erased: said of a batch that the ledger names and that is no longer here, and held to what is."""

from collections.abc import Iterator
from pathlib import Path

from pratique.core import paths
from pratique.core.errors import PratiqueError
from pratique.core.params import DataParams, Params, load
from pratique.decisions.erasure import ErasureLine, last_of, read_erasures
from pratique.gate.ignores import DVC_IGNORE
from pratique.lineage.claim import Claim
from pratique.tables.arrival import POINTER_SUFFIX, batch_name, find_incoming
from pratique.tables.labels import sha256_labelled


def claim_erasures(params: Params) -> list[Claim]:
    """A claim for each erasure: who says so, and that what was erased is not here again."""
    try:
        lines = read_erasures()
    except PratiqueError as error:
        return [Claim(str(paths.ERASURES), "", (str(error),))]
    return [_claim(line, params) for line in lines]


def describe_erased(batch: str) -> list[str]:
    """What `pratique trace` and `pratique recall` say of a batch that was erased; nothing where none of it was."""
    return [f"{batch}: {line.text}" for line in read_erasures() if line.content.batch == batch]


def find_erasure(path: Path) -> ErasureLine | None:
    """The erasure that left the batch of an incoming file, part, pointer or labels as it is here; None if none did."""
    for top in (paths.INCOMING, paths.LABELS):
        below = path.relative_to(top).parts if path.is_relative_to(top) else ()
        if len(below) > 1 and path.name != DVC_IGNORE:
            batch = batch_name(Path(below[0]) / below[1].removesuffix(POINTER_SUFFIX))
            line = last_of(read_erasures(), batch)
            return line if line is not None and _digest_here(batch, load().data) == line.content.after else None
    return None


def _digest_here(batch: str, data: DataParams) -> str | None:
    """The SHA-256 of an incoming batch; None where it is not here."""
    files = find_incoming(paths.INCOMING) if any(paths.INCOMING.glob(f"{batch}*")) else []
    return next((sha256_labelled(file, data) for file in files if batch_name(file) == batch), None)


def _claim(line: ErasureLine, params: Params) -> Claim:
    def find() -> Iterator[str]:
        if not line.counts(params):
            yield f"{line.place}: not signed with a key that params.yaml lists for {line.content.reviewer}"
        if _digest_here(line.content.batch, params.data) == line.before:
            yield f"{line.content.batch}: {line.text}; it is here again as it was before that: erase it once more"

    who = "signed" if line.envelope is not None else "not signed"
    return Claim.of(line.content.batch, f"{line.text} ({who})", find)
