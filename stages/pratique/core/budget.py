"""What the examination of one batch may take: time and memory, so that no batch stops the others."""

import contextlib
import resource
import signal
import threading
from collections.abc import Iterator
from contextvars import ContextVar
from pathlib import Path

from pratique.core.errors import PratiqueError

GIB = 2**30
REPEAT_SECONDS = 1.0
"""How often an examination is told again that its time is over: a check may catch what it is told."""
ALLOWED_BYTES: ContextVar[int | None] = ContextVar("allowed_bytes", default=None)
"""What may be allocated for the batch that is at hand; None where nothing is limited."""
MEMORY_IN_USE = Path("/proc/self/statm")


class NotExamined(PratiqueError):
    """A batch was not examined to its end. That is no property of its rows: it is neither accepted nor quarantined."""


class Overrun(BaseException):
    """The time is over. It is no `Exception`, so that a check does not take it for an error of its own."""


@contextlib.contextmanager
def limit_examination(batch: str, seconds: float, memory_gib: float) -> Iterator[None]:
    """Bound what is done about a batch.

    Raises
    ------
    NotExamined
        If it takes longer, or more memory.
    """
    try:
        with limit_memory(memory_gib), _limit_time(seconds):
            yield
    except Overrun:
        raise NotExamined(
            f"{batch}: not examined: not done after {seconds:g} seconds; take out the check that takes so long, split "
            "the batch, or raise `limits.seconds`"
        ) from None
    except MemoryError:
        raise NotExamined(
            f"{batch}: not examined: it takes more than {memory_gib:g} GiB; split it, or raise `limits.memory_gib`"
        ) from None


@contextlib.contextmanager
def limit_memory(gib: float) -> Iterator[None]:
    """Let no more be allocated than is now and so much; where the system does not say what is, nothing is limited."""
    token = ALLOWED_BYTES.set(round(gib * GIB))
    try:
        with _limit_address_space(gib):
            yield
    finally:
        ALLOWED_BYTES.reset(token)


@contextlib.contextmanager
def _limit_address_space(gib: float) -> Iterator[None]:
    if not MEMORY_IN_USE.is_file():
        yield
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    used = int(MEMORY_IN_USE.read_text(encoding="ascii").split()[0]) * resource.getpagesize()
    most = [each for each in (used + round(gib * GIB), soft, hard) if each != resource.RLIM_INFINITY]
    resource.setrlimit(resource.RLIMIT_AS, (min(most), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


@contextlib.contextmanager
def _limit_time(seconds: float) -> Iterator[None]:
    """Raise `Overrun` after so many seconds; only the main thread of a process can be told."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(*_: object) -> None:
        raise Overrun

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds, REPEAT_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
