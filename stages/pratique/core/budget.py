"""What one batch may take of memory, so that no batch stops the others."""

import contextlib
import resource
from collections.abc import Iterator
from contextvars import ContextVar
from pathlib import Path

from pratique.core.errors import PratiqueError

GIB = 2**30
ALLOWED_BYTES: ContextVar[int | None] = ContextVar("allowed_bytes", default=None)
"""What may be allocated for the batch that is at hand; None where nothing is limited."""
MEMORY_IN_USE = Path("/proc/self/statm")


class NotExamined(PratiqueError):
    """A batch was not examined to its end. That is no property of its rows: it is neither accepted nor quarantined."""


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
