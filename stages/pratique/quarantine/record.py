"""The record of a batch: an in-toto Statement that says what was measured, against which limits, with what result.

It holds no clock, no git fact and no signature: it is a pure function of the batch, the profile and the params.
"""

from dataclasses import asdict, dataclass, replace
from typing import Any

from pratique.contract.discovery import digest_code
from pratique.contract.evidence import MOST_EVIDENCE
from pratique.core import paths
from pratique.core.batch import Batch
from pratique.core.errors import printable
from pratique.core.hashing import sha256_file, sha256_json
from pratique.core.params import Params
from pratique.core.version import __version__
from pratique.core.writing import round_floats
from pratique.decisions.decision import STATEMENT, DecisionFile, binding
from pratique.detector import profile
from pratique.detector.adequacy import BudgetAdequacy
from pratique.detector.verdict import Judged, Verdict
from pratique.provenance.recordfile import require_valid
from pratique.quarantine.clear import ClearedBatch
from pratique.quarantine.rulings import Rulebook
from pratique.tables.reading import FORMATS

RECORD_PREDICATE = "urn:pratique:batch-record:v1"
DECLARED_FILES = {"schema": paths.SCHEMA, "suite": paths.SUITE}
RESULT_OF_VERDICT = {"accept": "PASSED", "partial": "WARNED", "quarantine": "FAILED"}


@dataclass(frozen=True)
class Configuration:
    """Everything beside the batch that a verdict depends on, by digest."""

    digests: dict[str, str]
    seed: int

    @classmethod
    def of(cls, params: Params) -> "Configuration":
        """Digest the params that measure and judge, what people declared and trust, the profile, and the own code."""
        judging = params.model_dump(mode="json", include={"seed", "data", "alarms", "shift", "checks"})
        declared = {name: sha256_file(path) for name, path in DECLARED_FILES.items() if path.is_file()}
        learned = {"reference": _reference(), "profile": profile.digest()}
        return cls(
            {
                "params": sha256_json(judging),
                **declared,
                **learned,
                "code": digest_code(),
            },
            params.seed,
        )


def _reference() -> str:
    """SHA-256 over the trusted files; what git and DVC keep beside them is no part of the reference."""
    files = sorted(path for path in paths.REFERENCE.glob("*") if path.suffix in FORMATS)
    return sha256_json([[path.name, sha256_file(path)] for path in files])


def statement(cleared: ClearedBatch, judged_by: Configuration, outputs: list[tuple[str, str]]) -> dict[str, Any]:
    """The record of one batch.

    Parameters
    ----------
    cleared : Cleared
    judged_by : Configuration
    outputs : list of (str, str)
        Path and SHA-256 of every file that holds the batch's rows or bytes.

    Returns
    -------
    dict
        JSON that the schema in `record.schema.json` accepts.
    """
    arrival, verdict = cleared.arrival, cleared.verdict
    held, part = int(cleared.held.sum()), measured_part(cleared, judged_by)
    value = {
        "_type": STATEMENT,
        "subject": part["subject"],
        "predicateType": RECORD_PREDICATE,
        "predicate": {
            "result": RESULT_OF_VERDICT[verdict.verdict],
            "verdict": verdict.verdict,
            "pValue": round_floats(verdict.p_value, 4),
            "reasonCodes": list(cleared.codes),
            "fault": None if arrival.fault is None else printable(arrival.fault),
            "batch": _batch(cleared),
            **part["predicate"],
            "outcome": cleared.outcome,
            "decisions": [_decision(decision) for decision in cleared.ruling.decisions],
            "holds": [{"code": hold.code, "reason": printable(hold.reason)} for hold in cleared.ruling.holds],
            "poisonedShare": _share(cleared),
            "promise": _promise(verdict.adequacy),
            "suspects": _suspects(verdict),
            "rows": {"accepted": arrival.rows - held, "quarantined": held},
            "outputs": [{"path": path, "sha256": digest} for path, digest in outputs],
        },
    }
    require_valid(value)
    return value


def measured_part(cleared: ClearedBatch, judged_by: Configuration) -> dict[str, Any]:
    """The part of a record that decisions bind: which bytes were measured, against which limits, with what result."""
    arrival = cleared.arrival
    name = (paths.INCOMING / arrival.source / arrival.file).as_posix()
    return {
        "subject": [{"name": name, "digest": {"sha256": arrival.sha256}}],
        "predicate": {
            "configuration": [{"name": name, "sha256": digest} for name, digest in judged_by.digests.items()],
            "checks": [_check(judged) for judged in cleared.verdict.judged],
            "tool": {"name": "pratique", "version": __version__, "seed": judged_by.seed},
        },
    }


def apply_rulings(cleared: ClearedBatch, judged_by: Configuration, law: Rulebook) -> ClearedBatch:
    """The same batch with what people and policy say about it."""
    return replace(
        cleared, ruling=law.rule(cleared.arrival, binding(measured_part(cleared, judged_by)), cleared.row_set)
    )


def _decision(decision: DecisionFile) -> dict[str, Any]:
    """Whose word made the outcome differ from the verdict, and the digest of the file that holds it."""
    said = decision.content
    return {
        "action": said.action,
        "reviewer": printable(said.reviewer),
        "reason": printable(said.reason),
        "expires": None if said.expires is None else said.expires.isoformat(),
        "path": decision.path.as_posix(),
        "sha256": decision.sha256,
    }


def _batch(cleared: ClearedBatch) -> dict[str, Any]:
    arrival = cleared.arrival
    facts: dict[str, Any] = {
        "id": arrival.batch,
        "source": arrival.source,
        "rows": arrival.rows,
        "columns": arrival.columns,
        "schemaHash": None,
        "labelsSha256": None,
        "rowSetSha256": cleared.row_set,
    }
    if cleared.batch is not None:
        facts |= {"schemaHash": _schema_hash(cleared.batch), "labelsSha256": sha256_json(list(cleared.batch.labels))}
    return facts


def _share(cleared: ClearedBatch) -> dict[str, float] | None:
    """Estimated share of poisoned rows; none where nothing could be estimated."""
    if cleared.examination is None:
        return None
    return dict(round_floats(asdict(cleared.examination.share), 4))


def _suspects(verdict: Verdict) -> dict[str, Any]:
    """The first suspect rows with their reasons, and how many more there are."""
    shown = [{"row": row, "reason": reason} for row, reason in list(verdict.suspects.items())[:MOST_EVIDENCE]]
    return {"shown": shown, "left_out": len(verdict.suspects) - len(shown)}


def _promise(promise: BudgetAdequacy | None) -> dict[str, float] | None:
    """The budget, and what the reference is worth beside it."""
    if promise is None:
        return None
    return {
        "budgetPer1000": promise.budget,
        "keptPer1000": round(promise.kept, 1),
        "trustedRows": promise.trusted,
        "neededRows": promise.needed,
    }


def _schema_hash(batch: Batch) -> str:
    return sha256_json([[field.name, str(field.type)] for field in batch.table.schema])


def _check(judged: Judged) -> dict[str, Any]:
    finding = judged.measurement.finding
    return {
        "id": judged.measurement.check,
        "level": "batch" if finding.row_scores is None else "rows",
        "success": not judged.alarm,
        "observed": round_floats(finding.statistic),
        "limit": round_floats(judged.limit),
        "unit": finding.unit,
        "pValue": round_floats(judged.measurement.p_value, 4),
        "nFailed": len(finding.forbidden),
        "breaches": [printable(breach) for breach in finding.breaches],
        "evidence": round_floats(asdict(finding.evidence)),
        "fault": None if finding.fault is None else printable(finding.fault),
    }
