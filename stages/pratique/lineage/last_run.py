"""The last run of the pipeline, read back whole: its records, their lines in the ledger, and what the model learned."""

import re
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pratique.core import paths
from pratique.core.errors import PratiqueError
from pratique.core.hashing import sha256_json
from pratique.decisions import ledger
from pratique.provenance import git
from pratique.provenance.parts import FileDescriptor
from pratique.provenance.record import Record
from pratique.results.records import read_records
from pratique.training.manifest import MANIFEST, Manifest, read_manifest

EXPORT_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "urn:pratique:export:v1")
URI_PATTERN = re.compile(r"(?!(?i:javascript|vbscript|data):)[A-Za-z][A-Za-z0-9+.-]*:[!-~]+")
"""Addresses that stand as addresses in exports; not those that a browser would run."""


@dataclass(frozen=True)
class LastRun:
    """What the exports tell of.

    Attributes
    ----------
    records : tuple of Record
    entries : dict of str to Entry
        The line of the ledger that names each record, by batch.
    model : Manifest, optional
        None where nothing was trained yet.
    """

    records: tuple[Record, ...]
    entries: dict[str, ledger.Entry]
    model: Manifest | None


def read_last_run() -> LastRun:
    """Read what the last run left here.

    Raises
    ------
    PratiqueError
        If the pipeline has not run, or the ledger does not name a record.
    """
    records = tuple(read_records())
    entries = ledger.latest(ledger.read())
    for record in records:
        entry = entries.get(record.batch)
        if entry is None or entry.record != ledger.essence(record):
            raise PratiqueError(f"{record.path}: not the record that {paths.LEDGER} names; run `dvc repro`")
    return LastRun(records, entries, read_manifest() if MANIFEST.is_file() else None)


def tell_time() -> str:
    """When the run was committed; now, where git does not know that.

    A record holds no time, so that the same inputs give the same record. What git knows is when the ledger or DVC's
    lock was committed last.
    """
    try:
        if not (git.is_uncommitted(paths.LEDGER) or git.is_uncommitted(paths.LOCK)):
            return git.read_commits([str(paths.LEDGER), str(paths.LOCK)])[0].date
    except (PratiqueError, IndexError):
        pass
    return datetime.now(UTC).isoformat(timespec="seconds")


def is_accepted(out: FileDescriptor) -> bool:
    """Whether an output holds accepted rows; the others hold what is in quarantine."""
    return Path(out.name).is_relative_to(paths.ACCEPTED)


def identify(*parts: Any) -> str:
    """A UUID of version 5 that follows from JSON values and from nothing else (RFC 9562)."""
    return str(uuid.uuid5(EXPORT_NAMESPACE, sha256_json(parts)))
