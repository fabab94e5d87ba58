"""Clearing everything that was ingested: every batch measured and judged, each row put in exactly one place.

It reads what lies in the current folder and writes there, so that the gate and `verify` can compute in a folder of
their own what the stage `validate` computed.
"""

from collections.abc import Iterable
from pathlib import Path

from pratique.core import paths
from pratique.core.params import load
from pratique.core.progress import show_progress
from pratique.core.screen import say
from pratique.core.writing import keep_only, write_text
from pratique.decisions.decision import UNSIGNED, load_decisions
from pratique.decisions.ledger import append
from pratique.detector.detector import Detector
from pratique.provenance.record import Record
from pratique.quarantine.clear import EXAMINATIONS, ClearedSummary, clear_arrival
from pratique.quarantine.recording import Configuration, Upstream, apply_rulings
from pratique.quarantine.rulings import Rulebook
from pratique.quarantine.sources import load_inventory
from pratique.quarantine.store import store
from pratique.quarantine.stream import Streams
from pratique.quarantine.tables import write_tables
from pratique.tables.arrival import list_predecessors, read_arrivals


def clear_all() -> None:
    """Clear everything in data/batches."""
    params = load()
    detector = Detector.load(params)
    judged_by = Configuration.of(params)
    streams = Streams(params.alarms.alpha)
    law = Rulebook(load_decisions(), load_inventory(), params)
    cleared: list[ClearedSummary] = []
    written: list[Path] = []
    records: dict[str, Record] = {}
    arrivals = read_arrivals(paths.BATCHES)
    before = list_predecessors(arrival.batch for arrival in arrivals)
    for arrival in show_progress(arrivals, "validating"):
        measured = streams.follow(clear_arrival(arrival, detector, judged_by.digests["profile"]))
        batch = apply_rulings(measured, judged_by, law)
        earlier = records[before[arrival.batch]].subject if arrival.batch in before else None
        files, record = store(batch, judged_by, Upstream(law.inventory.get(arrival.source), earlier))
        written += [*files, *filter(None, [batch.place])]
        records[arrival.batch] = record
        cleared.append(batch.summary())
    warn_unlisted({arrival.source for arrival in arrivals}, law)
    warn_uncounted(law)
    for folder in (paths.ACCEPTED, paths.QUARANTINE, paths.RECORDS, EXAMINATIONS):
        keep_only(folder, written)
    write_text(paths.CACHE / ".gitignore", "*\n")  # in any repository: what is kept is no output
    append(records.values())
    write_tables(cleared)


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
