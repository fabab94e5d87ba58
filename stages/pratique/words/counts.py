"""Counts in words: batches, how many of them a check counts, and what trusted rows suggest to change in them."""

from pratique.contract.evidence import SUGGESTION
from pratique.contract.finding import SHARE_OF_ROWS
from pratique.core.text import say_count
from pratique.detector.hypotheses import describe
from pratique.provenance.parts import CheckRecord
from pratique.provenance.record import Record
from pratique.words.history import stands_unmeasured
from pratique.words.numbers import once_in


def count_batches(count: int) -> str:
    """So many batches."""
    return say_count(count, "batch", "batches")


def count_suspects(facts: Record) -> str:
    """How many rows are suspect, of how many; where nobody looked, why not."""
    if facts.fault is not None:
        return "not readable"
    if stands_unmeasured(facts):
        return "not examined again"
    return f"{facts.suspect_count:,} of {facts.rows:,}" if facts.rows else "no rows"


def tell_rarity(facts: Record) -> str:
    """How often a clean batch looks as odd; where no estimate is involved, what decided."""
    if facts.fault is not None:
        return "not readable"
    return once_in(facts.p_value) if facts.p_value else "rule broken"


RESULT_NOTE = (
    "What is left to the others is above its limit and raises no alarm by itself: honest change moves it, or a shift "
    "of most columns or another alarm explains it better; `rows` weighs it with all others. `rows` alarms below its "
    "limit where a family of attacks does that explains the rows less well than another."
)
"""What the results of measurements mean, wherever they are listed."""


def tell_result(check: CheckRecord) -> str:
    """What a measurement came to, in a word or two; `RESULT_NOTE` says what they mean."""
    if check.fault is not None:
        return "failed"
    if check.alarm:
        return "rule broken" if check.breaches else "alarm"
    above = check.observed is not None and check.limit is not None and check.observed > check.limit
    return "left to the others" if above else "quiet"


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
