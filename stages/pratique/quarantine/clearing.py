"""Clearing everything that was ingested: every batch measured and judged, each row put in exactly one place.

It reads what lies in the current folder and writes there, so that the gate and `verify` can compute in a folder of
their own what the stage `validate` computed.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np

from pratique.core import paths
from pratique.core.batch import Batch
from pratique.core.budget import NotExamined
from pratique.core.checksums import CHECKSUMS, write_checksums
from pratique.core.errors import PratiqueError
from pratique.core.hashing import sha256_file
from pratique.core.layout import Layout
from pratique.core.params import load
from pratique.core.progress import show_progress
from pratique.core.screen import say
from pratique.core.sketch import RowSketch
from pratique.core.text import say_count
from pratique.core.writing import keep_only, write_bytes, write_text
from pratique.decisions import ledger
from pratique.decisions.decision import UNSIGNED, load_decisions
from pratique.detector import profile
from pratique.detector.detector import Detector
from pratique.quarantine.ahead import examine_ahead
from pratique.quarantine.clear import (
    EXAMINATIONS,
    ClearedBatch,
    ClearedSummary,
    clear_arrival,
    is_unexamined,
    sketch_arrival,
)
from pratique.quarantine.kept import KEPT, Keeper, KeptBatch, digest_around, read_kept, write_kept
from pratique.quarantine.recording import Configuration, Upstream, apply_rulings, name_file
from pratique.quarantine.repeats import History
from pratique.quarantine.rulings import Rulebook
from pratique.quarantine.sources import load_inventory
from pratique.quarantine.standing import Standing
from pratique.quarantine.store import store
from pratique.quarantine.stream import STREAM, Streams, Turn
from pratique.quarantine.tables import read_batches, write_tables
from pratique.tables.arrival import Arrival, list_predecessors
from pratique.tables.ingested import read_arrivals
from pratique.tables.reading import read_trusted

MOST_NAMED = 5
"""Batches that one line on a terminal names."""


class Judge:
    """Judges the batches of a run, in the order of their names."""

    def __init__(
        self,
        load_detector: Callable[[], Detector],
        judged_by: Configuration,
        law: Rulebook,
        standing: Standing,
        history: History,
    ) -> None:
        """Begin with no stream; the detector is loaded only where a batch has to be judged, because that takes long."""
        self._load_detector, self._judged_by, self._law = load_detector, judged_by, law
        self._standing, self.history = standing, history
        self.streams = Streams(law.params.alarms.alpha)

    def judge(self, arrival: Arrival) -> ClearedBatch:
        """The next batch with verdict and what people say."""
        digest = self._judged_by.digests["profile"]
        found = clear_arrival(arrival, self._load_detector(), digest, self._standing)
        return _follow(self.streams, apply_rulings(found, self._judged_by, self._law, self.history)).uphold()


def clear_all(jobs: int | None = None) -> None:
    """Clear everything in data/batches; a batch that an earlier run cleared is read only if something changed.

    `jobs` is how many processes examine batches at most, all processors if it is not given; the bytes are the same.
    """
    params, entries = load(), read_ledger()
    layout, judged_by = profile.read_layout(params), Configuration.of(params)
    law = Rulebook(load_decisions(), load_inventory(), params)
    standing = Standing.here(params, judged_by.digests)
    arrivals = {arrival.batch: arrival for arrival in read_arrivals(paths.BATCHES)}
    judged = [arrival for arrival in arrivals.values() if not arrival.waits]
    keeper = Keeper(params, judged_by, law, standing)
    places = {arrival.batch: keeper.place(arrival) for arrival in judged}
    known = {arrival.batch: read_kept(places[arrival.batch], arrival) for arrival in judged}
    unseen = [a for a in judged if known[a.batch] is None and is_unexamined(a, layout, judged_by.digests["profile"])]
    late = examine_ahead(unseen, params, jobs)
    load_detector = cache(lambda: Detector.load(params))
    sketches = {
        arrival.batch: sketch
        for arrival in judged
        if (sketch := _sketch(arrival, known[arrival.batch], load_detector, judged_by)) is not None
    }
    history = History(sketches, read_trusted_rows(layout), params.alarms.alpha)
    judge, before = Judge(load_detector, judged_by, law, standing, history), list_predecessors(arrivals)
    cleared: list[KeptBatch] = []
    for arrival in show_progress([each for each in judged if each.batch not in late], "validating"):
        earlier = name_file(arrivals[before[arrival.batch]]) if arrival.batch in before else None
        upstream = Upstream(law.inventory.get(arrival.source), earlier)
        try:
            found = _clear(arrival, judge, known[arrival.batch], judged_by, upstream)
        except NotExamined as error:
            late[arrival.batch] = str(error)
            continue
        cleared.append(found)
        if found is not known[arrival.batch]:
            write_kept(places[arrival.batch], found)
    warn_unlisted({arrival.source for arrival in judged}, law)
    warn_uncounted(law)
    _finish(cleared, places.values(), [arrival for arrival in arrivals.values() if arrival.waits], entries)
    _refuse_late(late)


def read_ledger() -> list[ledger.Entry]:
    """The entries of the ledger, before anything is written; that a new one begins is said where there was a run."""
    entries = ledger.read_continued()
    if (paths.RECORDS / CHECKSUMS).is_file() and not paths.LEDGER.is_file():
        say(f"{paths.LEDGER}: not here, though an earlier run wrote one; a new one begins", error=True)
    return entries


def _refuse_late(late: Mapping[str, str]) -> None:
    """End with an error where batches were not examined, once the others are cleared."""
    if late:
        say(*late.values(), error=True)
        raise NotExamined(
            f"{say_count(len(late), 'batch', 'batches')} not examined, and in no model: {_name_first(late)}"
        )


def _sketch(
    arrival: Arrival, kept: KeptBatch | None, load_detector: Callable[[], Detector], judged_by: Configuration
) -> RowSketch | None:
    """The rows of a batch, for others to be held against; None where it can't be read."""
    if kept is not None:
        return kept.sketch
    return None if arrival.fault else sketch_arrival(arrival, load_detector(), judged_by.digests["profile"])


def _clear(
    arrival: Arrival, judge: Judge, kept: KeptBatch | None, judged_by: Configuration, upstream: Upstream
) -> KeptBatch:
    """What is kept of the batch, if other batches still say the same of it and its files are there; else judge it."""
    predecessor = upstream.predecessor and upstream.predecessor.model_dump(mode="json")
    around = digest_around(judge.history.find(arrival.batch), predecessor)
    unchanged = kept is not None and kept.around == around and kept.is_intact()
    if kept is not None and unchanged and (kept.turn is None or judge.streams.repeat(kept.turn)):
        write_bytes(kept.record_path, kept.record)
        return kept
    batch = judge.judge(arrival)
    outputs, record = store(batch, judged_by, upstream)
    return KeptBatch.of(batch, record, outputs, around)


def _finish(
    cleared: Sequence[KeptBatch], kept: Iterable[Path], waiting: Sequence[Arrival], entries: Sequence[ledger.Entry]
) -> None:
    """Bring folders to exactly the files of this run, and write the ledger and the tables."""
    written = [*kept, paths.RECORDS / CHECKSUMS, *(path for each in cleared for path in each.files)]
    for folder in (paths.ACCEPTED, paths.QUARANTINE, paths.RECORDS, EXAMINATIONS, KEPT):
        keep_only(folder, written)
    write_text(paths.CACHE / ".gitignore", "*\n")  # in any repository: what is kept is no output
    facts = [each.facts for each in cleared]
    tell_differing(ledger.latest(entries), facts)
    ledger.write(ledger.extend(entries, facts))
    summaries = [*(each.summary for each in cleared), *map(ClearedSummary.of_waiting, waiting)]
    tell_undone(summaries)
    write_tables(sorted(summaries, key=lambda each: each.arrival.batch))
    digests = {path: sha256_file(path) for path in (paths.BATCHES_CSV, paths.ROWS_PARQUET)}
    for each in cleared:
        digests |= each.digests
    write_checksums(paths.RECORDS, digests)  # last: what a run left halfway is not as its list says


def judge_all(
    detector: Detector, judged_by: Configuration, law: Rulebook, standing: Standing
) -> Iterator[ClearedBatch]:
    """Each batch in data/batches that has its labels, in the order of the names, with verdict and what people say."""
    arrivals = [arrival for arrival in read_arrivals(paths.BATCHES) if not arrival.waits]
    digest = judged_by.digests["profile"]
    sketches = {a.batch: sketch_arrival(a, detector, digest) for a in arrivals if not a.fault}
    history = History(sketches, read_trusted_rows(detector.layout), detector.params.alarms.alpha)
    judge = Judge(lambda: detector, judged_by, law, standing, history)
    for arrival in show_progress(arrivals, "validating"):
        yield judge.judge(arrival)


def read_trusted_rows(layout: Layout) -> np.ndarray:
    """What the rows of the reference hold, as `Batch.content` says it."""
    return Batch("reference", read_trusted(paths.REFERENCE, layout.ignored, layout.image), layout).content


def _follow(streams: Streams, batch: ClearedBatch) -> ClearedBatch:
    """The batch with what the stream of its source makes of it; bytes that are no table are none of it."""
    if batch.batch is None:
        return batch
    source, decided, line = batch.arrival.source, batch.ruling.action != "", batch.line
    alone, bets, alarm = batch.verdict, batch.bets, None
    if line is not None:
        alone = line.restore(batch.verdict) if batch.examination is None else batch.verdict
        bets, alarm = line.bets, STREAM in line.alarms
    verdict = streams.follow(source, bets, alone, decided, alarm)
    ended = verdict.verdict, verdict.p_value, verdict.alarms
    turn = Turn(source, tuple(bets), alone.verdict, alone.p_value, alone.alarms, decided, alarm, ended)
    return replace(batch, verdict=verdict, turn=turn)


def tell_differing(known: Mapping[str, ledger.Entry], facts: Iterable[ledger.RecordFacts]) -> None:
    """Name the batches whose verdict is not the one that the ledger has of the same bytes."""
    differing = [
        f"{each.batch} ({last.verdict} → {each.verdict})"
        for each in facts
        if (last := known.get(each.batch)) and last.subject == each.subject and last.verdict != each.verdict
    ]
    if differing:
        count = f"{say_count(len(differing), 'verdict')} differ{'s' * (len(differing) == 1)}"
        say(f"{count} from the last run's: {_name_first(differing)}", error=True)


def tell_undone(summaries: Iterable[ClearedSummary]) -> None:
    """Name the batches about which the last run knew a decision, and this one knows none."""
    try:
        decided = {(line["batch"], line["sha256"]) for line in read_batches() if line["decision"]}
    except PratiqueError:  # there was no run, or its table is damaged and written anew
        return
    undone = [
        each.arrival.batch
        for each in summaries
        if not each.decision and (each.arrival.batch, each.arrival.sha256) in decided
    ]
    if undone:
        say(f"{paths.DECISIONS}: nothing that counts any more about {_name_first(undone)}", error=True)


def _name_first(names: Iterable[str]) -> str:
    """The first few names, and how many more there are."""
    first = list(names)
    more = f" and {len(first) - MOST_NAMED:,} more" if len(first) > MOST_NAMED else ""
    return f"{', '.join(first[:MOST_NAMED])}{more}"


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
