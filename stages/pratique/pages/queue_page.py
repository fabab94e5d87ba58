"""The queue: every batch by source, what waits for a decision, and what the gate is worth."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from pratique.pages.draw import draw
from pratique.pages.drilled import read_drilled
from pratique.pages.form import DecisionForm
from pratique.pages.worth import Worth
from pratique.provenance.record import Record
from pratique.results.price import MOST_PRICED, Price
from pratique.words import verdicts as words
from pratique.words.counts import count_batches
from pratique.words.numbers import points

WAITING = 500
LISTED = 1000
"""Batches in the list of all, those that are not plainly accepted first."""
STRIP = 200
"""Batches of a source in its strip, the last by name."""


@dataclass(frozen=True)
class Line:
    """A batch that waits."""

    facts: Record
    why: str
    price: str
    interval: str


@dataclass(frozen=True)
class RunNotes:
    """What is said of the run as a whole; each may be empty.

    Attributes
    ----------
    unlabelled : str
        About batches that wait for their labels.
    alarm_rate : str
        Where more batches alarmed than the budget expects.
    requirements : str
        How many requirements the model meets.
    """

    unlabelled: str = ""
    alarm_rate: str = ""
    requirements: str = ""


NO_NOTES = RunNotes()


def waiting(facts: Sequence[Record]) -> list[Record]:
    """The batches that wait for a decision, the most suspicious first."""
    return sorted((f for f in facts if f.waits), key=lambda f: (f.p_value, f.batch))


def list_priced(facts: Sequence[Record]) -> list[str]:
    """The batches whose price a run measures."""
    return [each.batch for each in waiting(facts)[:MOST_PRICED]]


def queue_page(
    facts: Sequence[Record],
    prices: Mapping[str, Price | None],
    worth: Worth | None,
    identity: str,
    form: DecisionForm | None = None,
    notes: RunNotes = NO_NOTES,
) -> str:
    """The page of all batches.

    Parameters
    ----------
    facts : sequence of Record
        Sorted by batch.
    prices : mapping of str to Price or None
        By batch, for those that are held.
    worth : Worth, optional
        What the gate was worth; None where evaluate has not run.
    identity : str
        What is said about who decides; may be empty.
    form : DecisionForm, optional
        Where people can decide on the page.
    notes : RunNotes
    """
    wait = waiting(facts)
    ordered = sorted(facts, key=lambda f: (f.plain, f.batch))
    held = sum(f.outcome == "quarantined" for f in facts)
    counted = f"{count_batches(len(facts))}: {len(facts) - held:,} accepted, {held:,} quarantined."
    return draw(
        "queue.html",
        waiting=[_line(f, prices.get(f.batch)) for f in wait[:WAITING]],
        waiting_total=len(wait),
        priced=any(prices.values()),
        facts=ordered[:LISTED],
        left_out=max(0, len(ordered) - LISTED),
        counts=f"{counted} {notes.unlabelled}".rstrip(),
        alarm_rate=notes.alarm_rate,
        requirements=notes.requirements,
        states=sorted({f.state for f in facts}, key=list(words.STATES).index),
        sources=[(source, list(mine)) for source, mine in groupby(facts, key=lambda f: f.source)],
        strip=STRIP,
        worth=worth,
        drilled=read_drilled(),
        identity=identity,
        form=form,
    )


def _line(facts: Record, price: Price | None) -> Line:
    why = words.sentence([*(said.text for said in facts.uncounted), *words.reasons(facts)])
    if price is None:
        return Line(facts, why, "–", "")
    interval = f"{points(price.low)} to {points(price.high)}"
    return Line(facts, why, f"{points(price.difference)} points", interval)
