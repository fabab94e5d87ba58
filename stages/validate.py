"""Stage validate: measure every batch, judge it, and put each row in exactly one place.

Quarantining exits 0, because a verdict is data; `pratique check` and CI turn it into an exit code.
"""

from pathlib import Path

from stages.calibration import profile
from stages.core import paths
from stages.core.arrival import read_arrivals
from stages.core.errors import run
from stages.core.params import load
from stages.core.progress import track
from stages.core.writing import keep_only, write_text
from stages.quarantine.clear import EXAMINATIONS, Summary, clear
from stages.quarantine.decisions import load_decisions
from stages.quarantine.record import Configuration, ruled
from stages.quarantine.rulings import Law
from stages.quarantine.sources import load_inventory
from stages.quarantine.store import store
from stages.quarantine.tables import write_tables


def main() -> None:
    """Clear everything in data/batches."""
    params = load()
    normal = profile.load(params)
    judged_by = Configuration.of(params)
    law = Law(load_decisions(), load_inventory(), params)
    cleared: list[Summary] = []
    written: list[Path] = []
    for arrival in track(read_arrivals(paths.BATCHES), "validating"):
        batch = ruled(clear(arrival, normal, judged_by.digests["profile"], params), judged_by, law)
        written += [*store(batch, judged_by), *filter(None, [batch.place])]
        cleared.append(batch.summary())
    for folder in (paths.ACCEPTED, paths.QUARANTINE, paths.RECORDS, EXAMINATIONS):
        keep_only(folder, written)
    write_text(paths.CACHE / ".gitignore", "*\n")  # in any repository: what is kept is no output
    write_tables(cleared)


if __name__ == "__main__":
    run(main)
