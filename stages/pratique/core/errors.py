"""Errors that a user reads: one line that names the place, what was expected, and what to do."""

import os
import sys
from collections.abc import Callable


class PratiqueError(Exception):
    """Something only a person can put right: configuration, a missing reference, a misplaced file."""


class UnreadableBatch(PratiqueError):
    """Bytes that can't be read as a table. Ingest keeps them and quarantines the batch."""


def run(command: Callable[[], None]) -> None:
    """Run a command; a `PratiqueError`, or a file that can't be read or written, becomes one line and exit code 2.

    Numerical libraries are held to one thread, those that are loaded by a limit and those that will be by
    their environment: the order in which threads add up numbers would otherwise show in the last bits of an
    output, and for batches of some hundred rows threads cost more than they give.
    """
    from threadpoolctl import threadpool_limits

    from pratique.core.screen import say

    os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"))

    try:
        with threadpool_limits(limits=1):
            command()
    except (PratiqueError, OSError) as error:
        say(f"pratique: {error}", error=True)
        sys.exit(2)


def printable(text: str) -> str:
    """Text with control, bidirectional and unassigned characters shown as escapes, so that no log obeys it.

    Examples
    --------
    >>> printable("a\\x1b[31mb")
    'a\\\\x1b[31mb'
    """
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)
