"""Work that is shared by parallel processes."""

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any, TypeVar

from pratique.core.errors import PratiqueError

Item = TypeVar("Item")
Result = TypeVar("Result")


def count_processes(jobs: int | None, items: int) -> int:
    """How many processes share so many items; as many as there are processors, unless `jobs` says otherwise."""
    return min(jobs or os.cpu_count() or 1, items)


def map_in_processes(
    work: Callable[[Item], Result],
    items: Sequence[Item],
    processes: int,
    start: Callable[..., None],
    given: tuple[Any, ...],
    command: str,
) -> Iterator[Result]:
    """What `work` makes of each item, in their order; each process calls `start` with what is `given` first.

    Processes are spawned: a fork would inherit locks of threads.

    Raises
    ------
    PratiqueError
        If a process ends early.
    """
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, context, _begin, (start, given)) as pool:
        try:
            yield from pool.map(work, items)
        except BrokenProcessPool as error:
            raise PratiqueError(f"{command}: a process ended early, out of memory perhaps; try `--jobs 1`") from error
        finally:
            pool.shutdown(cancel_futures=True)


def _begin(start: Callable[..., None], given: tuple[Any, ...]) -> None:
    """Begin a process that Ctrl-C ends at once: the one that started it says so."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    start(*given)
