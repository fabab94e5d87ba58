"""Verification summaries that a change brings: each must be CI's word, by its key, about a batch that is there."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from pratique.core import paths
from pratique.core.errors import PratiqueError
from pratique.gate.base import read_policy
from pratique.gate.changes import Change, Refusal
from pratique.provenance.summary import place_of, read_summary, require_subject
from pratique.tables.arrival import batch_name


def refuse_summaries(change: Change) -> list[Refusal]:
    """The files below data/attestations that the change may not bring, take away or alter, sorted.

    Raises
    ------
    PratiqueError
        If the base has no policy, or a batch that is vouched for can't be had.
    """
    touched = [path for path in change.touched if Path(path).is_relative_to(paths.ATTESTATIONS)]
    return list(_find_refused(change, touched)) if touched else []


def _find_refused(change: Change, touched: list[str]) -> Iterator[Refusal]:
    key = read_policy(change.base).signing.gate
    files = {place_of(batch_name(path)).as_posix(): path for path in change.after.files}
    for path in touched:
        if path in change.head.entries:
            fault = _find_fault(change, path, files.get(path), key)
            if fault is not None:
                yield Refusal(path, fault, f"git checkout {change.fork.commit[:12]} -- {path}, or git rm {path}")
        elif path in files:
            remedy = f"git checkout {change.fork.commit[:12]} -- {path}"
            yield Refusal(path, "vouches for a batch that is still there, and is taken away", remedy)


def _find_fault(change: Change, path: str, batch: Path | None, key: str | None) -> str | None:
    """Why nobody vouches by this file; None where somebody does."""
    if batch is None:
        return "about no batch of this commit"
    try:
        summary = read_summary(change.head.read(path), path, key)
        with TemporaryDirectory(prefix="pratique-") as folder:
            sha256 = change.after.copy(batch, Path(folder) / "batch").sha256
        require_subject(summary, batch_name(batch), sha256, path)
    except PratiqueError as error:
        return str(error).removeprefix(f"{path}: ")
    return None
