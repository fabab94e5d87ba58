"""What the pipeline wrote about each batch, read for pages: the one reader of records and tables in this package."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from pydantic import TypeAdapter

from pratique.contract.evidence import Evidence
from pratique.core import paths
from pratique.core.errors import PratiqueError
from pratique.detector.adequacy import BudgetAdequacy
from pratique.detector.hypotheses import Description, describe
from pratique.provenance.recordfile import read_record
from pratique.quarantine.tables import read_batches

EVIDENCE = TypeAdapter(Evidence)


@dataclass(frozen=True)
class CheckFacts:
    """One line of a record's checks.

    Attributes
    ----------
    words : Description
        What people read about it.
    limit, observed : float, optional
        None where the number is infinite or the check failed.
    """

    name: str
    words: Description
    alarm: bool
    observed: float | None
    limit: float | None
    unit: str
    p_value: float
    breaches: tuple[str, ...]
    evidence: Evidence
    fault: str | None


@dataclass(frozen=True)
class DecisionFacts:
    """Whose word made the outcome differ from the verdict; `until` is the last day on which it counts."""

    action: str
    reviewer: str
    reason: str
    until: str | None


@dataclass(frozen=True)
class Facts:
    """One batch, as its record tells it.

    Attributes
    ----------
    decision : {"", "release", "reject"}
        Empty while nobody has decided.
    decisions : tuple of DecisionFacts
        Those that count.
    holds : tuple of str
        Why policy holds the batch whatever its rows are like; no release lifts that.
    held_rows : int
        Rows in quarantine.
    suspects : dict of int to str
        Rows with the reason why each is suspect: the first few, as the record has them.
    configuration : dict of str to str
        What the verdict depended on beside the batch, by digest.
    poisoned : tuple of float, optional
        Estimated share of poisoned rows, and the ends of its interval.
    adequacy : BudgetAdequacy, optional
        What the reference is worth beside the budget.
    """

    batch: str
    source: str
    file: str
    sha256: str
    rows: int
    columns: int
    verdict: str
    outcome: str
    decision: str
    p_value: float
    alarms: tuple[str, ...]
    fault: str | None
    checks: tuple[CheckFacts, ...]
    suspects: dict[int, str]
    suspect_count: int
    held_rows: int
    decisions: tuple[DecisionFacts, ...] = ()
    holds: tuple[str, ...] = ()
    configuration: dict[str, str] = field(default_factory=dict)
    poisoned: tuple[float, float, float] | None = None
    adequacy: BudgetAdequacy | None = None

    @property
    def plain(self) -> bool:
        """Whether the batch was accepted and there is nothing to tell about it."""
        return self.state == "accepted"

    @property
    def waits(self) -> bool:
        """Whether the batch is held until a person decides about it."""
        return self.state == "waits"

    @property
    def held(self) -> bool:
        """Whether there are rows that a release would add."""
        return self.held_rows > 0

    @property
    def state(self) -> str:
        """What became of the batch: a key of `words.STATES`."""
        if self.holds:
            return "barred"
        if self.decision:
            return "released" if self.outcome == "accepted" else "rejected"
        if self.outcome == "quarantined":
            return "waits"
        return "partial" if self.held_rows else "warned" if self.alarms else "accepted"

    @property
    def record(self) -> Path:
        """The file of its record."""
        return paths.RECORDS / f"{self.batch}.json"

    @property
    def quarantine(self) -> Path:
        """The file of its quarantined rows; there may be none."""
        return paths.QUARANTINE / self.batch / "rows.parquet"


def read_facts() -> list[Facts]:
    """Every batch of the last run, sorted by name.

    Raises
    ------
    PratiqueError
        If the pipeline has not run, or a record is missing.
    """
    return [_facts(line) for line in read_batches()]


def read_one(batch: str) -> Facts | None:
    """One batch of the last run; None where there is none of that name.

    Raises
    ------
    PratiqueError
        As `read_facts`.
    """
    return next((_facts(line) for line in read_batches() if line["batch"] == batch), None)


def read_decided() -> dict[str, str]:
    """What the last run took for decided, by batch; empty where nobody had decided."""
    return {line["batch"]: line["decision"] for line in read_batches()}


def read_scores() -> dict[str, np.ndarray]:
    """The score of every row, by batch."""
    table = pq.read_table(paths.ROWS_PARQUET, columns=["batch", "score"])
    names = table["batch"].combine_chunks().dictionary_encode()
    codes, scores = names.indices.to_numpy(), table["score"].to_numpy()
    starts = np.flatnonzero(np.diff(codes, prepend=-1))
    parts = np.split(scores, starts[1:])
    return {names.dictionary[codes[start]].as_py(): part for start, part in zip(starts, parts, strict=False)}


def read_suspects(facts: Facts) -> dict[int, str]:
    """Every suspect row with its reason: of the quarantined rows, or what the record has where there are none."""
    if not facts.quarantine.is_file():
        return facts.suspects
    row, reason = pq.read_schema(facts.quarantine).names[-2:]  # a batch chooses its own columns; these come last
    table = pq.read_table(facts.quarantine, columns=[row, reason])
    whole = f"batch: {'; '.join(facts.alarms) or facts.decision}"
    held = zip(table[row].to_pylist(), table[reason].to_pylist(), strict=True)
    return facts.suspects | {row: reason for row, reason in held if reason != whole}


def _facts(line: dict[str, str]) -> Facts:
    place = paths.RECORDS / f"{line['batch']}.json"
    if not place.is_file():
        raise PratiqueError(f"{place}: not found; run `pratique validate` (or `dvc repro`) first")
    return of_record(read_record(place))


def of_record(record: dict[str, Any]) -> Facts:
    """What a record says."""
    subject, said = record["subject"][0], record["predicate"]
    batch, suspects, share, promise = (said[name] for name in ("batch", "suspects", "poisonedShare", "promise"))
    decisions = tuple(_decision(decision) for decision in said["decisions"])
    return Facts(
        batch=batch["id"],
        source=batch["source"],
        file=subject["name"],
        sha256=subject["digest"]["sha256"],
        rows=batch["rows"],
        columns=batch["columns"],
        verdict=said["verdict"],
        outcome=said["outcome"],
        decision=decisions[0].action if decisions else "",
        p_value=said["pValue"],
        alarms=tuple(said["reasonCodes"]),
        fault=said["fault"],
        checks=tuple(_check(check) for check in said["checks"]),
        suspects={entry["row"]: entry["reason"] for entry in suspects["shown"]},
        suspect_count=len(suspects["shown"]) + suspects["left_out"],
        held_rows=said["rows"]["quarantined"],
        decisions=decisions,
        holds=tuple(hold["reason"] for hold in said["holds"]),
        configuration={entry["name"]: entry["sha256"] for entry in said["configuration"]},
        poisoned=None if share is None else (share["estimate"], share["lowest"], share["highest"]),
        adequacy=None if promise is None else promise_of(promise),
    )


def promise_of(said: dict[str, Any]) -> BudgetAdequacy:
    """What a record says that the reference is worth."""
    return BudgetAdequacy(said["budgetPer1000"], said["trustedRows"])


def _decision(said: dict[str, Any]) -> DecisionFacts:
    return DecisionFacts(said["action"], said["reviewer"], said["reason"], said["expires"])


def _check(said: dict[str, Any]) -> CheckFacts:
    return CheckFacts(
        name=said["id"],
        words=describe(said["id"]),
        alarm=not said["success"],
        observed=said["observed"],
        limit=said["limit"],
        unit=said["unit"],
        p_value=said["pValue"],
        breaches=tuple(said["breaches"]),
        evidence=EVIDENCE.validate_python(said["evidence"]),
        fault=said["fault"],
    )
