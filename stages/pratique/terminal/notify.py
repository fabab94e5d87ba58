"""Telling people elsewhere what a run has newly held: a text of the size of an e-mail, given to a command."""

import subprocess
from collections.abc import Sequence
from textwrap import fill

from pratique.core import paths
from pratique.core.errors import printable
from pratique.core.hashing import sha256_json
from pratique.core.params import NotifyParams
from pratique.core.screen import inert, say
from pratique.core.writing import write_text
from pratique.provenance.record import Record
from pratique.words.counts import count_batches
from pratique.words.verdicts import certainty, headline

TOLD = paths.CACHE / "notified.txt"
"""What was told already, a digest a line: no output, so that runs stay equal; it is safe to delete."""
MOST_TOLD = 20
"""Batches that one message describes."""
MESSAGE_WIDTH = 76
MOST_SECONDS = 60
"""Seconds that the command may take."""


def notify(policy: NotifyParams, records: Sequence[Record], alpha: float) -> None:
    """Give the command what is newly held; it never fails a run, and nothing is told twice once it has succeeded.

    Parameters
    ----------
    policy : NotifyParams
    records : sequence of Record
    alpha : float
        The share of clean batches that may be quarantined.
    """
    if not policy.command:
        return
    held = {_digest(record): record for record in records if record.held and record.state != "rejected"}
    told = set(TOLD.read_text(encoding="utf-8", errors="replace").split()) if TOLD.is_file() else set()
    fresh = [record for digest, record in held.items() if digest not in told]
    trouble = _run(policy.command, message(fresh, records, alpha)) if fresh else ""
    if trouble:
        say(f"params.yaml: notify.command: {trouble}; nobody was told, the next run tries again", error=True)
        return
    write_text(TOLD, "".join(f"{digest}\n" for digest in sorted(held)))
    write_text(paths.CACHE / ".gitignore", "*\n")  # in any repository: what is kept is no output


def _digest(record: Record) -> str:
    """The same as long as the batch holds the same bytes and is held in the same way."""
    return sha256_json([record.batch, record.sha256, record.state, record.held_rows])


def message(fresh: Sequence[Record], records: Sequence[Record], alpha: float) -> str:
    """What the command reads: a line that can be a subject, what is newly held, and where to decide on it."""
    waiting = sum(record.waits for record in records)
    lines = [f"Pratique: {count_batches(len(fresh))} newly held, {waiting:,} in all wait for a decision", ""]
    for record in fresh[:MOST_TOLD]:
        lines += [printable(record.batch), *_paragraph(headline(record)), *_paragraph(certainty(record, alpha)), ""]
    if len(fresh) > MOST_TOLD:
        lines += [f"And {len(fresh) - MOST_TOLD:,} more.", ""]
    return "\n".join([*lines, f"Pages to decide on: {paths.INDEX}; or `pratique review list`.", ""])


def _paragraph(text: str) -> list[str]:
    indent = "  "
    return fill(inert(text), MESSAGE_WIDTH, initial_indent=indent, subsequent_indent=indent).splitlines()


def _run(command: Sequence[str], text: str) -> str:
    """Run a command without a shell; what went wrong, if something did."""
    try:
        done = subprocess.run(command, input=text.encode(), capture_output=True, timeout=MOST_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return f"'{command[0]}' took longer than {MOST_SECONDS} seconds"
    except OSError as error:
        return f"'{command[0]}' can't be run: {error.strerror}"
    except ValueError as error:  # a word that holds a zero byte
        return f"'{command[0]}' can't be run: {error}"
    if not done.returncode:
        return ""
    last = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
    return f"'{command[0]}' ended with {done.returncode}{''.join(f' ({line})' for line in last)}"
