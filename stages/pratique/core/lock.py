"""One run at a time: a command that writes below data/ holds data/.lock meanwhile.

The kernel keeps the lock, so that one whose process has ended, however it ended, is no longer held.
"""

import fcntl
import json
import os
import platform
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from pratique.core.errors import PratiqueError

LOCK_FILE = Path("data/.lock")
POLL_SECONDS = 0.05


@contextmanager
def hold_alone(place: Path = LOCK_FILE, wait: float = 0.0) -> Iterator[None]:
    """Hold the lock of the pipeline in the current folder; also a decorator.

    Parameters
    ----------
    place : Path
    wait : float
        Seconds to wait for another process that holds it.

    Raises
    ------
    PratiqueError
        If another process holds it; the message says which.
    """
    stream = _acquire(place.absolute(), time.monotonic() + wait)
    try:
        yield
    finally:
        Path(stream.name).unlink(missing_ok=True)
        stream.close()


def _acquire(place: Path, until: float) -> IO[str]:
    place.parent.mkdir(parents=True, exist_ok=True)
    while True:
        stream = place.open("a+", encoding="utf-8")
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= until:
                stream.seek(0)
                holder = _describe_holder(stream.read())
                stream.close()
                raise PratiqueError(
                    f"data/{place.name}: {holder} is at work here; run this again once it has ended"
                ) from None
            stream.close()
            time.sleep(POLL_SECONDS)
            continue
        if place.exists() and os.path.samestat(os.fstat(stream.fileno()), place.stat()):
            break
        stream.close()  # whoever held it took it away between our two steps
    stream.truncate(0)
    stream.write(json.dumps({"pid": os.getpid(), "host": platform.node(), "command": _name_command()}))
    stream.flush()
    return stream


def _name_command() -> str:
    return " ".join([Path(sys.argv[0]).name, *sys.argv[1:2]])


def _describe_holder(text: str) -> str:
    try:
        said = json.loads(text)
        return f"`{said['command']}` (process {said['pid']} on {said['host']})"
    except (ValueError, KeyError, TypeError):
        return "another run"
