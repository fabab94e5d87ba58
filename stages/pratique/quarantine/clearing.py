"""Clearing everything that was ingested: every batch measured and judged, each row put in exactly one place.

It reads what lies in the current folder and writes there, so that the gate and `verify` can compute in a folder of
their own what the stage `validate` computed.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from pratique.core import paths
from pratique.core.batch import Batch
from pratique.core.params import load
from pratique.core.progress import show_progress
from pratique.core.screen import say
from pratique.core.text import say_count
from pratique.core.writing import keep_only, write_text
from pratique.decisions import ledger
from pratique.decisions.decision import UNSIGNED, load_decisions
from pratique.detector.detector import Detector
from pratique.provenance.record import Record
from pratique.quarantine.clear import EXAMINATIONS, ClearedBatch, ClearedSummary, clear_arrival, sketch_arrival
from pratique.quarantine.recording import Configuration, Upstream, apply_rulings, name_file
from pratique.quarantine.repeats import History
from pratique.quarantine.rulings import Rulebook
from pratique.quarantine.sources import load_inventory
from pratique.quarantine.standing import Standing
from pratique.quarantine.store import store
from pratique.quarantine.stream import STREAM, Streams
from pratique.quarantine.tables import write_tables
from pratique.tables.arrival import Arrival, list_predecessors, read_arrivals
from pratique.tables.reading import read_trusted

MOST_NAMED = 5
"""Batches that one line on a terminal names."""


def clear_all() -> None:
    """Clear everything in data/batches."""
    params = load()
    detector = Detector.load(params)
    judged_by = Configuration.of(params)
    law = Rulebook(load_decisions(), load_inventory(), params)
    cleared: list[ClearedSummary] = []
    written: list[Path] = []
    records: dict[str, Record] = {}
    arrivals = {arrival.batch: arrival for arrival in read_arrivals(paths.BATCHES)}
    before = list_predecessors(arrivals)
    for batch in judge_all(detector, judged_by, law, Standing.here(params, judged_by.digests)):
        arrival = batch.arrival
        earlier = name_file(arrivals[before[arrival.batch]]) if arrival.batch in before else None
        files, record = store(batch, judged_by, Upstream(law.inventory.get(arrival.source), earlier))
        written += [*files, *filter(None, [batch.place])]
        records[arrival.batch] = record
        cleared.append(batch.summary())
    warn_unlisted({record.source for record in records.values()}, law)
    warn_uncounted(law)
    for folder in (paths.ACCEPTED, paths.QUARANTINE, paths.RECORDS, EXAMINATIONS):
        keep_only(folder, written)
    write_text(paths.CACHE / ".gitignore", "*\n")  # in any repository: what is kept is no output
    tell_differing(ledger.latest(ledger.read()), records)
    ledger.append(records.values())
    cleared += [ClearedSummary.of_waiting(arrival) for arrival in arrivals.values() if arrival.waits]
    write_tables(sorted(cleared, key=lambda each: each.arrival.batch))


def judge_all(
    detector: Detector, judged_by: Configuration, law: Rulebook, standing: Standing
) -> Iterator[ClearedBatch]:
    """Each batch in data/batches that has its labels, in the order of the names, with verdict and what people say."""
    streams = Streams(detector.params.alarms.alpha)
    arrivals = [arrival for arrival in read_arrivals(paths.BATCHES) if not arrival.waits]
    history = _read_history(arrivals, detector, judged_by.digests["profile"])
    for arrival in show_progress(arrivals, "validating"):
        found = clear_arrival(arrival, detector, judged_by.digests["profile"], standing)
        yield _follow(streams, apply_rulings(found, judged_by, law, history)).uphold()


def _read_history(arrivals: Sequence[Arrival], detector: Detector, profile_digest: str) -> History:
    """The rows of all batches, in the order of the names, beside those of the reference."""
    sketches = {
        arrival.batch: sketch_arrival(arrival, detector, profile_digest) for arrival in arrivals if not arrival.fault
    }
    return History(sketches, read_trusted_rows(detector), detector.params.alarms.alpha)


def read_trusted_rows(detector: Detector) -> np.ndarray:
    """What the rows of the reference hold, as `Batch.content` says it."""
    table = read_trusted(paths.REFERENCE, detector.layout.ignored)
    return Batch("reference", table, detector.layout).content


def _follow(streams: Streams, batch: ClearedBatch) -> ClearedBatch:
    """The batch with what the stream of its source makes of it; bytes that are no table are none of it."""
    if batch.batch is None:
        return batch
    source, decided, line = batch.arrival.source, batch.ruling.action != "", batch.line
    if line is None:
        return replace(batch, verdict=streams.follow(source, batch.bets, batch.verdict, decided))
    verdict = line.restore(batch.verdict) if batch.examination is None else batch.verdict
    return replace(batch, verdict=streams.follow(source, line.bets, verdict, decided, STREAM in line.alarms))


def tell_differing(known: Mapping[str, ledger.Entry], records: Mapping[str, Record]) -> None:
    """Name the batches whose verdict is not the one that the ledger has of the same bytes."""
    differing = [
        f"{batch} ({known[batch].verdict} → {record.verdict})"
        for batch, record in records.items()
        if batch in known and known[batch].subject == record.sha256 and known[batch].verdict != record.verdict
    ]
    if differing:
        more = f" and {len(differing) - MOST_NAMED:,} more" if len(differing) > MOST_NAMED else ""
        count = f"{say_count(len(differing), 'verdict')} differ{'s' * (len(differing) == 1)}"
        say(f"{count} from the last run's: {', '.join(differing[:MOST_NAMED])}{more}", error=True)


def warn_unlisted(sources: Iterable[str], law: Rulebook) -> None:
    """Name the sources that the inventory lacks, where params.yaml does not refuse them."""
    unlisted = sorted(set(sources) - set(law.inventory))
    if unlisted and law.params.sources.unlisted == "warn":
        say(f"{paths.SOURCES}: not listed: {', '.join(unlisted)}; say who delivers them", error=True)


def warn_uncounted(law: Rulebook) -> None:
    """Name the decisions that nobody listed has signed."""
    counted = {decision.path for decision in law.counted}
    for decision in law.decisions:
        if decision.path not in counted:
            say(f"{decision.path}: {UNSIGNED}", error=True)
