"""Single cells that lie far beyond all that trusted rows hold."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from pratique.contract.check import FittedRuleCheck, RuleCheck
from pratique.contract.finding import RuleBreaches
from pratique.contract.subject import Subject
from pratique.contract.tally import Tally
from pratique.core.batch import Batch
from pratique.statistics.pareto import FarTail

HELD_BATCHES = 0.001
"""Share of clean batches in which a row may be held for a cell that lies too far."""
FEWEST_VALUES = 20
"""Trusted cells that a column needs for a limit."""


class Extremes(RuleCheck):
    """A row with a number far beyond all that trusted rows have in that column is held.

    Claim: finds slips of the decimal point, other units, wrong signs and codes for "missing" (1,000,000 or -999 where
    0 to 16 is usual) in a single row of a batch of any size. What lies near trusted cells passes, and in a heavy tail,
    as money has, even ten times the largest trusted cell is near. A column whose trusted cells are all the same has no
    limit, and one that is nearly always 0 a far one.

    Formula: beyond the largest of m trusted cells lies a clean one with a chance of 1 in m + 1; from there the chance
    falls as a generalised Pareto tail, fitted to the outer tenth of the cells. Its shape is two standard deviations
    heavier than estimated, and never lighter than exponential. A cell is too far where that chance is below
    0.001 / (rows of the batch x numeric columns x 2 sides), so that one clean batch in 1,000 has such a row.

    Source: Pickands, "Statistical inference using extreme order statistics" (1975).

    Cost: O(reference rows log reference rows) a column at calibration, two comparisons a cell after it.
    """

    alarm: ClassVar[str] = "rows hold numbers far beyond all trusted ones"
    advice: ClassVar[str] = (
        "Numbers lie where no trusted row comes near: a slip of the decimal point, another unit, or a code for "
        "'missing'. Have the source correct them; if they are right, add such rows to the reference."
    )
    about: ClassVar[Subject] = "features"
    trusts: ClassVar[tuple[str, ...]] = ("pratique.statistics.pareto.FarTail",)

    def fit(self, trusted: Batch, rng: np.random.Generator) -> "FittedExtremes":
        """Learn both tails of every numeric column."""
        tails = {}
        for name, cells in zip(trusted.layout.numeric, trusted.numeric.T, strict=True):
            known = cells[np.isfinite(cells)]
            if len(known) >= FEWEST_VALUES:
                tails[name] = (FarTail.of(-known), FarTail.of(known))
        return FittedExtremes(tails)


@dataclass(frozen=True)
class FittedExtremes(FittedRuleCheck):
    """The lower and the upper tail of each column that has enough cells; None where these are all the same."""

    tails: dict[str, tuple[FarTail | None, FarTail | None]]

    def measure(self, batch: Batch) -> RuleBreaches:
        """Mark the rows with a cell beyond a limit."""
        tally = Tally(batch)
        chance = HELD_BATCHES / max(1, 2 * len(batch) * len(batch.layout.numeric))
        for name, cells in ((name, batch.numbers(name)) for name in batch.layout.numeric):
            lower, upper = self.tails.get(name, (None, None))
            if lower is not None:
                tally.note([name], "far below all trusted rows", -cells > lower.limit(chance))
            if upper is not None:
                tally.note([name], "far above all trusted rows", cells > upper.limit(chance))
        return tally.result()
