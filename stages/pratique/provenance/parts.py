"""The parts of a record: what a batch is, what each check measured, who decided, where the rows went."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from pratique.contract.evidence import Evidence
from pratique.core.batch import Reading
from pratique.core.ranges import RANGES_PATTERN

Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
Count = Annotated[int, Field(ge=0)]
Chance = Annotated[float, Field(ge=0, le=1)]
Winnings = Annotated[float, Field(ge=-1e9, le=1e9, allow_inf_nan=False)]
Ranges = Annotated[str, Field(pattern=RANGES_PATTERN)]
AlarmCode = Annotated[str, Field(pattern=r"^[a-z_0-9]+(\.fault)?$")]


class Part(BaseModel):
    """A part of a record: frozen, and no key but its own."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=to_camel,
        populate_by_name=True,
        json_schema_serialization_defaults_required=True,
    )


class BatchFacts(Part):
    """What a batch is; hashes are None where it can't be read, `row_set_sha256` names its rows in any order."""

    id: str = Field(pattern="^[A-Za-z0-9][A-Za-z0-9._-]{0,99}/[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")
    source: str
    rows: Count
    columns: Count
    schema_hash: Sha256 | None = None
    labels_sha256: Sha256 | None = None
    row_set_sha256: Sha256 | None = None


class ReadingRecord(Part):
    """What was read otherwise than it is written, in how many cells of a column; of the file where none is named."""

    words: str
    column: str | None = None
    cells: Count = 0

    @property
    def text(self) -> str:
        """For people."""
        return Reading(self.words, self.column, self.cells).text


class Digest(Part):
    """What tells bytes from all others."""

    sha256: Sha256


class ResourceDescriptor(Part):
    """Something by its name and digest: a ResourceDescriptor of in-toto's attestation framework, v1."""

    name: str = Field(min_length=1)
    digest: Digest

    @classmethod
    def of(cls, name: str, sha256: str) -> "ResourceDescriptor":
        """The descriptor of what has this name and this digest."""
        return cls(name=name, digest=Digest(sha256=sha256))

    @property
    def sha256(self) -> str:
        """The digest as text."""
        return self.digest.sha256


class FileDescriptor(ResourceDescriptor):
    """A file, named by its path in the repository; what its bytes are is a media type of IANA's."""

    media_type: str = Field(pattern="^[a-z]+/[a-z0-9.+-]+$")


class SourceRecord(Part):
    """What the inventory of sources said of the batch's source; `origin` is a URI or words."""

    origin: str
    owner: str
    licence: str
    labels: str


class CheckRecord(Part):
    """What one check or hypothesis measured, beside its limit.

    `observed` and `limit` are None where the number is infinite or the check failed, `breaches` are declared rules that
    the batch as a whole breaks, `n_failed` counts rows that break one.
    """

    id: str
    level: Literal["batch", "rows"]
    success: bool
    observed: float | None
    limit: float | None
    unit: str
    p_value: Chance
    n_failed: Count
    breaches: tuple[str, ...] = ()
    evidence: Evidence
    fault: str | None = None

    @property
    def name(self) -> str:
        """The name of the check or hypothesis."""
        return self.id

    @property
    def alarm(self) -> bool:
        """Whether it alarms."""
        return not self.success


class DecisionRecord(Part):
    """Whose word made the outcome differ from the verdict; it counts up to the day `expires`."""

    action: Literal["release", "reject"]
    reviewer: str
    reason: str
    expires: str | None = Field(None, pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}$")
    path: str
    sha256: Sha256


class UncountedRecord(Part):
    """Whose word has no effect on the batch, and why: it waits for others, or no longer counts."""

    action: Literal["release", "reject"]
    reviewer: str
    why: str
    path: str
    sha256: Sha256

    @property
    def text(self) -> str:
        """For people."""
        return f"{self.action} by {self.reviewer} {self.why}"


class HoldRecord(Part):
    """Why policy holds the batch whatever its rows are like; no release lifts that."""

    code: str = Field(pattern="^[a-z_]+$")
    reason: str


class RepeatRecord(Part):
    """The batch that many of the rows stand in: `shared` of `rows` different ones, an estimate unless `exact`.

    `rejected` says whether somebody rejected that batch.
    """

    batch: str
    shared: Count
    rows: Count
    exact: bool
    rejected: bool


class ShareRecord(Part):
    """Estimated share of poisoned rows, and the ends of its interval."""

    estimate: Chance
    lowest: Chance
    highest: Chance


class BudgetRecord(Part):
    """The budget for false alarms, and what so many trusted rows are worth beside it."""

    per_1000_batches: float = Field(gt=0)
    achievable_per_1000: float = Field(gt=0)
    trusted_rows: Count
    needed_rows: Count
    warning: str = ""


class SuspectRow(Part):
    """A row that is suspect by itself: by a rule that it breaks, or because few trusted rows are as odd."""

    row: Count
    check: str
    p_value: Chance | None = None
    rule: str | None = None
    reason: str


class StandingRecord(Part):
    """The run whose verdict stands: its commit, what it judged by, and what decisions on that verdict bind."""

    commit: str = Field(pattern="^[0-9a-f]{40}([0-9a-f]{24})?$")
    policy: Sha256
    reference: Sha256
    code: Sha256
    binds: Sha256


class RowCounts(Part):
    """Rows that were let in, and rows that were not."""

    accepted: Count
    quarantined: Count


class Tool(Part):
    """The program that judged."""

    name: Literal["pratique"] = "pratique"
    version: str
    seed: Count
