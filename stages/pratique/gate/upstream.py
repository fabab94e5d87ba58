"""Where the batches of a change come from: who brought each, and which batch came before it."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from pratique.core.params import Params
from pratique.decisions.judging import Submission
from pratique.gate.changes import Change, pointers
from pratique.provenance.parts import ResourceDescriptor
from pratique.tables.arrival import batch_name, list_predecessors


def find_submission(change: Change, path: Path, params: Params, account: str | None) -> Submission:
    """Who brought a file: with this change, of which CI may name the submitter, or before it."""
    held = change.after.files[path]
    stands = [Path(held.stands), *([Path(held.labels.stands)] if held.labels else [])]
    places = [*dict.fromkeys([*pointers(path), *stands])]
    if path in change.files:
        return Submission.of_change(change.head.commit, places, change.fork.commit, params, account)
    return Submission.of_past(change.head.commit, places, params)


def find_predecessors(change: Change, chosen: Sequence[Path]) -> dict[Path, ResourceDescriptor]:
    """The batch before each of these files, hashed; the first of a source has none.

    It is not examined: the base's own, or brought by the change and then examined by itself.
    """
    there = {batch_name(path): path for path in change.after.files}
    before = list_predecessors(there)
    found = {path: there[before[batch_name(path)]] for path in chosen if batch_name(path) in before}
    with TemporaryDirectory(prefix="pratique-") as folder:
        digests = {other: change.after.copy(other, Path(folder) / other).sha256 for other in set(found.values())}
    return {path: ResourceDescriptor.of(other.as_posix(), digests[other]) for path, other in found.items()}
