"""What an earlier run worked out about a batch: an unchanged one costs a few hashes, and nothing is read but these.

What is kept is no output: it may be deleted at any time, and what can't be read is worked out anew.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from pratique.core import paths
from pratique.core.cached import read_cached, write_cached
from pratique.core.hashing import sha256_bytes, sha256_file, sha256_json
from pratique.core.params import Params
from pratique.core.sketch import RowSketch
from pratique.decisions.ledger import RecordFacts
from pratique.detector.cache import key_of
from pratique.detector.verdict import RowReason, Verdict
from pratique.provenance.record import Record
from pratique.quarantine.clear import ClearedBatch, ClearedSummary
from pratique.quarantine.recording import Configuration
from pratique.quarantine.repeats import Repeat
from pratique.quarantine.rulings import Rulebook
from pratique.quarantine.standing import Standing
from pratique.quarantine.stream import Turn
from pratique.tables.arrival import Arrival
from pratique.tables.ingested import digest_rows

KEPT = paths.CACHE / "cleared"
LATER_SECTIONS = {"examination", "train", "evaluate", "drill", "notify"}
"""Sections of params.yaml that say nothing about what becomes of a batch."""
DAMAGED_KEPT = (ValueError, KeyError, TypeError, pa.ArrowException)


@dataclass(frozen=True)
class KeptBatch:
    """A batch that was cleared, and all that a later run needs to know of it.

    Attributes
    ----------
    summary : ClearedSummary
    facts : RecordFacts
    sketch : RowSketch, optional
        None where it can't be read.
    around : str
        Digest of what other batches say of it.
    turn : Turn, optional
        What it said to the stream of its source; None where it can't be read.
    outputs : tuple of (str, str)
        Path and SHA-256 of each file, the record's among them.
    record : bytes
    examination : str, optional
        The file of what was measured.
    """

    summary: ClearedSummary
    facts: RecordFacts
    sketch: RowSketch | None
    around: str
    turn: Turn | None
    outputs: tuple[tuple[str, str], ...]
    record: bytes
    examination: str | None

    @classmethod
    def of(cls, batch: ClearedBatch, record: Record, outputs: Sequence[tuple[Path, str]], around: str) -> "KeptBatch":
        """What is kept of a batch whose files were just written."""
        sketch = None
        if batch.batch is not None:
            sketch = RowSketch.of(batch.batch.content) if batch.examination is None else batch.examination.sketch
        return cls(
            batch.summary(),
            RecordFacts.of(record),
            sketch,
            around,
            batch.turn,
            tuple((path.as_posix(), digest) for path, digest in outputs),
            record.to_bytes(),
            None if batch.place is None else batch.place.as_posix(),
        )

    @property
    def record_path(self) -> Path:
        """Where its record stands."""
        return paths.RECORDS / f"{self.facts.batch}.json"

    @property
    def files(self) -> list[Path]:
        """Every file that is its own, what is kept of the measuring included."""
        kept = [] if self.examination is None else [Path(self.examination)]
        return [*(Path(path) for path, _ in self.outputs), self.record_path, *kept]

    @property
    def digests(self) -> dict[Path, str]:
        """The SHA-256 of each file that it has in the outputs of the run."""
        return {Path(path): digest for path, digest in self.outputs} | {self.record_path: sha256_bytes(self.record)}

    def is_intact(self) -> bool:
        """Whether its rows lie where they were put."""
        return all(Path(path).is_file() and sha256_file(Path(path)) == digest for path, digest in self.outputs)


def digest_around(repeats: Sequence[Repeat], predecessor: Any) -> str:
    """What other batches say of one: which of them it repeats, and which came before it."""
    return sha256_json([[asdict(repeat) for repeat in repeats], predecessor])


class Keeper:
    """What is kept of the batches of a run: each under a key of all that it depends on but the other batches."""

    def __init__(self, params: Params, judged_by: Configuration, law: Rulebook, standing: Standing) -> None:
        """Digest what all batches depend on."""
        self._run = sha256_json(
            [
                key_of(),
                params.model_dump(mode="json", by_alias=True, exclude=LATER_SECTIONS),
                judged_by.digests,
            ]
        )
        self._lines = standing.lines
        self._own: dict[str, list[str]] = {}
        for decision in law.decisions:
            self._own.setdefault(decision.content.batch, []).append(decision.sha256)
        self._rejects = [d.sha256 for d in law.decisions if d.content.action == "reject"]  # any batch may have the rows

    def place(self, arrival: Arrival) -> Path:
        """Where what is known of a batch is kept."""
        own = self._own.get(arrival.batch)
        line = self._lines.get(arrival.batch)
        stands = None if line is None else line.model_dump(mode="json")
        rows = None if arrival.fault else digest_rows(arrival.batch)
        return KEPT / f"{sha256_json([self._run, asdict(arrival), rows, own, stands, self._rejects])}.arrow"


def write_kept(place: Path, kept: KeptBatch) -> None:
    """Write what is kept of a batch: a column for each of its rows' arrays, and the rest beside them."""
    summary, sketch = kept.summary, kept.sketch
    words = {
        "facts": asdict(kept.facts),
        "around": kept.around,
        "turn": None if kept.turn is None else asdict(kept.turn),
        "outputs": kept.outputs,
        "examination": kept.examination,
        "verdict": _triple(summary.verdict),
        "suspects": {row: reason.text for row, reason in summary.verdict.suspects.items()},
        "summary": [summary.codes, summary.decision, summary.outcome, summary.readings],
        "sketch": None if sketch is None else [sketch.rows, sketch.distinct, sketch.sha256],
    }
    table = pa.table(
        {"score": summary.row_scores, "p_value": summary.row_p_values, "held": pa.array(summary.held, pa.bool_())}
    )
    metadata = {"words": json.dumps(words).encode(), "record": kept.record}
    if sketch is not None:
        metadata["hashes"] = sketch.hashes.astype("<u8").tobytes()
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema.with_metadata(metadata)) as stream:
        stream.write_table(table.replace_schema_metadata(metadata))
    write_cached(place, sink.getvalue().to_pybytes())


def read_kept(place: Path, arrival: Arrival) -> KeptBatch | None:
    """What is kept of a batch; None where there is nothing that can be read."""
    content = read_cached(place)
    if content is None:
        return None
    try:
        with pa.ipc.open_stream(content) as stream:
            table, metadata = stream.read_all(), stream.schema.metadata
        words = json.loads(metadata[b"words"])
        sketch = words["sketch"] and RowSketch(np.frombuffer(metadata[b"hashes"], "<u8"), *words["sketch"])
        return KeptBatch(
            _summary(words, arrival, table),
            RecordFacts(**words["facts"]),
            sketch,
            words["around"],
            words["turn"] and Turn.of_json(words["turn"]),
            tuple((path, digest) for path, digest in words["outputs"]),
            metadata[b"record"],
            words["examination"],
        )
    except DAMAGED_KEPT:
        return None


def list_kept_of_others(batch: str) -> list[Path]:
    """What is kept of batches other than one: what can't be read may be of that one, and is not among them."""
    found: list[Path] = []
    for place in sorted(KEPT.glob("*.arrow")):
        content = read_cached(place)
        try:
            with pa.ipc.open_stream(content or b"") as stream:
                words = json.loads(stream.schema.metadata[b"words"])
            if words["facts"]["batch"] != batch:
                found += [place, *map(Path, filter(None, [words["examination"]]))]
        except DAMAGED_KEPT:
            continue
    return found


def _summary(words: Mapping[str, Any], arrival: Arrival, table: pa.Table) -> ClearedSummary:
    """The summary; why a row is suspect is known in words alone."""
    suspects = {int(row): RowReason("", text) for row, text in words["suspects"].items()}
    outcome, p_value, alarms = words["verdict"]
    codes, decision, ended, readings = words["summary"]
    return ClearedSummary(
        arrival,
        Verdict(outcome, p_value, tuple(alarms), suspects=suspects),
        table["score"].to_numpy(),
        table["p_value"].to_numpy(),
        table["held"].to_numpy(),
        tuple(suspects[row].text if row in suspects else None for row in range(len(table))),
        tuple(codes),
        decision,
        ended,
        tuple(readings),
    )


def _triple(verdict: Verdict) -> tuple[str, float, tuple[str, ...]]:
    return verdict.verdict, verdict.p_value, verdict.alarms
