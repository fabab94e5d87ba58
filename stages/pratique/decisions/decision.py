"""Decisions: what a reviewer says about a batch, as a statement that binds what was measured.

A decision is a file in data/decisions, one for each batch and reviewer. It counts if its reviewer has signed it: an
author line of git's is a claim, a signature in the file itself survives every way of merging. A release counts for the
bytes and the limits that it was made for, and no others. A reject holds for its rows whatever they are called, and
beats any release. A withdrawal replaces what its reviewer decided before; no file is ever deleted for it.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Literal

from pydantic import Field

from pratique.core import paths
from pratique.core.documents import parse_json
from pratique.core.errors import PratiqueError
from pratique.core.hashing import sha256_bytes, sha256_json
from pratique.core.params import Params
from pratique.core.sections import Section, parse
from pratique.decisions.binding import Binding
from pratique.provenance import git, signing
from pratique.provenance.parts import ResourceDescriptor, Sha256

DECISION_PREDICATE = "urn:pratique:decision:v1"

Action = Literal["release", "reject", "withdraw"]
BATCH_PATTERN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}/[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
MAX_REASON = 2_000
NOUNS: dict[Action, str] = {"release": "release", "reject": "reject", "withdraw": "withdrawal"}
UNSIGNED = "not signed with a key that params.yaml lists for its reviewer, so it does not count"


class Decision(Section):
    """What a decision says: the predicate of its statement.

    `rows` are positions in the batch, all of its rows where there are none; `rowSet` names the batch's rows in any
    order.
    """

    action: Action
    batch: str = Field(pattern=f"^{BATCH_PATTERN.pattern}$")
    rows: tuple[int, ...] | None = None
    reviewer: str = Field(min_length=1, max_length=300)
    reason: str = Field(min_length=1, max_length=MAX_REASON)
    time: datetime
    expires: date | None = None
    binds: Binding
    rowSet: Sha256 | None = None  # noqa: N815, the records' spelling


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
    envelope : bytes, optional
        The file, if it is a signed one.
    """

    path: Path
    content: Decision
    sha256: str
    envelope: bytes | None = None

    @property
    def reviewer(self) -> str:
        """The reviewer's address, in lower case."""
        return git.email_of(self.content.reviewer)

    @property
    def subject(self) -> str:
        """SHA-256 of the batch that was decided on."""
        return self.content.binds.batch

    @property
    def name(self) -> str:
        """What it decides, and who says so."""
        return f"{NOUNS[self.content.action]} of {self.content.batch} by {self.content.reviewer}"

    def is_about(self, sha256: str, row_set: str | None) -> bool:
        """Whether a batch is the one that was decided on, by its bytes or by its rows in any order."""
        return self.subject == sha256 or self.has_rows(row_set)

    def has_rows(self, row_set: str | None) -> bool:
        """Whether rows, named in any order, are those that were decided on."""
        return row_set is not None and self.content.rowSet == row_set

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
    if said.binds.batch != statement.subject[0].sha256:
        raise PratiqueError(f"{path}: binds other bytes than those of its subject; decide again")
    return DecisionFile(path, said, sha256_bytes(data), envelope)


def file_name(batch: str, reviewer: str) -> str:
    """One file for each batch and reviewer: a second thought replaces the first, two people never collide."""
    return f"{batch.replace('/', '--')}--{sha256_json([batch, git.email_of(reviewer)])[:8]}.json"


def _load(path: Path) -> DecisionFile:
    if path.is_symlink() or not path.is_file():
        raise PratiqueError(f"{path}: not a regular file; a decision is a file of its own")
    return parse_decision(path, path.read_bytes())
