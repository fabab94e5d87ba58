"""Rulings: what people and policy say about a batch that has been judged. The verdict stays what was measured."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np

from pratique.core.params import Params
from pratique.decisions.binding import Binding
from pratique.decisions.decision import UNSIGNED, Action, DecisionFile
from pratique.detector.verdict import Verdict
from pratique.quarantine.repeats import Repeat
from pratique.quarantine.sources import Inventory
from pratique.tables.arrival import Arrival

RESENT = "resent"
"""The alarm of a batch most of whose rows came before, and why one is held all of whose rows somebody rejected."""
SOURCE = "source"


@dataclass(frozen=True)
class Hold:
    """Why a batch is held whatever its rows are like."""

    code: str
    reason: str


@dataclass(frozen=True)
class Uncounted:
    """A decision about the batch that has no effect, and why: a clause that follows "release by X"."""

    decision: DecisionFile
    why: str


@dataclass(frozen=True)
class Ruling:
    """What people and policy say about one batch.

    Attributes
    ----------
    decisions : tuple of Decision
        Those that count: rejects, or as many releases as are asked for.
    holds : tuple of Hold
        No release lifts them; what they name must be put right.
    uncounted : tuple of Uncounted
        The other decisions about it.
    """

    decisions: tuple[DecisionFile, ...] = ()
    holds: tuple[Hold, ...] = ()
    uncounted: tuple[Uncounted, ...] = ()

    @property
    def action(self) -> Action | Literal[""]:
        """What the decisions say; nothing where nobody decided."""
        return self.decisions[0].content.action if self.decisions else ""

    @property
    def stops(self) -> bool:
        """Whether the batch is held for what people or policy say."""
        return bool(self.holds) or self.action == "reject"

    def list_released(self, rows: int) -> np.ndarray:
        """Positions, increasing, of the rows that every release lets in."""
        if self.action != "release":
            return np.zeros(0, np.int64)
        chosen = set(range(rows))
        for decision in self.decisions:
            if decision.content.rows is not None:
                chosen &= set(decision.content.rows)
        return np.array(sorted(chosen), np.int64)


NO_RULING = Ruling()
"""Nobody has spoken: the verdict alone says what becomes of the batch."""


@dataclass(frozen=True)
class Rulebook:
    """Everything that rules beside the measurements: decisions, the inventory of sources, params."""

    decisions: Sequence[DecisionFile]
    inventory: Inventory
    params: Params

    @cached_property
    def counted(self) -> list[DecisionFile]:
        """The decisions that are their reviewers', as far as files can tell."""
        return [decision for decision in self.decisions if decision.counts(self.params)]

    def rule(self, arrival: Arrival, binding: Binding, row_set: str | None) -> Ruling:
        """Rule on one batch, given what its decisions must bind and the name of its rows in any order."""
        own = [d for d in self.decisions if d.content.batch == arrival.batch and d.content.action != "withdraw"]
        faults = {d.path: self._find_fault(d, binding, row_set) for d in own}
        sound = [d for d in own if not faults[d.path]]
        rejects = [d for d in sound if d.content.action == "reject"]
        releases = [d for d in sound if d.content.action == "release"]
        there, needed = len({d.reviewer for d in releases}), self.params.review.reviewers
        if rejects:
            faults |= {d.path: f"does not count: {rejects[0].content.reviewer} rejected the batch" for d in releases}
        elif there < needed:
            faults |= {d.path: f"waits for others: {there} of {needed} releases" for d in releases}
        uncounted = (Uncounted(d, faults[d.path]) for d in own if faults[d.path])
        counted = [d for d in rejects or releases if not faults[d.path]]
        return Ruling(tuple(counted), tuple(self._holds(arrival, row_set)), tuple(uncounted))

    def _find_fault(self, decision: DecisionFile, binding: Binding, row_set: str | None) -> str:
        """Why a decision about a batch does not count, whatever others decided; nothing where it does."""
        if not decision.counts(self.params):
            return f"is {UNSIGNED}"
        said = decision.content
        if said.action == "reject":  # it is about the rows, whatever the policy
            return "" if decision.is_about(binding.batch, row_set) else "no longer counts: the batch's rows changed"
        changes = said.binds.describe_changes(binding)
        return f"no longer counts: {changes}" if changes else ""

    def judge_repeats(self, source: str, verdict: Verdict, found: Sequence[Repeat]) -> tuple[Verdict, Repeat | None]:
        """The verdict on a batch whose rows came before, and the batch that holds most of them; else as it was.

        What somebody rejected is quarantined if it comes again with some cells or rows changed, and so is what its own
        source sent before where params.yaml says so; a release lifts both. What another source sent is only warned of:
        a stranger who sends a vendor's rows first shall not keep the vendor's out.
        """
        told = [repeat for repeat in map(self._mark_rejected, found) if repeat.rejected or not repeat.later]
        if not told:
            return verdict, None
        asked = self.params.resent == "quarantine"
        held = [repeat for repeat in told if repeat.rejected or (asked and repeat.source == source)]
        alarmed = replace(verdict, alarms=(*verdict.alarms, RESENT))
        return (replace(alarmed, verdict="quarantine"), held[0]) if held else (alarmed, told[0])

    def _mark_rejected(self, repeat: Repeat) -> Repeat:
        """The same, knowing whether somebody rejected the other batch as it is now."""
        rejects = (d for d in self.counted if d.content.action == "reject" and d.content.batch == repeat.batch)
        return replace(repeat, rejected=any(reject.has_rows(repeat.row_set) for reject in rejects))

    def _holds(self, arrival: Arrival, row_set: str | None) -> list[Hold]:
        holds = []
        if self.params.sources.unlisted == "refuse" and arrival.source not in self.inventory:
            holds.append(Hold(SOURCE, f"source '{arrival.source}' is not listed in data/sources.yaml"))
        for d in self.counted:
            if d.content.action == "reject" and d.content.batch != arrival.batch and d.has_rows(row_set):
                holds.append(
                    Hold(RESENT, f"its rows are those of {d.content.batch}, which {d.content.reviewer} rejected")
                )
                break
        return holds
