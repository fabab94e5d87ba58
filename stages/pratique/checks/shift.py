"""Distribution shift, column by column, and of the class shares."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from pratique.contract.check import DriftCheck, FittedBatchCheck
from pratique.contract.drift import SHOWN_COLUMNS, STANDS_OUT, describe_numbers
from pratique.contract.evidence import OTHER_UNIT, ColumnEvidence, Evidence
from pratique.contract.finding import BatchScore
from pratique.core.batch import Batch
from pratique.core.layout import Layout
from pratique.core.text import shorten
from pratique.statistics.empirical import SortedColumns
from pratique.statistics.two_sample import ks_log10_p, levels_log10_p
from pratique.statistics.units import find_other_unit

SHOWN_ROWS = 5
"""Rows that the evidence names for a column in another unit."""


class Shift(DriftCheck):
    """A column whose distribution differs from the reference's, more than so many columns do by chance.

    Claim: finds moved means, changed spreads, unit errors, new levels, moved class shares and missing cells.
    It does not see single flipped labels or noise that keeps each column's distribution. Honest change moves
    columns too: what a shift alone leads to is the policy's to say (params.yaml: shift.policy).

    Formula: numeric columns by the two-sample Kolmogorov-Smirnov test with Stephens' correction (a missing
    number counts as smaller than every number), categorical columns and the label by the share of each level: x of n
    rows against a of m trusted ones, X beta-binomial (n; a + 1/2, m - a + 1/2), on both sides; statistic = max over
    columns of -log10 p - log10 (number of columns).
    PSI (deciles of the reference, half a row added to each bin), the Wasserstein distance in reference standard
    deviations, total variation, means and standard deviations are the evidence, not the judge; so
    is what looks like another unit's.

    Sources: Stephens, "EDF statistics for goodness of fit" (1974); Jeffreys, "Theory of Probability" (1961).

    Cost: O(rows log reference rows) a column.
    """

    alarm: ClassVar[str] = "columns or class shares are distributed otherwise than in the reference"

    def fit(self, trusted: Batch, rng: np.random.Generator) -> "FittedShift":
        """Sort the numeric columns; count the levels of the others."""
        numeric = dict(zip(trusted.layout.numeric, trusted.sorted_numeric.T, strict=True))
        return FittedShift(numeric, trusted.level_counts)


@dataclass(frozen=True)
class FittedShift(FittedBatchCheck):
    """The reference's columns: sorted values with missing as -inf, and counts of levels ('' is missing)."""

    numeric: dict[str, np.ndarray]
    levels: dict[str, dict[str, int]]

    @cached_property
    def known(self) -> SortedColumns:
        """The numeric columns side by side, in the reference's order, which is every batch's."""
        return SortedColumns(np.column_stack(list(self.numeric.values())) if self.numeric else np.empty((1, 0)))

    def measure(self, batch: Batch) -> BatchScore:
        """The smallest p-value over the columns, corrected for their number."""
        distances = ks_log10_p(self.known, SortedColumns(batch.sorted_numeric))
        minus_log10_p = dict(zip(batch.layout.numeric, (-distances).tolist(), strict=True))
        for name, counts in batch.level_counts.items():
            minus_log10_p[name] = -levels_log10_p(self.levels[name], counts)
        ranked = sorted(minus_log10_p, key=lambda name: (-minus_log10_p[name], name))
        corrected = {name: minus_log10_p[name] - float(np.log10(len(ranked))) for name in ranked}
        evidence = [
            self._describe(name, -minus_log10_p[name], batch, stands_out=corrected[name] >= STANDS_OUT)
            for name in ranked[:SHOWN_COLUMNS]
        ]
        left_out = max(0, len(ranked) - SHOWN_COLUMNS)
        moved = float(np.mean([each >= STANDS_OUT for each in corrected.values()]))
        return BatchScore(
            corrected[ranked[0]], Evidence(columns=tuple(evidence), columns_left_out=left_out), moved=moved
        )

    def _describe(self, name: str, log10_p: float, batch: Batch, stands_out: bool) -> ColumnEvidence:
        """What has moved in one column, and which cells of it look like another unit's."""
        facts: dict[str, Any] = {"log10 p": log10_p}
        if name not in self.numeric:
            facts |= _level_facts(name, self.levels[name], batch.level_counts[name], batch.layout)
            return ColumnEvidence((name,), facts, stands_out=stands_out)
        at, personal = batch.layout.numeric.index(name), name in batch.layout.personal
        facts |= describe_numbers(self.numeric[name], batch.sorted_numeric[:, at], personal)
        unit = None if personal else find_other_unit(self.numeric[name], batch.numeric[:, at])
        if unit is None:
            return ColumnEvidence((name,), facts, stands_out=stands_out)
        facts[OTHER_UNIT] = {"cells": len(unit.cells), "times the usual": unit.factor}
        return ColumnEvidence((name,), facts, unit.cells[:SHOWN_ROWS], stands_out)


def _level_facts(name: str, reference: dict[str, int], batch: dict[str, int], layout: Layout) -> dict[str, Any]:
    before, after = sum(reference.values()), sum(batch.values())
    moved = {n: batch.get(n, 0) / after - reference.get(n, 0) / before for n in sorted({*reference, *batch})}
    ranked = sorted(moved, key=lambda level: (-abs(moved[level]), level))
    largest = [level for level in ranked if layout.may_show(name, level)][:5]
    facts: dict[str, Any] = {"total variation": sum(abs(m) for m in moved.values()) / 2}
    if name not in layout.personal:
        facts["levels (trusted, batch)"] = {
            shorten(n): [reference.get(n, 0) / before, batch.get(n, 0) / after] for n in largest
        }
    return facts
