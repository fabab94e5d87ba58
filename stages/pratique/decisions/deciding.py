"""Deciding: writing what a reviewer says about a batch, signed with their key where they have one."""

import time
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path

from pratique.core import paths
from pratique.core.errors import PratiqueError, printable
from pratique.core.lock import hold_alone
from pratique.core.params import Params, load
from pratique.core.screen import say
from pratique.core.sections import parse
from pratique.core.writing import write_json
from pratique.decisions.binding import Binding
from pratique.decisions.decision import (
    BATCH_PATTERN,
    DECISION_PREDICATE,
    Action,
    Decision,
    file_name,
    load_decisions,
)
from pratique.decisions.given import read_given
from pratique.provenance import git, signing
from pratique.provenance.record import STATEMENT, Record
from pratique.provenance.written import has_record, read_written_record
from pratique.tables.ingested import is_waiting
from pratique.tables.labels import labels_place

DECISIONS_LOCK = Path("data/.decisions.lock")
MOST_WAIT = 10.0
"""Seconds that a decision waits for another one to be written."""


def release(
    batch: str,
    *,
    reason: str,
    rows: Sequence[int] | None = None,
    expires: date | None = None,
    given: Path | None = None,
) -> Path:
    """Let a batch into training although it was held, or some of its rows.

    Parameters
    ----------
    batch : str
        `<source>/<stem>`.
    reason : str
        Why, for whoever asks later.
    rows : sequence of int, optional
        Positions of the rows to let in; without it, all of them.
    expires : date, optional
        The last day on which the release counts.
    given : Path, optional
        The batch's record from elsewhere, as from the gate; without it, that of the last run.

    Returns
    -------
    Path
        The file written; it takes effect with the next `dvc repro`, and for others once it is merged.

    Raises
    ------
    PratiqueError
        If there is no such record, nothing is held, the batch can't be read, somebody else has rejected it, or an
        argument makes no sense.
    """
    record = read_record(batch, given)
    if record.fault is not None:
        raise PratiqueError(f"{batch}: can't be read as a table, so it can't be released; correct the file")
    if record.verdict == "accept" and not record.held:
        raise PratiqueError(f"{batch}: nothing of it is held, so there is nothing to release")
    if rejected := describe_reject(record):
        raise PratiqueError(f"{batch}: {rejected}")
    if expires is not None and expires < datetime.now(UTC).date():
        raise PratiqueError(f"{batch}: {expires} is past; name a day to come")
    chosen = None if rows is None else tuple(sorted(set(rows)))
    if chosen is not None and not (chosen and chosen[0] >= 0 and chosen[-1] < record.rows):
        raise PratiqueError(f"{batch}: rows are counted from 0 to {record.rows - 1}; name some of them")
    return write_decision(record, "release", reason, chosen, expires)


def reject(batch: str, *, reason: str, given: Path | None = None) -> Path:
    """Keep a batch out of training for good, under whatever name its rows come again; `given` as for `release`.

    Raises
    ------
    PratiqueError
        If there is no such record.
    """
    return write_decision(read_record(batch, given), "reject", reason)


def withdraw(batch: str, *, reason: str) -> Path:
    """Take back what whoever works here decided about a batch; the verdict and what others decided remain.

    Raises
    ------
    PratiqueError
        If there is no such record, or nothing to take back.
    """
    record = read_record(batch)
    own = file_name(batch, git.read_identity())
    if not any(each.path.name == own and each.content.action != "withdraw" for each in load_decisions()):
        raise PratiqueError(f"{batch}: you have decided nothing about it, so there is nothing to take back")
    return write_decision(record, "withdraw", reason)


def _keep_counted(path: Path) -> None:
    """Refuse to write over a decision that counts with one that would not."""
    before = next((each for each in load_decisions() if each.path == path and each.envelope is not None), None)
    if before is not None and before.counts(params := load()) and not would_count(params):
        raise PratiqueError(
            f"{path}: the {before.name} counts, and what you decide now would not; "
            f"let {signing.KEY_VARIABLE} name the key that params.yaml lists for you"
        )


def would_count(params: Params) -> bool:
    """Whether what whoever works here decides would count: with a key that params list for them."""
    if params.review.identity == "claims":
        return True
    key, listed = signing.reviewer_key(), params.signing.key_of(git.email_of(git.read_identity()))
    return key is not None and listed is not None and signing.public_line(key) == listed.strip()


def record_of(batch: str) -> Path:
    """Where the record of a batch is.

    Raises
    ------
    PratiqueError
        If the words are no batch's name, or it has no record.
    """
    if not BATCH_PATTERN.fullmatch(batch):
        raise PratiqueError(f"'{printable(batch)}': not a batch's name; expected <source>/<batch>")
    path = paths.RECORDS / f"{batch}.json"
    if is_waiting(batch):
        raise PratiqueError(f"{batch}: waits for its labels, {labels_place(batch)}; it has no record before they come")
    if not has_record(batch):
        raise PratiqueError(f"{batch}: no record in {paths.RECORDS}; see `pratique review list`, or run `dvc repro`")
    return path


def read_record(batch: str, given: Path | None = None) -> Record:
    """The record of a batch, of the last run or in a file that is given.

    Raises
    ------
    PratiqueError
        If there is none; see `record_of`, `read_given` and `read_written_record`.
    """
    return read_written_record(record_of(batch)) if given is None else read_given(batch, given, load().data)


def describe_reject(record: Record) -> str:
    """Which reject by somebody else beats any release of a batch, and what to do; nothing where there is none."""
    own = file_name(record.batch, git.read_identity())
    rejects = [each for each in load_decisions() if each.content.action == "reject" and each.path.name != own]
    for decision in rejects:
        about = decision.is_about(record.sha256, record.facts.row_set_sha256)
        if about and decision.content.batch == record.batch and decision.counts(load()):
            ask = f"ask them first: pratique review withdraw {record.batch}"
            return f"{decision.content.reviewer} rejected this batch, and a reject beats any release; {ask}"
    return ""


def write_decision(
    record: Record,
    action: Action,
    reason: str,
    rows: tuple[int, ...] | None = None,
    expires: date | None = None,
) -> Path:
    """Write what whoever works here decides on a record, signed where they have a key; the file.

    Raises
    ------
    PratiqueError
        If it would not count, and would take the place of what they decided before, which does; or if they decided
        elsewhere at the same moment.
    """
    began = time.time()
    reviewer = git.read_identity()
    path = paths.DECISIONS / file_name(record.batch, reviewer)
    _keep_counted(path)
    content = {
        "action": action,
        "batch": record.batch,
        "rows": None if rows is None else list(rows),
        "reviewer": reviewer,
        "reason": reason.strip(),
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "expires": None if expires is None else expires.isoformat(),
        "binds": Binding.of(record).model_dump(mode="json"),
        "rowSet": record.facts.row_set_sha256,
    }
    parse(Decision, content, record.batch)
    statement = {
        "_type": STATEMENT,
        "subject": record.to_statement()["subject"],
        "predicateType": DECISION_PREDICATE,
        "predicate": content,
    }
    key = signing.reviewer_key()
    with hold_alone(DECISIONS_LOCK, MOST_WAIT):
        _tell_replaced(path, action, began)
        if key is None:
            write_json(path, statement)
        else:
            signing.save(path, statement, key)
    return path


def _tell_replaced(path: Path, action: Action, began: float) -> None:
    """Say what a decision takes the place of; refuse where that was written since this one began."""
    before = next((each for each in load_decisions() if each.path == path), None)
    if before is None:
        return
    if path.stat().st_mtime > began:
        raise PratiqueError(f"{path}: the {before.name} was written at this moment; look at it, then decide again")
    if before.content.action != action:
        say(f"{path}: takes the place of the {before.name}", error=True)
