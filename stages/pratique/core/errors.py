"""Errors that a user reads: one line that names the place, what was expected, and what to do."""

import errno
import os
import sys
from collections.abc import Callable

INTERRUPTED = 130
"""The exit code after Ctrl-C: 128 and the number of SIGINT."""
REMEDY_BY_ERRNO = {
    errno.ENOSPC: "make room, and run this again",
    errno.EDQUOT: "make room in your quota, and run this again",
    errno.EIO: "the disk may be failing: look at the system's log, and run this again",
    errno.EROFS: "run this where the folder may be written to",
    errno.EACCES: "give yourself the right to it, and run this again",
    errno.EPERM: "give yourself the right to it, and run this again",
}


class PratiqueError(Exception):
    """Something only a person can put right: configuration, a missing reference, a misplaced file."""


class UnreadableBatch(PratiqueError):
    """Bytes that can't be read as a table. Ingest keeps them and quarantines the batch."""


def run(command: Callable[[], None]) -> None:
    """Run a command; what ends it early becomes one line.

    A `PratiqueError`, a file that can't be read or written and too little memory give exit code 2, Ctrl-C gives 130.

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
    except PratiqueError as error:
        say(f"pratique: {error}", error=True)
        sys.exit(2)
    except OSError as error:
        say(f"pratique: {describe_os_error(error)}", error=True)
        sys.exit(2)
    except MemoryError:
        say("pratique: not enough memory; free some, or split the largest batch, and run this again", error=True)
        sys.exit(2)
    except KeyboardInterrupt:
        _say_interrupted()
        sys.exit(INTERRUPTED)
    except SystemExit as stop:
        if stop.code == INTERRUPTED:  # what typer makes of Ctrl-C
            _say_interrupted()
        raise


def describe_os_error(error: OSError) -> str:
    """What a file system refused, and what to do about it.

    Examples
    --------
    >>> describe_os_error(OSError(errno.ENOSPC, "No space left on device", "data/x"))
    'data/x: No space left on device; make room, and run this again'
    """
    if error.errno is None or error.strerror is None:
        return str(error)
    named = error.filename2 or error.filename  # of a rename the second: the first is a temporary file
    place = "" if named is None else f"{os.fsdecode(named)}: "
    remedy = REMEDY_BY_ERRNO.get(error.errno, "look at the file, and run this again")
    return f"{place}{error.strerror}; {remedy}"


def _say_interrupted() -> None:
    from pratique.core.screen import say

    say("pratique: interrupted; nothing is lost, run this again", error=True)


def printable(text: str) -> str:
    """Text with control, bidirectional and unassigned characters shown as escapes, so that no log obeys it.

    Examples
    --------
    >>> printable("a\\x1b[31mb")
    'a\\\\x1b[31mb'
    """
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)
