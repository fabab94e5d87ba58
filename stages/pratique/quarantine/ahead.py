"""Examining batches in parallel processes, before they are judged one after the other.

What a process measures is kept where an earlier run would have kept it. So nothing depends on how many there are.
"""

from collections.abc import Sequence

from pratique.core.budget import NotExamined
from pratique.core.params import Params
from pratique.core.processes import count_processes, map_in_processes
from pratique.core.progress import show_progress
from pratique.detector.detector import Detector
from pratique.quarantine.clear import clear_arrival
from pratique.quarantine.recording import Configuration
from pratique.quarantine.standing import Standing
from pratique.tables.arrival import Arrival

SECONDS_PER_BATCH, SECONDS_PER_ROW = 0.3, 6e-5
"""What it takes to examine a batch, about."""
WORTH_SECONDS = 10.0
"""Work from which on processes are started, each of which takes some seconds to begin."""


def examine_ahead(arrivals: Sequence[Arrival], params: Params, jobs: int | None) -> dict[str, str]:
    """Examine batches in parallel, where there is so much to do that this is faster.

    Returns why a batch was not examined to its end, by its name.

    Parameters
    ----------
    arrivals : sequence of Arrival
        Those that no earlier run has examined.
    params : Params
    jobs : int, optional
        Processes; as many as there are processors, unless it is given.
    """
    seconds = sum(SECONDS_PER_BATCH + SECONDS_PER_ROW * arrival.rows for arrival in arrivals)
    processes = count_processes(jobs, len(arrivals))
    if processes < 2 or seconds < WORTH_SECONDS:
        return {}
    examined = map_in_processes(_examine, arrivals, processes, _start, (params,), "validate")
    said = show_progress(examined, "examining", len(arrivals))
    return {arrival.batch: why for arrival, why in zip(arrivals, said, strict=True) if why}


def _start(params: Params) -> None:
    """Prepare a worker process."""
    global _detector, _digest, _standing
    digests = Configuration.of(params).digests
    _detector, _digest, _standing = Detector.load(params), digests["profile"], Standing.here(params, digests)


def _examine(arrival: Arrival) -> str:
    try:
        clear_arrival(arrival, _detector, _digest, _standing)
    except NotExamined as error:
        return str(error)
    return ""


_detector: Detector
_digest: str
_standing: Standing
"""Of a worker process."""
