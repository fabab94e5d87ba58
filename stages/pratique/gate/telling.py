"""What the gate found, in lines of text that command nothing: each output puts them into a form of its own."""

import shlex

from pratique.core.errors import printable
from pratique.core.text import say_count
from pratique.gate.changes import Refusal
from pratique.gate.judge import GatedBatch, GateResult
from pratique.gate.showing import rank_worst
from pratique.terminal.summary import clauses
from pratique.words.counts import count_batches

MAX_MESSAGE = 300
TOP_REASONS = 3


def headline(result: GateResult) -> str:
    """One line that says everything to whoever is in a hurry."""
    stopped = sum(not gated.passes for gated in result.batches)
    if result.refused:
        return f"refused: {say_count(len(result.refused), 'file')} of the change cannot be let in"
    if stopped:
        return f"refused: {stopped} of {count_batches(len(result.batches))} not cleared"
    waiting = f"{count_batches(len(result.waiting))} waiting for labels" if result.waiting else ""
    if not result.batches:
        return f"passed: {waiting or 'no batch is new or changed'}"
    cleared = f"passed: {len(result.batches)} of {count_batches(len(result.batches))} cleared"
    return f"{cleared}, {waiting}" if waiting else cleared


def why(gated: GatedBatch) -> list[str]:
    """The reasons for one batch, the strongest first; what a batch wrote can't command a terminal."""
    record = gated.record
    plain = record.verdict == "accept" and not (record.alarms or record.decisions or record.uncounted)
    reasons = [*gated.objections, *([] if plain else clauses(record))]
    return [printable(reason)[:MAX_MESSAGE] for reason in reasons]


def next_command(result: GateResult) -> str | None:
    """What to do about a file that is refused, else about the worst batch that is stopped."""
    if result.refused:
        return printable(result.refused[0].remedy)
    worst = min((gated for gated in result.batches if not gated.passes), key=rank, default=None)
    return None if worst is None else _remedy(worst)


def _remedy(stopped: GatedBatch) -> str:
    """What to do about a batch that is stopped."""
    recursive = "" if stopped.changed.suffix else "-r "  # a folder of parts has no suffix
    remove = f"git rm {recursive}{shlex.quote(stopped.changed.as_posix())}"
    if stopped.record.fault is not None or stopped.record.decision == "reject":
        return remove
    if stopped.record.holds:
        return f"put right what is named, or {remove}"
    return f'{remove}; or somebody else: pratique review release {shlex.quote(stopped.name)} --reason "..."'


def describe_refusal(refusal: Refusal) -> str:
    """A refusal as one line."""
    return printable(f"{refusal.path}: {refusal.reason}")[:MAX_MESSAGE]


def tell_outcome(gated: GatedBatch) -> str:
    """Why a batch is not let in, and what to do about it."""
    return f"Not let in: {'; '.join(why(gated)[:TOP_REASONS])}. Next: {_remedy(gated)}"


def rank(gated: GatedBatch) -> tuple[bool, float, str]:
    """What sorts batches: those that are stopped first, of these the worst."""
    return gated.passes, *rank_worst(gated.record)
