"""Whether so many batches alarm as the budget lets expect: if not, that is said before anybody counts."""

from collections.abc import Sequence

from pratique.decisions import ledger
from pratique.provenance.record import Record
from pratique.tables.arrival import name_order

COUNTED_BATCHES = 30
"""Batches that are counted: the newest."""
EXPECTED_WITHIN = 0.99
"""The chance that clean batches alarm as often as is said to be expected at most, or less often."""


def describe_alarm_rate(alarmed: Sequence[bool], alpha: float) -> str:
    """A sentence where more batches alarmed than the budget expects; nothing where it fits.

    Parameters
    ----------
    alarmed : sequence of bool
        Whether each batch alarmed, the oldest first.
    alpha : float
        The share of clean batches that may.

    Examples
    --------
    >>> describe_alarm_rate([False] * 21 + [True] * 9, 0.01)[:62]
    '9 of the last 30 batches alarmed, the budget expects at most 2'
    >>> describe_alarm_rate([False] * 28 + [True] * 2, 0.01)
    ''
    """
    from scipy.stats import binom

    last = alarmed[-COUNTED_BATCHES:]
    most = max(1, int(binom.ppf(EXPECTED_WITHIN, len(last), alpha))) if last else 1  # one alarm is no rate
    found = sum(last)
    if found <= most:
        return ""
    return (
        f"{found} of the last {len(last)} batches alarmed, the budget expects at most {most}: an attack, or the "
        "reference no longer represents what arrives. Look at the batches held last; `pratique promote --help` says "
        "how the reference grows, and docs/reference.md in Pratique's repository when."
    )


def tell_alarm_rate(records: Sequence[Record], alpha: float) -> str:
    """The same of a run's batches, in the order in which the ledger names them first."""
    arrived: dict[str, int] = {}
    for entry in ledger.read():
        arrived.setdefault(entry.batch, entry.index)
    order = sorted(records, key=lambda one: (arrived.get(one.batch, len(arrived)), name_order(one.batch)))
    return describe_alarm_rate([one.verdict == "quarantine" for one in order], alpha)
