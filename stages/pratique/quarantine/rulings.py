"""Rulings: what people and policy say about a batch that has been judged. The verdict stays what was measured."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np

from pratique.core.params import Params
from pratique.decisions.decision import Action, DecisionFile
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
class Ruling:
    """What people and policy say about one batch.

    Attributes
    ----------
    decisions : tuple of Decision
        Those that count: rejects, or as many releases as are asked for.
    holds : tuple of Hold
        No release lifts them; what they name must be put right.
    """

    decisions: tuple[DecisionFile, ...] = ()
    holds: tuple[Hold, ...] = ()

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

    def rule(self, arrival: Arrival, binding: str, row_set: str | None) -> Ruling:
        """Rule on one batch, given what its decisions must bind and the name of its rows in any order."""
        own = [d for d in self.counted if d.content.batch == arrival.batch]
        rejects = [d for d in own if d.content.action == "reject" and (d.content.binds == binding or _same(d, row_set))]
        releases = self._releases(own, binding)
        return Ruling(tuple(rejects or releases), tuple(self._holds(arrival, row_set)))

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
        return replace(repeat, rejected=any(_same(reject, repeat.row_set) for reject in rejects))

    def _releases(self, own: Sequence[DecisionFile], binding: str) -> list[DecisionFile]:
        """The releases that bind; none unless there are enough."""
        bound = [d for d in own if d.content.action == "release" and d.content.binds == binding]
        people = {d.reviewer for d in bound}
        return bound if len(people) >= self.params.review.reviewers else []

    def _holds(self, arrival: Arrival, row_set: str | None) -> list[Hold]:
        holds = []
        if self.params.sources.unlisted == "refuse" and arrival.source not in self.inventory:
            holds.append(Hold(SOURCE, f"source '{arrival.source}' is not listed in data/sources.yaml"))
        for d in self.counted:
            if d.content.action == "reject" and d.content.batch != arrival.batch and _same(d, row_set):
                holds.append(
                    Hold(RESENT, f"its rows are those of {d.content.batch}, which {d.content.reviewer} rejected")
                )
                break
        return holds


def _same(decision: DecisionFile, row_set: str | None) -> bool:
    return row_set is not None and decision.content.rowSet == row_set
