"""Decisions: what a reviewer says about a batch, as a statement that binds what was measured.

A decision is a file in data/decisions, one for each batch and reviewer. It counts if its reviewer has signed it: an
author line of git's is a claim, a signature in the file itself survives every way of merging. A release counts for the
bytes and the limits that it was made for, and no others. A reject holds for its rows whatever they are called, and
beats any release. A withdrawal replaces what its reviewer decided before; no file is ever deleted for it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Literal

from pydantic import Field

from pratique.core import paths
from pratique.core.documents import parse_json
from pratique.core.errors import PratiqueError
from pratique.core.hashing import sha256_bytes, sha256_json
from pratique.core.params import Params, Section, parse
from pratique.core.writing import write_json
from pratique.decisions.records import BATCH_PATTERN, read_record
from pratique.provenance import git, signing
from pratique.provenance.parts import ResourceDescriptor
from pratique.provenance.record import STATEMENT, Record

DECISION_PREDICATE = "urn:pratique:decision:v1"

Action = Literal["release", "reject", "withdraw"]
SHA256_PATTERN = r"^[0-9a-f]{64}$"
MAX_REASON = 2_000
NOUNS: dict[Action, str] = {"release": "release", "reject": "reject", "withdraw": "withdrawal"}
UNSIGNED = "not signed with a key that params.yaml lists for its reviewer, so it does not count"

BOUND_CONFIGURATION = ("params", "schema", "suite", "reference")
"""What limits follow from. The profile and what was measured follow too, but a processor's last bits show in them."""


class Decision(Section):
    """What a decision says: the predicate of its statement.

    `rows` are positions in the batch, all of its rows where there are none; `binds` is the `binding` of the record
    that was decided on; `rowSet` names the batch's rows in any order.
    """

    action: Action
    batch: str = Field(pattern=f"^{BATCH_PATTERN.pattern}$")
    rows: tuple[int, ...] | None = None
    reviewer: str = Field(min_length=1, max_length=300)
    reason: str = Field(min_length=1, max_length=MAX_REASON)
    time: datetime
    expires: date | None = None
    binds: str = Field(pattern=SHA256_PATTERN)
    rowSet: str | None = Field(None, pattern=SHA256_PATTERN)  # noqa: N815, the records' spelling


class _Statement(Section):
    type_: Literal["https://in-toto.io/Statement/v1"] = Field(alias="_type")
    subject: tuple[ResourceDescriptor]
    predicateType: Literal["urn:pratique:decision:v1"]  # noqa: N815
    predicate: Decision


@dataclass(frozen=True)
class DecisionFile:
    """A decision, the file it stands in, and those bytes where they are signed.

    Attributes
    ----------
    path : Path
    content : Decision
    sha256 : str
        Of the file.
    subject : str
        SHA-256 of the batch that was decided on.
    envelope : bytes, optional
        The file, if it is a signed one.
    """

    path: Path
    content: Decision
    sha256: str
    subject: str
    envelope: bytes | None = None

    @property
    def reviewer(self) -> str:
        """The reviewer's address, in lower case."""
        return git.email_of(self.content.reviewer)

    @property
    def name(self) -> str:
        """What it decides, and who says so."""
        return f"{NOUNS[self.content.action]} of {self.content.batch} by {self.content.reviewer}"

    def counts(self, params: Params) -> bool:
        """Whether it is its reviewer's: signed with the key that params list, unless they take claims for it."""
        if params.review.identity == "claims":
            return True
        public = params.signing.key_of(self.reviewer)
        return (
            self.envelope is not None
            and public is not None
            and signing.is_signed(self.envelope, public, str(self.path))
        )


def binding(sha256: str, digests: Mapping[str, str], passed: Sequence[tuple[str, bool]]) -> str:
    """SHA-256 over the batch's bytes, what limits follow from, and which checks let the batch pass.

    Observed values are left out: they differ in the last digits from one kind of processor to another, and a
    release that somebody decided on a laptop must hold where the gate runs. So is the program's version: a release
    survives an upgrade that changes no verdict.

    Parameters
    ----------
    sha256 : str
        Of the bytes that came in.
    digests : mapping of str to str
        Everything else that the verdict depends on, by name.
    passed : sequence of (str, bool)
        Each check, and whether the batch passed it, in the order of the record.
    """
    limits = {name: digest for name, digest in digests.items() if name in BOUND_CONFIGURATION}
    return sha256_json([sha256, limits, [list(each) for each in passed]])


def binding_of(record: Record) -> str:
    """What a decision on this record binds."""
    return binding(record.sha256, record.digests, [(check.id, check.success) for check in record.checks])


def load_decisions(folder: Path = paths.DECISIONS) -> list[DecisionFile]:
    """Every decision, sorted by the name of its file; none where the folder is missing.

    Raises
    ------
    PratiqueError
        If a file is no decision; the message names it and what is wrong.
    """
    return [_load(path) for path in sorted(folder.glob("*.json"))]


def parse_decision(path: Path, data: bytes) -> DecisionFile:
    """The decision in a file's bytes.

    Raises
    ------
    PratiqueError
        If there is none; the message names the file and what is wrong.
    """
    value = parse_json(data, str(path))
    envelope = data if isinstance(value, dict) and "payload" in value else None
    statement = parse(_Statement, value if envelope is None else signing.unseal(envelope, str(path)), str(path))
    said = statement.predicate
    if path.name != (expected := file_name(said.batch, said.reviewer)):
        raise PratiqueError(f"{path}: a decision under another name than its own, which is {expected}; rename it")
    return DecisionFile(path, said, sha256_bytes(data), statement.subject[0].sha256, envelope)


def release(
    batch: str,
    *,
    reason: str,
    rows: Sequence[int] | None = None,
    expires: date | None = None,
    given: Path | None = None,
) -> Path:
    """Let a batch into training although it was held, or some of its rows.

    Parameters
    ----------
    batch : str
        `<source>/<stem>`.
    reason : str
        Why, for whoever asks later.
    rows : sequence of int, optional
        Positions of the rows to let in; without it, all of them.
    expires : date, optional
        The last day on which the release counts.
    given : Path, optional
        The batch's record from elsewhere, as from the gate; without it, that of the last run.

    Returns
    -------
    Path
        The file written; it takes effect with the next `dvc repro`, and for others once it is merged.

    Raises
    ------
    PratiqueError
        If there is no such record, nothing is held, the batch can't be read, or an argument makes no sense.
    """
    record = read_record(batch, given)
    if record.fault is not None:
        raise PratiqueError(f"{batch}: can't be read as a table, so it can't be released; correct the file")
    if record.verdict == "accept" and not record.held:
        raise PratiqueError(f"{batch}: nothing of it is held, so there is nothing to release")
    if expires is not None and expires < datetime.now(UTC).date():
        raise PratiqueError(f"{batch}: {expires} is past; name a day to come")
    chosen = None if rows is None else tuple(sorted(set(rows)))
    if chosen is not None and not (chosen and chosen[0] >= 0 and chosen[-1] < record.rows):
        raise PratiqueError(f"{batch}: rows are counted from 0 to {record.rows - 1}; name some of them")
    return _write(record, "release", reason, chosen, expires)


def reject(batch: str, *, reason: str, given: Path | None = None) -> Path:
    """Keep a batch out of training for good, under whatever name its rows come again; `given` as for `release`.

    Raises
    ------
    PratiqueError
        If there is no such record.
    """
    return _write(read_record(batch, given), "reject", reason)


def withdraw(batch: str, *, reason: str) -> Path:
    """Take back what whoever works here decided about a batch; the verdict and what others decided remain.

    Raises
    ------
    PratiqueError
        If there is no such record, or nothing to take back.
    """
    record = read_record(batch)
    path = paths.DECISIONS / file_name(batch, git.read_identity())
    if not path.is_file() or _load(path).content.action == "withdraw":
        raise PratiqueError(f"{batch}: you have decided nothing about it, so there is nothing to take back")
    return _write(record, "withdraw", reason)


def file_name(batch: str, reviewer: str) -> str:
    """One file for each batch and reviewer: a second thought replaces the first, two people never collide."""
    return f"{batch.replace('/', '--')}--{sha256_json([batch, git.email_of(reviewer)])[:8]}.json"


def would_count(params: Params) -> bool:
    """Whether what whoever works here decides would count: with a key that params list for them."""
    if params.review.identity == "claims":
        return True
    key, listed = signing.reviewer_key(), params.signing.key_of(git.email_of(git.read_identity()))
    return key is not None and listed is not None and signing.public_line(key) == listed.strip()


def _write(
    record: Record,
    action: Action,
    reason: str,
    rows: tuple[int, ...] | None = None,
    expires: date | None = None,
) -> Path:
    reviewer = git.read_identity()
    content = {
        "action": action,
        "batch": record.batch,
        "rows": None if rows is None else list(rows),
        "reviewer": reviewer,
        "reason": reason.strip(),
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "expires": None if expires is None else expires.isoformat(),
        "binds": binding_of(record),
        "rowSet": record.facts.row_set_sha256,
    }
    parse(Decision, content, record.batch)
    statement = {
        "_type": STATEMENT,
        "subject": record.to_statement()["subject"],
        "predicateType": DECISION_PREDICATE,
        "predicate": content,
    }
    path = paths.DECISIONS / file_name(record.batch, reviewer)
    key = signing.reviewer_key()
    if key is None:
        write_json(path, statement)
    else:
        signing.save(path, statement, key)
    return path


def _load(path: Path) -> DecisionFile:
    if path.is_symlink() or not path.is_file():
        raise PratiqueError(f"{path}: not a regular file; a decision is a file of its own")
    return parse_decision(path, path.read_bytes())
