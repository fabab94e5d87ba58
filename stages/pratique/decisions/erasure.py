"""Erasures: what people took away for good, the one exception to "nothing is ever lost".

data/erasures.jsonl has a line for each: a statement, signed where whoever erased has a key. It names digests, the
batch, how many rows, who and why; never a cell or an id. The ledger stays as it is: this says why what it names is
no longer here.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from pratique.core import paths
from pratique.core.documents import parse_json
from pratique.core.params import Params
from pratique.core.sections import Section, parse
from pratique.core.text import say_count
from pratique.core.writing import json_text, write_bytes
from pratique.decisions.decision import BATCH_PATTERN, MAX_REASON
from pratique.provenance import git, signing
from pratique.provenance.parts import ResourceDescriptor, Sha256
from pratique.provenance.record import STATEMENT

ERASURE_PREDICATE = "urn:pratique:erasure:v1"


class Erasure(Section):
    """What was erased: the predicate of a line.

    Attributes
    ----------
    batch : str
    after : str, optional
        SHA-256 of the batch once the rows are gone; None where all of it is.
    rows : int, optional
        How many rows went; None where a whole batch went that can't be read.
    reviewer, reason : str
    time : datetime
    """

    batch: str = Field(pattern=f"^{BATCH_PATTERN.pattern}$")
    after: Sha256 | None
    rows: int | None = Field(ge=0)
    reviewer: str = Field(min_length=1, max_length=300)
    reason: str = Field(min_length=1, max_length=MAX_REASON)
    time: datetime


class _Statement(Section):
    type_: Literal["https://in-toto.io/Statement/v1"] = Field(alias="_type")
    subject: tuple[ResourceDescriptor]
    predicateType: Literal["urn:pratique:erasure:v1"]  # noqa: N815, the records' spelling
    predicate: Erasure


@dataclass(frozen=True)
class ErasureLine:
    """A line of data/erasures.jsonl.

    Attributes
    ----------
    content : Erasure
    before : str
        SHA-256 of the batch as it was, by which records and the ledger name it.
    place : str
        Where the line stands, for people.
    envelope : bytes, optional
        The statement, if it is a signed one.
    """

    content: Erasure
    before: str
    place: str
    envelope: bytes | None = None

    @property
    def text(self) -> str:
        """For people."""
        said = self.content
        what = "all of it" if said.after is None else say_count(said.rows or 0, "row")
        return f"erased on {said.time.date()}, {what}, by {said.reviewer}: {said.reason}"

    def counts(self, params: Params) -> bool:
        """Whether it is its reviewer's: signed with the key that params list, unless they take claims for it."""
        if params.review.identity == "claims":
            return True
        public = params.signing.key_of(git.email_of(self.content.reviewer))
        return self.envelope is not None and public is not None and signing.is_signed(self.envelope, public, self.place)


def read_erasures(path: Path = paths.ERASURES) -> list[ErasureLine]:
    """Every erasure, in the order in which they were made; none where the file is missing."""
    return parse_erasures(path.read_bytes(), str(path)) if path.is_file() else []


def parse_erasures(data: bytes, place: str) -> list[ErasureLine]:
    """The erasures that some bytes hold.

    Raises
    ------
    PratiqueError
        If a line is none; the message names it.
    """
    return [_parse_line(line, f"{place}: line {at}") for at, line in enumerate(data.splitlines(), 1)]


def _parse_line(line: bytes, place: str) -> ErasureLine:
    value = parse_json(line, place)
    sealed = isinstance(value, dict) and "payload" in value
    envelope = signing.envelope_of(value) if sealed else None
    statement = parse(_Statement, value if envelope is None else signing.unseal(envelope, place), place)
    return ErasureLine(statement.predicate, statement.subject[0].sha256, place, envelope)


def add_erasure(file: Path, before: str, content: Erasure) -> None:
    """Add a line, signed where whoever works here has a key; nothing where the last line of the batch is the same.

    An erasure that was interrupted is made again: its line stands already.
    """
    mine = [line for line in read_erasures() if line.content.batch == content.batch]
    if mine and (mine[-1].before, mine[-1].content.after) == (before, content.after):
        return
    statement: dict[str, Any] = {
        "_type": STATEMENT,
        "subject": [ResourceDescriptor.of(file.as_posix(), before).model_dump(mode="json")],
        "predicateType": ERASURE_PREDICATE,
        "predicate": content.model_dump(mode="json"),
    }
    key = signing.reviewer_key()
    line = json_text(statement) if key is None else json.dumps(json.loads(signing.seal(statement, key)))
    known = paths.ERASURES.read_bytes() if paths.ERASURES.is_file() else b""
    write_bytes(paths.ERASURES, known + f"{line}\n".encode())


def make_erasure(batch: str, after: str | None, rows: int | None, reason: str) -> Erasure:
    """What whoever works here erases now.

    Raises
    ------
    PratiqueError
        If git does not know who that is, or the reason is empty or too long.
    """
    said = {"batch": batch, "after": after, "rows": rows, "reviewer": git.read_identity(), "reason": reason.strip()}
    return parse(Erasure, {**said, "time": datetime.now(UTC).isoformat(timespec="seconds")}, batch)


def erased_since(lines: Iterable[ErasureLine], batch: str, before: str) -> list[ErasureLine]:
    """The erasures that lead from the bytes of a batch to what is left of them, one after the other."""
    chain: list[ErasureLine] = []
    stands: str | None = before
    for line in lines:
        if line.content.batch == batch and line.before == stands:
            chain.append(line)
            stands = line.content.after
    return chain


def last_of(lines: Sequence[ErasureLine], batch: str) -> ErasureLine | None:
    """The last erasure of a batch; None where nothing of it was erased."""
    return next((line for line in reversed(lines) if line.content.batch == batch), None)
