"""Counts in words: batches, how many of them a check counts, and what trusted rows suggest to change in them."""

from pratique.contract.evidence import SUGGESTION
from pratique.contract.finding import SHARE_OF_ROWS
from pratique.core.text import say_count
from pratique.detector.hypotheses import describe
from pratique.provenance.parts import CheckRecord
from pratique.provenance.record import Record


def count_batches(count: int) -> str:
    """So many batches."""
    return say_count(count, "batch", "batches")


def count_alarm(check: CheckRecord, rows: int) -> str:
    """What an alarm means; where a check counts rows, also how many there are of so many, and how many are usual."""
    said = describe(check.name).alarm
    if not check.unit.startswith(SHARE_OF_ROWS) or check.observed is None or check.limit is None:
        return said
    count, fewest = round(check.observed * rows), round(check.limit * rows)
    return f"{count:,} of {rows:,} {said} (clean batches have at most {max(0, fewest - 1):,})"


def suggestions(facts: Record) -> list[str]:
    """What to change in single rows by what trusted rows say, a line each; nothing applies it."""
    return [
        f"row {entry.rows[0]}: {entry.facts[SUGGESTION]}"
        for check in facts.checks
        for entry in check.evidence.rows
        if SUGGESTION in entry.facts
    ]
