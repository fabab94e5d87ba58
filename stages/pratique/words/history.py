"""What else than its rows speaks for or against a batch: its source's stream, rows that came before, a past verdict."""

from pratique.provenance.parts import RepeatRecord
from pratique.provenance.record import Record
from pratique.quarantine.rulings import RESENT
from pratique.quarantine.stream import STREAM

DRIPPED = (
    "The last batches of this source look poisoned together, though each by itself may not. Look at those before this "
    "one, too, and ask the source what has changed."
)
CAME_AGAIN = (
    "A model that learns from both counts these rows twice. Ask the source whether it sent them again by mistake, or "
    "to correct them: a correction comes under the name of the batch that it corrects."
)
MEASURED_THEN = "It was measured when that verdict was given, not today; the report of that time says what was found."
JUDGE_ANEW = (
    "Decide by the report of that time; or have today's policy judge it: `pratique replay` says what that would be, "
    "`pratique replay --apply` lets it count."
)


def stands_unmeasured(facts: Record) -> bool:
    """Whether a verdict stands that another policy gave than today's, so that nothing was measured."""
    return facts.standing is not None and not facts.checks


def describe_standing(facts: Record) -> list[str]:
    """That a verdict stands, and since when; nothing where it is today's."""
    if facts.standing is None:
        return []
    then = f" (alarms then: {', '.join(facts.alarms)})" if facts.alarms else ""
    held = f"{facts.held_rows:,} of {facts.rows:,} rows held; " if facts.held else ""
    today = f"{held}not examined again" if stands_unmeasured(facts) else "today it would be another"
    return [f"its verdict stands since commit {facts.standing.commit[:7]}{then}; {today}"]


def describe_history(facts: Record) -> list[str]:
    """A clause for each alarm that no batch raises by itself, and for a verdict that stands."""
    stream = ["its source has sent a little poison in many batches"] if STREAM in facts.alarms else []
    barred = any(hold.code == RESENT for hold in facts.holds)
    repeat = [] if facts.repeats is None or barred else [_describe_repeat(facts.repeats)]
    return [*stream, *repeat, *describe_standing(facts)]


def advise_on_history(facts: Record) -> str:
    """What to do about a batch that nothing else speaks against; nothing where its history says nothing."""
    if stands_unmeasured(facts):
        return JUDGE_ANEW
    if STREAM in facts.alarms:
        return DRIPPED
    return "" if facts.repeats is None else CAME_AGAIN


def list_decisions(facts: Record) -> list[str]:
    """Who decided what about a batch, and why; whose word has no effect, and why not."""
    counted = [f"{said.action} by {said.reviewer}: {said.reason}" for said in facts.decisions]
    return [*counted, *(said.text for said in facts.uncounted)]


def _describe_repeat(repeats: RepeatRecord) -> str:
    """How many rows came before, and where."""
    about = "" if repeats.exact else "about "
    rejected = ", which somebody rejected" if repeats.rejected else ""
    return f"{about}{repeats.shared:,} of {repeats.rows:,} rows stand in {repeats.batch} already{rejected}"
