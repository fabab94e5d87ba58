"""Making the record of a cleared batch, and what a decision about it must bind."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal

from pratique.contract.discovery import digest_code
from pratique.contract.evidence import MOST_EVIDENCE
from pratique.core import paths
from pratique.core.batch import Batch, Reading
from pratique.core.errors import printable
from pratique.core.hashing import sha256_file, sha256_json
from pratique.core.params import Params
from pratique.core.ranges import write_ranges
from pratique.core.version import __version__
from pratique.core.writing import round_floats
from pratique.decisions.binding import Binding, choose_bound
from pratique.decisions.decision import DecisionFile
from pratique.detector import profile
from pratique.detector.adequacy import BudgetAdequacy
from pratique.detector.verdict import Judged, Outcome, RowReason
from pratique.provenance.parts import (
    BatchFacts,
    BudgetRecord,
    CheckRecord,
    DecisionRecord,
    Digest,
    FileDescriptor,
    HoldRecord,
    ReadingRecord,
    RepeatRecord,
    ResourceDescriptor,
    RowCounts,
    ShareRecord,
    SourceRecord,
    SuspectRow,
    Tool,
    UncountedRecord,
)
from pratique.provenance.record import Record
from pratique.quarantine.clear import ClearedBatch
from pratique.quarantine.policy import digest_declared, digest_params
from pratique.quarantine.repeats import History, Repeat
from pratique.quarantine.rulings import Rulebook, Uncounted
from pratique.quarantine.sources import Source
from pratique.tables.arrival import Arrival
from pratique.tables.trusted import digest_trusted

MEDIA_TYPES = {
    ".csv": "text/csv",
    ".tsv": "text/tab-separated-values",
    ".parquet": "application/vnd.apache.parquet",
    ".jsonl": "application/jsonl",
    "": "application/json",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
"""By suffix; a folder of parts has none, and its digest is that of a list of its parts in JSON."""
UNREADABLE_MEDIA_TYPE = "application/octet-stream"
RESULT_OF_VERDICT: dict[Outcome, Literal["PASSED", "WARNED", "FAILED"]] = {
    "accept": "PASSED",
    "partial": "WARNED",
    "quarantine": "FAILED",
}


@dataclass(frozen=True)
class Configuration:
    """Everything beside the batch that a record depends on, by digest."""

    digests: dict[str, str]
    seed: int

    @classmethod
    def of(cls, params: Params) -> "Configuration":
        """Digest the params that measure and judge, what people declared and trust, the profile, and the own code."""
        inventory = {"sources": sha256_file(paths.SOURCES)} if paths.SOURCES.is_file() else {}
        learned = {"reference": digest_trusted(paths.REFERENCE), "profile": profile.digest()}
        code = {"code": digest_code("provenance", "decisions", "quarantine")}
        return cls({**digest_params(params), **digest_declared(), **inventory, **learned, **code}, params.seed)


@dataclass(frozen=True)
class Upstream:
    """Where a batch comes from: its source as the inventory lists it, and the batch of that source before it."""

    source: Source | None = None
    predecessor: ResourceDescriptor | None = None


def make_record(
    cleared: ClearedBatch, judged_by: Configuration, upstream: Upstream, outputs: Sequence[tuple[str, str]]
) -> Record:
    """The record of one batch.

    Parameters
    ----------
    cleared : ClearedBatch
    judged_by : Configuration
    upstream : Upstream
    outputs : sequence of (str, str)
        Path and SHA-256 of every file that holds the batch's rows or bytes.
    """
    came = name_file(cleared.arrival)
    arrival, verdict, held = cleared.arrival, cleared.verdict, int(cleared.held.sum())
    suspects = [_suspect(row, reason) for row, reason in list(verdict.suspects.items())[:MOST_EVIDENCE]]
    return Record(
        file=came.name,
        sha256=came.sha256,
        result=RESULT_OF_VERDICT[verdict.verdict],
        verdict=verdict.verdict,
        p_value=round_floats(verdict.p_value, 4),
        reason_codes=cleared.codes,
        fault=_printable(arrival.fault),
        facts=_facts(cleared),
        readings=tuple(map(_reading, cleared.readings)),
        source_entry=describe_source(upstream.source),
        predecessor=upstream.predecessor,
        configuration=tuple(ResourceDescriptor.of(name, digest) for name, digest in judged_by.digests.items()),
        checks=tuple(map(_check, verdict.judged)),
        outcome="accepted" if cleared.outcome == "accepted" else "quarantined",
        decisions=tuple(map(_decision, cleared.ruling.decisions)),
        uncounted=tuple(map(_describe_uncounted, cleared.ruling.uncounted)),
        holds=tuple(HoldRecord(code=hold.code, reason=printable(hold.reason)) for hold in cleared.ruling.holds),
        poisoned_share=_share(cleared),
        budget=None if verdict.adequacy is None else _budget(verdict.adequacy),
        suspects=tuple(suspects),
        suspects_left_out=len(verdict.suspects) - len(suspects),
        counts=RowCounts(accepted=arrival.rows - held, quarantined=held),
        outputs=tuple(_file(path, digest, cleared.batch is not None) for path, digest in outputs),
        tool=Tool(version=__version__, seed=judged_by.seed),
        repeats=_repeat(cleared.repeat),
        verdict_holds=write_ranges(verdict.holds(arrival.rows)),
        bets=tuple(cleared.bets),
        standing=cleared.line.run if cleared.line is not None and cleared.stands else None,
    )


def name_file(arrival: Arrival) -> ResourceDescriptor:
    """What came in, by its path in the repository."""
    return ResourceDescriptor.of((paths.INCOMING / arrival.source / arrival.file).as_posix(), arrival.sha256)


def describe_source(source: Source | None) -> SourceRecord | None:
    """What a record says of its source; None where the inventory does not list it."""
    if source is None:
        return None
    return SourceRecord(**{name: printable(text) for name, text in source.model_dump().items()})


def bind(cleared: ClearedBatch, judged_by: Configuration) -> Binding:
    """What a decision about the batch must bind."""
    if cleared.line is not None:
        return Binding.of_standing(cleared.arrival.sha256, cleared.line.run.binds)
    passed = {judged.measurement.check: not judged.alarm for judged in cleared.verdict.judged}
    return Binding(batch=cleared.arrival.sha256, policy=choose_bound(judged_by.digests), checks=passed)


def apply_rulings(
    cleared: ClearedBatch, judged_by: Configuration, rulebook: Rulebook, history: History
) -> ClearedBatch:
    """The same batch with what people and policy say about it, and about rows of it that came before."""
    arrival = cleared.arrival
    ruling = rulebook.rule(arrival, bind(cleared, judged_by), cleared.row_set)
    verdict, repeat = rulebook.judge_repeats(arrival.source, cleared.verdict, history.find(arrival.batch))
    return replace(cleared, ruling=ruling, verdict=verdict, repeat=repeat)


def _file(path: str, sha256: str, is_table: bool) -> FileDescriptor:
    media_type = MEDIA_TYPES[Path(path).suffix] if is_table else UNREADABLE_MEDIA_TYPE
    return FileDescriptor(name=path, digest=Digest(sha256=sha256), media_type=media_type)


def _reading(reading: Reading) -> ReadingRecord:
    column = _printable(reading.column)
    return ReadingRecord(words=printable(reading.words), column=column, cells=reading.cells)


def _decision(decision: DecisionFile) -> DecisionRecord:
    """Whose word made the outcome differ from the verdict, and the digest of the file that holds it."""
    content = decision.content
    return DecisionRecord(
        action=content.action,
        reviewer=printable(content.reviewer),
        reason=printable(content.reason),
        expires=None if content.expires is None else content.expires.isoformat(),
        path=decision.path.as_posix(),
        sha256=decision.sha256,
    )


def _describe_uncounted(uncounted: Uncounted) -> UncountedRecord:
    """Whose word has no effect, and why."""
    decision = uncounted.decision
    return UncountedRecord(
        action=decision.content.action,
        reviewer=printable(decision.content.reviewer),
        why=printable(uncounted.why),
        path=decision.path.as_posix(),
        sha256=decision.sha256,
    )


def _repeat(repeat: Repeat | None) -> RepeatRecord | None:
    if repeat is None:
        return None
    return RepeatRecord(
        batch=repeat.batch, shared=repeat.shared, rows=repeat.rows, exact=repeat.exact, rejected=repeat.rejected
    )


def _facts(cleared: ClearedBatch) -> BatchFacts:
    arrival, batch = cleared.arrival, cleared.batch
    return BatchFacts(
        id=arrival.batch,
        source=arrival.source,
        rows=arrival.rows,
        columns=arrival.columns,
        schema_hash=None if batch is None else _schema_hash(batch),
        labels_sha256=None if batch is None else sha256_json(list(batch.labels)),
        row_set_sha256=cleared.row_set,
    )


def _share(cleared: ClearedBatch) -> ShareRecord | None:
    """Estimated share of poisoned rows, by what alarms the most if it estimates one; none where nothing could be."""
    if cleared.examination is None:
        return None
    alarms = [each.measurement for each in cleared.verdict.judged if each.alarm]
    shares = [(alarm.p_value, alarm.finding.share) for alarm in alarms if alarm.finding.share is not None]
    share = min(shares, key=lambda each: each[0])[1] if shares else cleared.examination.share
    return ShareRecord(**round_floats(asdict(share), 4))


def _suspect(row: int, reason: RowReason) -> SuspectRow:
    rule = None if reason.rule is None else printable(reason.rule)
    p_value = round_floats(reason.p_value, 4)
    return SuspectRow(row=row, check=reason.check, p_value=p_value, rule=rule, reason=printable(reason.text))


def _budget(adequacy: BudgetAdequacy) -> BudgetRecord:
    return BudgetRecord(
        per_1000_batches=adequacy.budget,
        achievable_per_1000=round(adequacy.achievable, 1),
        trusted_rows=adequacy.trusted,
        needed_rows=adequacy.needed,
        warning=adequacy.warning,
    )


def _schema_hash(batch: Batch) -> str:
    return sha256_json([[field.name, str(field.type)] for field in batch.table.schema])


def _check(judged: Judged) -> CheckRecord:
    finding = judged.measurement.finding
    return CheckRecord(
        id=judged.measurement.check,
        level="rows" if judged.measurement.scores_rows else "batch",
        success=not judged.alarm,
        observed=round_floats(finding.statistic),
        limit=round_floats(judged.limit),
        unit=finding.unit,
        p_value=round_floats(judged.measurement.p_value, 4),
        n_failed=len(finding.forbidden),
        breaches=tuple(map(printable, finding.breaches)),
        evidence=finding.evidence,
        fault=_printable(finding.fault),
    )


def _printable(text: str | None) -> str | None:
    return None if text is None else printable(text)
