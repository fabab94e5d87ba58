"""Work in a process of its own, which ends when its time or its memory does, whatever code it is in.

A signal that Python handles waits until compiled code returns; one that the kernel handles does not.
"""

import ctypes
import os
import signal
import sys
import traceback
import warnings
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.context import ForkContext, SpawnContext
from pathlib import Path
from typing import Any

from pratique.core.budget import limit_memory
from pratique.core.errors import PratiqueError

CONTEXT: ForkContext | SpawnContext = ForkContext() if sys.platform == "linux" else SpawnContext()
"""How a process begins. A fork has everything at hand at once; libraries of macOS do not survive one."""
DIE_WITH_PARENT = 1
"""What Linux calls PR_SET_PDEATHSIG."""
DONE, REFUSED, NO_MEMORY, FAILED = b"+", b"!", b"m", b"f"


class TimeOver(Exception):
    """The work was not done in its time."""


class EndedEarly(Exception):
    """The process ended before its work was done; says how, and nothing of what it worked on."""


def run_apart(work: Callable[..., bytes], given: tuple[Any, ...], seconds: float, memory_gib: float) -> bytes:
    """What some work returns, done in a process of its own.

    Raises
    ------
    PratiqueError
        If the work raises one; its text is kept.
    TimeOver
    MemoryError
    EndedEarly
        If it raises anything else, or its process was ended from outside.
    """
    receiver, sender = CONTEXT.Pipe(duplex=False)
    process = CONTEXT.Process(target=_answer, args=(sender, Path.cwd(), seconds, memory_gib, work, given))
    with receiver, sender, warnings.catch_warnings(action="ignore", category=DeprecationWarning):
        process.start()  # Python 3.12 warns of a fork beside threads; ours wait
        sender.close()
        try:
            answer = receiver.recv_bytes()
        except EOFError:
            process.join()
            raise _explain_end(process.exitcode or 0) from None
        finally:
            process.kill()
            process.join()
    return _take(answer[:1], answer[1:])


def _take(kind: bytes, content: bytes) -> bytes:
    if kind == DONE:
        return content
    if kind == NO_MEMORY:
        raise MemoryError
    text = content.decode()
    raise PratiqueError(text) if kind == REFUSED else EndedEarly(text)


def _explain_end(code: int) -> Exception:
    if code == -signal.SIGALRM:
        return TimeOver()
    how = signal.Signals(-code).name if code < 0 else f"exit code {code}"
    return EndedEarly(f"its process ended early ({how}): a library failed, or memory was short")


def _answer(
    sender: Connection, folder: Path, seconds: float, memory_gib: float, work: Callable[..., bytes], given: Any
) -> None:
    """Do the work, and send what it returns or what it ended with."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C is told by the process that began this one
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(DIE_WITH_PARENT, signal.SIGKILL)
    os.chdir(folder)
    try:
        with limit_memory(memory_gib):
            answer = DONE + work(*given)
    except PratiqueError as error:
        answer = REFUSED + str(error).encode()
    except MemoryError:
        answer = NO_MEMORY
    except (Exception, SystemExit) as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        answer = FAILED + f"{type(error).__name__} in {Path(last.filename).name}, line {last.lineno}".encode()
    sender.send_bytes(answer)
