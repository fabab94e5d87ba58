"""The ledger: one line for each record and each change of one, each line chained to the one before it.

It is the one history that validate keeps: append-only, in git. What a record says of the machine that made it (code,
profile, version) stays out of it, so that a rerun elsewhere or by a newer version adds nothing unless a result changed.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pratique.core import paths
from pratique.core.documents import parse_json
from pratique.core.errors import PratiqueError
from pratique.core.hashing import sha256_json
from pratique.core.writing import write_text
from pratique.decisions.binding import UNBOUND
from pratique.provenance import git
from pratique.provenance.record import Record
from pratique.tables.arrival import name_order

GENESIS = "0" * 64


class NewerLedger(PratiqueError):
    """A ledger of a format that this version does not know."""


@dataclass(frozen=True)
class Entry:
    """One line.

    Attributes
    ----------
    index : int
        Its position, from 0.
    batch : str
    subject : str
        SHA-256 of the batch's bytes.
    verdict, outcome : str
    record : str
        SHA-256 of the record, without what it says of the machine that made it.
    previous : str
        `sha256` of the line before.
    sha256 : str
        Of this line's other fields.
    """

    index: int
    batch: str
    subject: str
    verdict: str
    outcome: str
    record: str
    previous: str
    sha256: str

    @classmethod
    def of(cls, facts: "RecordFacts", last: "Entry | None") -> "Entry":
        """The line for a record after the last one."""
        fields: dict[str, Any] = {
            "index": 0 if last is None else last.index + 1,
            **asdict(facts),
            "previous": GENESIS if last is None else last.sha256,
        }
        return cls(**fields, sha256=sha256_json(fields))

    def line(self) -> str:
        """As it stands in the file."""
        return json.dumps(asdict(self), separators=(",", ":")) + "\n"


@dataclass(frozen=True)
class RecordFacts:
    """What a line says of a record; see `Entry`."""

    batch: str
    subject: str
    verdict: str
    outcome: str
    record: str

    @classmethod
    def of(cls, record: Record) -> "RecordFacts":
        """What there is to say of a record."""
        return cls(record.batch, record.sha256, record.verdict, record.outcome, essence(record))


def essence(record: Record) -> str:
    """SHA-256 of a record without its tool, its code and its profile."""
    return sha256_json(strip_machine(record))


def strip_machine(record: Record) -> dict[str, Any]:
    """The statement of a record without its tool, its code and its profile."""
    statement = record.to_statement()
    predicate = {key: value for key, value in statement["predicate"].items() if key != "tool"}
    predicate["configuration"] = [entry for entry in predicate["configuration"] if entry["name"] not in UNBOUND]
    return statement | {"predicate": predicate}


def append(records: Iterable[Record], path: Path = paths.LEDGER) -> None:
    """Add a line for every record that differs from the last one of its batch, in the order of `name_order`.

    Raises
    ------
    PratiqueError
        If the ledger has been changed.
    """
    write(extend(read(path), map(RecordFacts.of, records)), path)


def extend(entries: Sequence[Entry], facts: Iterable[RecordFacts]) -> list[Entry]:
    """The entries, and one more for every record that differs from the last one of its batch, as `append` does."""
    known, extended = latest(entries), list(entries)
    for each in sorted(facts, key=lambda each: name_order(each.batch)):
        entry = known.get(each.batch)
        if entry is None or entry.record != each.record:
            extended.append(Entry.of(each, extended[-1] if extended else None))
    return extended


def write(entries: Iterable[Entry], path: Path = paths.LEDGER) -> None:
    """Write a ledger."""
    write_text(path, "".join(entry.line() for entry in entries))


def latest(entries: Sequence[Entry]) -> dict[str, Entry]:
    """The last entry of each batch."""
    return {entry.batch: entry for entry in entries}


def read(path: Path = paths.LEDGER) -> list[Entry]:
    """The entries of a ledger; none where the file is missing."""
    return parse(path.read_bytes(), str(path)) if path.is_file() else []


def read_continued() -> list[Entry]:
    """The entries of the ledger here, which must continue the one that is committed.

    Raises
    ------
    PratiqueError
        If it is damaged, or does not begin with all that the checked-out commit has, or one that is being merged.
    """
    data = paths.LEDGER.read_bytes() if paths.LEDGER.is_file() else b""
    committed = [found for commit in ("HEAD", "MERGE_HEAD") if (found := _read_committed(commit)) is not None]
    if committed and not any(data.startswith(each) for each in committed):
        raise PratiqueError(
            f"{paths.LEDGER}: does not begin with all entries of the checked-out commit; take that one back "
            f"(`git checkout -- {paths.LEDGER}`), and run `dvc repro`"
        )
    return parse(data, str(paths.LEDGER))


def _read_committed(commit: str) -> bytes | None:
    """The ledger of a commit; None where there is no such commit, or it has none."""
    try:
        return git.read_blob(commit, str(paths.LEDGER))
    except PratiqueError:
        return None


def parse(data: bytes, place: str) -> list[Entry]:
    """The entries of a ledger, every one held to the chain.

    Raises
    ------
    PratiqueError
        If a line was edited, torn, removed or moved; the message names the first such entry.
    """
    entries: list[Entry] = []
    for index, line in enumerate(data.splitlines(keepends=True)):
        last = entries[-1] if entries else None
        entry = _entry(line, f"{place}: entry {index}")
        if entry.index != index or entry.previous != (GENESIS if last is None else last.sha256):
            raise PratiqueError(f"{place}: entry {index}: does not follow the one before it; {REMEDY}")
        entries.append(entry)
    return entries


def require_prefix(entries: Sequence[Entry], base: Sequence[Entry], place: str) -> None:
    """Refuse a ledger that does not continue another.

    Raises
    ------
    PratiqueError
        If an entry of the base is missing or differs; the message names the first.
    """
    for old, new in zip(base, entries, strict=False):
        if old != new:
            raise PratiqueError(f"{place}: entry {old.index}: not the one that the base has; {REMEDY}")
    if len(entries) < len(base):
        raise PratiqueError(f"{place}: entry {len(entries)}: missing, the base has {len(base)} entries; {REMEDY}")


REMEDY = "take back the one that was merged (`git log -- data/ledger.jsonl` lists them), and run `dvc repro`"


def _entry(line: bytes, place: str) -> Entry:
    try:
        said = parse_json(line, place)
        if isinstance(said, dict) and "version" in said:  # today's has none
            raise NewerLedger(f"{place}: written by a newer version of Pratique; install that one")
        entry = Entry(**said)
        fields = {key: value for key, value in asdict(entry).items() if key != "sha256"}
        sound = entry.line().encode() == line and sha256_json(fields) == entry.sha256
    except NewerLedger:
        raise
    except (PratiqueError, TypeError, ValueError) as error:
        raise PratiqueError(f"{place}: not readable; {REMEDY}") from error
    if not sound:
        raise PratiqueError(f"{place}: changed after it was written; {REMEDY}")
    return entry
