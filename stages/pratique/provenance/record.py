"""The record of a batch: what was measured, against which limits, with what result; on disk an in-toto Statement.

It holds no clock, no git fact and no signature: it is a pure function of the batch, the profile, the params and what
people decided. Validate writes it; the gate, `verify`, the review and the pages read this one form of it.
"""

import json
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from pratique.core import paths
from pratique.core.documents import parse_json, read_json
from pratique.core.errors import PratiqueError
from pratique.core.writing import json_bytes, round_floats, write_bytes
from pratique.provenance.parts import (
    AlarmCode,
    BatchFacts,
    BudgetRecord,
    Chance,
    CheckRecord,
    Count,
    DecisionRecord,
    FileDescriptor,
    HoldRecord,
    Part,
    Ranges,
    ReadingRecord,
    RepeatRecord,
    ResourceDescriptor,
    RowCounts,
    Sha256,
    ShareRecord,
    SourceRecord,
    StandingRecord,
    SuspectRow,
    Tool,
    UncountedRecord,
    Winnings,
)

STATEMENT = "https://in-toto.io/Statement/v1"
RECORD_PREDICATE = "urn:pratique:batch-record:v1"

State = Literal["waits", "barred", "released", "unread", "rejected", "partial", "warned", "accepted"]


class Record(Part):
    """Everything that is remembered of one batch.

    Attributes
    ----------
    file, sha256 : str
        The file that came in, by its path in the repository, and the digest of its bytes.
    reason_codes : tuple of str
        Why the batch is held: alarms, then codes of policy.
    fault : str, optional
        Why the file can't be read as a table.
    source_entry : SourceRecord, optional
        Who delivered it and under which licence; None where the inventory does not list the source.
    predecessor : ResourceDescriptor, optional
        The subject of the record before it: the batch of the same source whose name comes before; None for the first.
    readings : tuple of ReadingRecord
        What was read otherwise than it is written: nothing is converted silently.
    repeats : RepeatRecord, optional
        The batch that most of its rows stand in already; None where it repeats none.
    uncounted : tuple of UncountedRecord
        What people decided about it without effect: no decision disappears without a sentence.
    suspects : tuple of SuspectRow
        The first few; `suspects_left_out` counts the others.
    counts : RowCounts
    verdict_holds : str
        Positions of the rows that the verdict holds by itself, whatever people decided, as ranges.
    bets : tuple of float
        What the batch adds to the stream of its source, as logarithms.
    standing : StandingRecord, optional
        The run whose verdict this is, where it stands and today's policy gives another or was not applied.
    """

    file: str = Field(min_length=1, exclude=True)
    sha256: Sha256 = Field(exclude=True)
    result: Literal["PASSED", "WARNED", "FAILED"]
    verdict: Literal["accept", "partial", "quarantine"]
    p_value: Chance
    reason_codes: tuple[AlarmCode, ...]
    fault: str | None
    facts: BatchFacts = Field(alias="batch")
    source_entry: SourceRecord | None
    predecessor: ResourceDescriptor | None
    configuration: tuple[ResourceDescriptor, ...]
    checks: tuple[CheckRecord, ...]
    outcome: Literal["accepted", "quarantined"]
    decisions: tuple[DecisionRecord, ...]
    holds: tuple[HoldRecord, ...]
    poisoned_share: ShareRecord | None
    budget: BudgetRecord | None
    suspects: tuple[SuspectRow, ...]
    suspects_left_out: Count
    counts: RowCounts = Field(alias="rows")
    outputs: Annotated[tuple[FileDescriptor, ...], Field(min_length=1)]
    tool: Tool
    readings: tuple[ReadingRecord, ...] = ()
    repeats: RepeatRecord | None = None
    verdict_holds: Ranges = ""
    bets: tuple[Winnings, ...] = ()
    standing: StandingRecord | None = None
    uncounted: tuple[UncountedRecord, ...] = ()

    @classmethod
    def from_statement(cls, statement: Any, place: str) -> "Record":
        """The record in an in-toto Statement.

        Raises
        ------
        PratiqueError
            If it is none, or one that another version wrote; `place` says where it stood.
        """
        match statement:
            case {
                "_type": "https://in-toto.io/Statement/v1",
                "subject": [{"name": str(name), "digest": {"sha256": str(sha256)}}],
                "predicateType": "urn:pratique:batch-record:v1",
                "predicate": dict(predicate),
            } if len(statement) == 4 and not {"file", "sha256"} & predicate.keys():
                pass
            case _:
                raise PratiqueError(f"{place}: not a record of this version; run `dvc repro`")
        try:  # as JSON, where a list may be a tuple and nothing else is converted
            record = cls.model_validate_json(json.dumps(predicate | {"file": name, "sha256": sha256}), strict=True)
        except (ValidationError, ValueError) as error:
            where = "its keys"
            if isinstance(error, ValidationError):
                where = "/".join(map(str, error.errors()[0]["loc"])) or where
            raise PratiqueError(f"{place}: not a record of this version, see {where}; run `dvc repro`") from error
        if record.to_statement() != statement:  # a key that a default would fill in, or one beside the digest
            raise PratiqueError(f"{place}: not a record of this version, see its keys; run `dvc repro`")
        return record

    def to_statement(self) -> dict[str, Any]:
        """The record as an in-toto Statement; numbers have six digits, because processors differ behind them."""
        return {
            "_type": STATEMENT,
            "subject": [self.subject.model_dump(mode="json")],
            "predicateType": RECORD_PREDICATE,
            "predicate": round_floats(self.model_dump(mode="json", by_alias=True)),
        }

    @classmethod
    def read(cls, path: Path) -> "Record":
        """Read a record from its file; see `from_statement` for what it raises."""
        return cls.from_statement(read_json(path), str(path))

    @classmethod
    def parse(cls, data: bytes, place: str) -> "Record":
        """Read a record from bytes; see `from_statement` for what it raises."""
        return cls.from_statement(parse_json(data, place), place)

    def to_bytes(self) -> bytes:
        """The record as it stands in its file."""
        return json_bytes(self.to_statement())

    def write(self) -> Path:
        """Write the record to its file, and return that."""
        write_bytes(self.path, self.to_bytes())
        return self.path

    @property
    def subject(self) -> ResourceDescriptor:
        """The file that came in."""
        return ResourceDescriptor.of(self.file, self.sha256)

    @property
    def batch(self) -> str:
        """`<source>/<batch>`."""
        return self.facts.id

    @property
    def source(self) -> str:
        """Who delivered it."""
        return self.facts.source

    @property
    def rows(self) -> int:
        """How many rows came in."""
        return self.facts.rows

    @property
    def columns(self) -> int:
        """How many columns came in."""
        return self.facts.columns

    @property
    def alarms(self) -> tuple[str, ...]:
        """Why the batch is held, as codes."""
        return self.reason_codes

    @property
    def digests(self) -> dict[str, str]:
        """What the verdict depends on beside the batch, by name."""
        return {each.name: each.sha256 for each in self.configuration}

    @property
    def decision(self) -> Literal["", "release", "reject"]:
        """What people decided; empty while nobody has."""
        return self.decisions[0].action if self.decisions else ""

    @property
    def suspect_count(self) -> int:
        """How many rows are suspect by themselves."""
        return len(self.suspects) + self.suspects_left_out

    @property
    def held_rows(self) -> int:
        """How many rows are in quarantine."""
        return self.counts.quarantined

    @property
    def held(self) -> bool:
        """Whether there are rows that a release would add."""
        return self.held_rows > 0

    @property
    def state(self) -> State:
        """What became of the batch."""
        if self.holds:
            return "barred"
        if self.decision == "reject":
            return "rejected"
        if self.decision:
            return "released" if self.outcome == "accepted" else "unread"
        if self.outcome == "quarantined":
            return "waits"
        return "partial" if self.held_rows else "warned" if self.alarms else "accepted"

    @property
    def plain(self) -> bool:
        """Whether the batch was accepted and there is nothing to tell about it."""
        return self.state == "accepted" and not self.uncounted

    @property
    def waits(self) -> bool:
        """Whether the batch is held until a person decides about it."""
        return self.state == "waits"

    @property
    def path(self) -> Path:
        """The file of this record."""
        return paths.RECORDS / f"{self.batch}.json"

    @property
    def quarantine(self) -> Path:
        """The file of its quarantined rows; there may be none."""
        return paths.QUARANTINE / self.batch / "rows.parquet"


def record_schema() -> dict[str, Any]:
    """The JSON Schema of a record as it stands on disk, for programs that read records without this package."""
    predicate = Record.model_json_schema(by_alias=True, mode="serialization")
    definitions = predicate.pop("$defs")
    subject = {"$ref": "#/$defs/ResourceDescriptor"}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"{RECORD_PREDICATE}:schema",
        "title": "Record of a batch: an in-toto Statement v1",
        "type": "object",
        "additionalProperties": False,
        "required": ["_type", "subject", "predicateType", "predicate"],
        "properties": {
            "_type": {"const": STATEMENT},
            "subject": {"type": "array", "minItems": 1, "maxItems": 1, "items": subject},
            "predicateType": {"const": RECORD_PREDICATE},
            "predicate": predicate,
        },
        "$defs": definitions,
    }
