"""Values that come more often than trusted rows have them, one by one and in pairs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import ClassVar

import numpy as np

from pratique.contract.check import BatchCheck, FittedBatchCheck
from pratique.contract.evidence import ColumnEvidence, Evidence
from pratique.contract.finding import BatchScore
from pratique.contract.subject import Subject
from pratique.core.batch import Batch
from pratique.core.layout import Layout
from pratique.core.text import HIDDEN_MARK, show_cell
from pratique.tables.counting import CountedColumn, Counts, count_columns
from pratique.tables.encoding import missing_as_lowest, space_evenly

FEWEST_ROWS = 3
"""Rows that must share a value for it to be looked at."""
MARGINS = (1.0, 1.5, 2.0, 3.0, 5.0, 8.0, 12.0)
"""How many times as frequent the values of a column may be."""
HONEST_LOG10_P = -3.0
"""A margin is wide enough where the trusted rows of no region are rarer than this."""
MOST_REGIONS = 40
PAIRED_VALUES = 40
"""The values that are the most too frequent, of which pairs are made."""
PAIR_MARGIN = 3.0
SUSPECT_LOG10_P = -2.0
"""Corrected: the rows that carry what is rarer than this are suspect."""


class Values(BatchCheck):
    """A value, or a pair of values in two columns, that more rows share than trusted rows do is suspect.

    Claim: finds triggers under any label (values that no trusted row has, or few), constant fills, a stuck sensor,
    default dates. It knows no label. It does not see poison whose values differ from row to row.

    Formula: of a value that x of n rows have and a of m trusted rows, P[X >= x] with X beta-binomial (n; c (a + 1/2),
    m - a + 1/2): Jeffreys' prediction, c times as frequent. Of a number, n and m count the rows nearby, those between
    the trusted rows that lie a twentieth of all ranks to either side: rows that honestly come from one region of the
    data are not held against the whole. c is learned for each column: the least of `MARGINS` with which no rows that
    come from one class, or from one third of a column, are rarer than 1 in 1,000. Numbers are looked at as they are
    and rounded. Pairs are made of the values that are the most too frequent, with c = 3 and all rows counted. The
    statistic is -log10 of the smallest of these chances times how many different values or pairs there are, times two.

    Source: Jeffreys, "Theory of Probability" (1961), for the prior.

    Cost: O(rows log rows) a column, and 780 pairs of values at most.
    """

    alarm: ClassVar[str] = "rows share values that trusted rows hardly ever have"
    advice: ClassVar[str] = (
        "Many rows carry the same value, or the same pair of values, which trusted rows hardly ever do: a trigger that "
        "was written into them, a default that a form filled in, or a sensor that is stuck. Ask the source what the "
        "rows below have in common; reject the batch, or release its other rows alone (--rows)."
    )
    about: ClassVar[Subject] = "repetition"
    budget_share: ClassVar[float | None] = 0.10
    valid_by_itself: ClassVar[bool] = True
    adds_up: ClassVar[bool] = True

    def fit(self, trusted: Batch, rng: np.random.Generator) -> "FittedValues":
        """Count every column; learn from one half of the trusted rows how far the other may honestly move."""
        known, others = (trusted.take(np.sort(half)) for half in np.array_split(rng.permutation(len(trusted)), 2))
        regions = _regions(others)
        learned = {(c.name, c.step > 0): _learn_margin(c, c.read(others), regions) for c in count_columns(known)}
        columns = count_columns(trusted)
        margins = [learned.get((c.name, c.step > 0), MARGINS[0]) for c in columns]  # a half may need no rounding
        return FittedValues(tuple(columns), np.array(margins))


@dataclass(frozen=True)
class SharedValue:
    """A value that rows of a batch share.

    Attributes
    ----------
    column : CountedColumn
    value : float or str
    expected : float
        How many are expected to.
    log10_p : float
        Of the chance that so many do, uncorrected.
    """

    column: CountedColumn
    value: float | str
    expected: float
    log10_p: float

    def holders(self, batch: Batch) -> np.ndarray:
        """The rows of a batch that have it, bool of shape (rows,)."""
        return np.asarray(self.column.read(batch) == self.value)

    def pattern(self, batch: Batch) -> "SharedPattern":
        """The value by itself."""
        return SharedPattern((self,), np.flatnonzero(self.holders(batch)), self.expected, self.log10_p)


@dataclass(frozen=True)
class SharedPattern:
    """One value, or two in two columns, that rows share: which rows, how many were expected to, how rare that is."""

    values: tuple[SharedValue, ...]
    rows: np.ndarray
    expected: float
    log10_p: float

    def correct(self, log10_looks: float) -> "SharedPattern":
        """The same, its chance multiplied by how many were looked at."""
        return replace(self, log10_p=self.log10_p + log10_looks)

    def evidence(self, layout: Layout) -> ColumnEvidence:
        """For people: the values, how many rows have them, how many were expected to."""
        names = tuple(each.column.name for each in self.values)
        shown = [show_value(each, layout) for each in self.values]
        facts = {"value": ", ".join(shown), "rows": len(self.rows), "expected rows": round(self.expected, 1)}
        return ColumnEvidence(names, facts | {"-log10 p": round(-self.log10_p, 2)}, tuple(self.rows[:5].tolist()))

    @property
    def log_odds(self) -> float:
        """That a row which carries it is one too many."""
        return float(np.log(max(len(self.rows) - self.expected, 0.01) / self.expected))


@dataclass(frozen=True)
class FittedValues(FittedBatchCheck):
    """The columns of the trusted rows, and how many times as frequent the values of each may be."""

    columns: tuple[CountedColumn, ...]
    margins: np.ndarray

    def measure(self, batch: Batch) -> BatchScore:
        """The rarest value or pair of values, corrected for how many were looked at."""
        singles, looked_at = self._singles(batch)
        pairs = list(_pairs(singles[:PAIRED_VALUES], batch))
        by_itself, together = np.log10([2 * max(1, looked_at), 2 * max(1, len(pairs))])
        rare = [s for s in singles if s.log10_p + by_itself <= SUSPECT_LOG10_P]
        patterns = [s.pattern(batch).correct(by_itself) for s in rare] + [pair.correct(together) for pair in pairs]
        found = sorted((each for each in patterns if each.log10_p <= SUSPECT_LOG10_P), key=lambda each: each.log10_p)
        suspects: dict[int, float] = {}
        for each in found:
            suspects |= {row: max(each.log_odds, suspects.get(row, -np.inf)) for row in each.rows.tolist()}
        rarest = min([0.0, *(s.log10_p + by_itself for s in singles[:1]), *(each.log10_p for each in patterns)])
        evidence = Evidence.of_columns([each.evidence(batch.layout) for each in found])
        return BatchScore(-rarest, evidence, suspects, follows_from_shift=True)

    def _singles(self, batch: Batch) -> tuple[list[SharedValue], int]:
        """Values that come more often than expected, the rarest first, and how many were looked at."""
        found: list[SharedValue] = []
        looked_at = 0
        for column, margin in zip(self.columns, self.margins.tolist(), strict=True):
            counts = column.count_in(batch, FEWEST_ROWS)
            looked_at += counts.different
            often = counts.take(_often(counts, margin))
            found += [
                SharedValue(column, value, expected, log10_p)
                for value, expected, log10_p in zip(
                    often.values.tolist(), often.expect(margin).tolist(), often.log10_p(margin).tolist(), strict=True
                )
            ]
        return sorted(found, key=lambda each: each.log10_p), looked_at


def _often(counts: Counts, margin: float) -> np.ndarray:
    """Values that come more often than expected by two standard deviations: others are no evidence."""
    expected = counts.expect(margin)
    return np.asarray(counts.counts > expected + 2 * np.sqrt(expected))


def _pairs(singles: Sequence[SharedValue], batch: Batch) -> Iterator[SharedPattern]:
    """Pairs of values in two columns that enough rows share; uncorrected."""
    held = [(single, single.holders(batch), single.column.cells == single.value) for single in singles]
    for (one, rows, trusted), (other, other_rows, other_trusted) in combinations(held, 2):
        if one.column.name == other.column.name:
            continue
        pair, both, known = (one, other), np.flatnonzero(rows & other_rows), trusted & other_trusted
        if len(both) < FEWEST_ROWS:
            continue
        sizes = [np.array([size]) for size in (len(both), len(batch), int(known.sum()), len(known))]
        counts = Counts(np.zeros(1), sizes[0], sizes[1], sizes[2], sizes[3], 1)
        expected, log10_p = float(counts.expect(PAIR_MARGIN)[0]), float(counts.log10_p(PAIR_MARGIN)[0])
        yield SharedPattern(pair, both, expected, log10_p)


def _regions(trusted: Batch) -> np.ndarray:
    """The highest and the lowest third of some numbers, and each class: bool of shape (regions, rows)."""
    numbers = trusted.numeric[:, space_evenly(len(trusted.layout.numeric), MOST_REGIONS // 2)]
    low, high = np.quantile(missing_as_lowest(numbers), [1 / 3, 2 / 3], axis=0, method="nearest")
    classes = np.unique(trusted.labels)[:MOST_REGIONS]
    return np.hstack([numbers <= low, numbers > high, trusted.labels[:, None] == classes]).T


def _learn_margin(column: CountedColumn, cells: np.ndarray, regions: np.ndarray) -> float:
    """The least margin with which no region's rows are too rare."""
    counts = [column.count(cells[region], FEWEST_ROWS) for region in regions]
    return next((m for m in MARGINS if all(_rarest(each, m) > HONEST_LOG10_P for each in counts)), MARGINS[-1])


def _rarest(counts: Counts, margin: float) -> float:
    often = counts.take(_often(counts, margin))
    return float(often.log10_p(margin).min(initial=0.0) + np.log10(max(1, counts.different)))


def show_value(shared: SharedValue, layout: Layout) -> str:
    """A value as evidence may show it."""
    cell = shared.value
    if isinstance(cell, str):
        return show_cell(cell) if layout.may_show(shared.column.name, cell) else HIDDEN_MARK
    text = "missing" if cell == -np.inf else f"{'about ' if shared.column.step else ''}{cell:.6g}"
    return text if layout.may_show(shared.column.name, text) else HIDDEN_MARK
