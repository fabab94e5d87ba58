"""Rows of a batch that agree with one another in more rare values than trusted rows do."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from stages.core.batch import Batch
from stages.core.check import CAP, Check, Finding, Fitted
from stages.core.encoding import lowest, spaced
from stages.core.tally import brief

MOST = 500
"""Rows that are compared with each other: of more trusted rows a draw, of a larger batch those whose content has the
smallest hashes."""
NEAR = 1
"""Trusted values that may lie between two numbers that agree."""
TRUSTED_NEAR = NEAR + 2
"""The same between two trusted numbers, which count themselves."""
RANKS = (1, 4, 30, 300)
"""The most similar pairs of trusted rows that set limits."""
CROWD = 30
"""The most similar pairs that say how crowded a region is."""
TINY = 1e-300
MARGIN = 5.0
"""How many times as common similar pairs may be, at least."""
BEYOND = 2.0
"""How many times as common they may be as in the third of the trusted rows where they are the most common: a batch
that honestly comes from one region of the data has more of them."""


class Duplicates(Check):
    """A batch with more similar pairs of rows than trusted rows have, some times more, is suspect.

    Claim: finds copies, exact or nearly so, above all those under another label, and triggers, whose few cells are
    alike in every row that carries them. It does not see what was changed independently in each row.

    Formula: two rows agree in a number if at most one trusted value lies between theirs, in a level if it is the
    same. Agreement in a cell counts by -log of the share of trusted rows that have this value; the similarity of a
    pair is the sum over columns. Of M pairs of trusted rows the 1st, 4th, 30th and 300th most similar set limits, and
    what is beyond all. If k trusted pairs reach a limit and X of the N pairs of a batch do, that is as rare as
    P[Poisson(c N max(k, 1) / M) >= X]; the same is asked of pairs with two different labels. c is 5, or twice the
    factor by which the 30 most similar such pairs are more common in the lowest or highest third of a column or in
    one class. The statistic is -log10 of the smallest of these chances. Its null is learned from pseudo-batches,
    because pairs that share a row are not independent, but never makes it rarer than it says.

    Source: Goodall, "A new similarity index based on probability", Biometrics 22 (1966), on rare agreements.

    Cost: O(min(rows, 500)^2 x columns), at most 200 numeric ones, evenly spaced.
    """

    says: ClassVar[str] = "rows repeat one another as trusted rows do not"
    chance: ClassVar[bool] = True

    def fit(self, trusted: Batch, rng: np.random.Generator) -> "FittedDuplicates":
        """Learn how similar pairs of trusted rows are."""
        if len(trusted) > MOST:
            trusted = trusted.take(np.sort(rng.permutation(len(trusted))[:MOST]))
        names = trusted.layout.categorical
        cells = Cells(
            np.sort(_numbers(trusted), axis=0),
            {name: np.sort(levels.astype(str)) for name, levels in zip(names, trusted.categorical.T, strict=True)},
            len(trusted),
        )
        pairs = Pairs.of(trusted, cells.of(trusted, itself=1), within=TRUSTED_NEAR)
        regions, count = _regions(trusted), len(pairs.similar)
        return FittedDuplicates(cells, pairs.limits(regions, count), pairs.contradicting.limits(regions, count))


@dataclass(frozen=True)
class Placed:
    """Cells by how many trusted ones lie below them, how many do not lie above, and what an agreement there counts."""

    below: np.ndarray
    above: np.ndarray
    weights: np.ndarray


@dataclass(frozen=True)
class Cells:
    """The cells of trusted rows, each column in order."""

    numbers: np.ndarray
    levels: dict[str, np.ndarray]
    rows: int

    def of(self, batch: Batch, itself: int = 0) -> Placed:
        """Place a batch's cells; `itself` is 1 for the trusted rows, which find themselves among the cells."""
        numbers, levels = _numbers(batch).T, batch.categorical.astype(str).T
        known, cells = [*self.numbers.T, *self.levels.values()], [*numbers, *levels]
        below, above = (
            [np.searchsorted(k, c, side) for k, c in zip(known, cells, strict=True)] for side in ("left", "right")
        )
        weights = [-np.log((2 + b - a - itself) / (2 + self.rows)) for a, b in zip(below, above, strict=True)]
        far = TRUSTED_NEAR + 1  # no two levels are near each other
        codes = [far * np.unique(column, return_inverse=True)[1] for column in levels]
        shape = (len(known), len(batch))
        below[len(numbers) :] = above[len(numbers) :] = codes
        return Placed(*(np.array(each, np.float32).reshape(shape).T for each in (below, above, weights)))


@dataclass(frozen=True)
class Pairs:
    """All pairs of some rows.

    Attributes
    ----------
    one, other : ndarray of int
        Positions of the two rows.
    similar : ndarray of float32
    differ : ndarray of bool
        Whether their labels do.
    """

    one: np.ndarray
    other: np.ndarray
    similar: np.ndarray
    differ: np.ndarray

    @classmethod
    def of(cls, batch: Batch, placed: Placed, within: int = NEAR) -> "Pairs":
        """Compare all rows."""
        one, other = np.triu_indices(len(batch), k=1)
        return cls(one, other, similarity(placed, within)[one, other], batch.labels[one] != batch.labels[other])

    @property
    def contradicting(self) -> "Pairs":
        """The pairs with two labels."""
        return Pairs(*(each[self.differ] for each in (self.one, self.other, self.similar, self.differ)))

    def limits(self, regions: np.ndarray, count: int) -> "Limits":
        """The limits that these pairs set, as some of `count` pairs of trusted rows."""
        return Limits.of(self.similar, count, max(MARGIN, BEYOND * self.concentration(regions)))

    def concentration(self, regions: np.ndarray) -> float:
        """How much more common the most similar pairs are in the region where they are the most common.

        Parameters
        ----------
        regions : ndarray of bool, shape (regions, rows)
        """
        inside = regions[:, self.one] & regions[:, self.other]
        top = np.argsort(self.similar, kind="stable")[-CROWD:]
        shares = inside[:, top].sum(axis=1) / np.maximum(1, inside.sum(axis=1))
        return float(shares.max(initial=0.0) * len(self.similar) / max(1, len(top)))


@dataclass(frozen=True)
class Limits:
    """Similarities that few pairs of trusted rows reach, and the share of pairs that may reach each."""

    limits: np.ndarray
    shares: np.ndarray

    @classmethod
    def of(cls, similar: np.ndarray, pairs: int, margin: float) -> "Limits":
        """The limits that some of `pairs` pairs of trusted rows set."""
        known = np.sort(similar)
        limits = np.unique([known[-rank] for rank in RANKS if rank <= len(known)])
        limits = np.append(limits, np.nextafter(limits[-1:], np.float32(np.inf)))
        as_similar = len(known) - np.searchsorted(known, limits, "left")
        return cls(limits, margin * np.maximum(as_similar, 1) / max(1, pairs))

    def rarity(self, similar: np.ndarray, pairs: int) -> float:
        """-log10 of the chance that so many of a batch's pairs reach a limit; the rarest of all limits."""
        from scipy.special import gammainc

        above = (similar[:, None] >= self.limits).sum(axis=0)
        chances = gammainc(np.maximum(above, TINY), self.shares * pairs)  # P[Poisson >= 0] is the limit at 0
        return float(-np.log10(np.maximum(chances, TINY).min(initial=1.0)))


@dataclass(frozen=True)
class FittedDuplicates(Fitted):
    """How similar pairs of trusted rows are: all pairs, and those with two labels."""

    cells: Cells
    any_labels: Limits
    two_labels: Limits

    def measure(self, batch: Batch) -> Finding:
        """How rare it is that so many pairs are so similar."""
        rows = drawn(batch)
        some = batch if len(rows) == len(batch) else batch.take(rows)
        pairs = Pairs.of(some, self.cells.of(some))
        count = len(pairs.similar)
        rarity = {
            "pairs": self.any_labels.rarity(pairs.similar, count),
            "pairs_with_two_labels": self.two_labels.rarity(pairs.contradicting.similar, count),
        }
        evidence = {
            "rarity": rarity,
            "compared": len(rows),
            "most_similar": self._pairs(batch.labels[rows], rows, pairs),
        }
        return Finding(max(rarity.values()), "-log10 of a chance", evidence=evidence)

    def _pairs(self, labels: np.ndarray, rows: np.ndarray, pairs: Pairs) -> list[dict[str, Any]]:
        """The most similar pairs, of equal ones first those with two labels."""
        first = np.lexsort((labels[pairs.other], labels[pairs.one], ~pairs.differ, -pairs.similar.round(4)))[:CAP]
        return [
            {
                "rows": [int(rows[pairs.one[pair]]), int(rows[pairs.other[pair]])],
                "labels": [brief(str(labels[pairs.one[pair]])), brief(str(labels[pairs.other[pair]]))],
                "similarity": round(float(pairs.similar[pair]), 4),
            }
            for pair in first
        ]


def similarity(placed: Placed, within: int = NEAR) -> np.ndarray:
    """What the agreements of all pairs of rows count together, float32 of shape (rows, rows).

    Two numbers agree if they are the same, or if at most `within` trusted values lie between them or equal one of
    them.
    """
    total = np.zeros((len(placed.below),) * 2, np.float32)
    for low, high, counts in zip(placed.below.T, placed.above.T, placed.weights.T, strict=True):
        same = (low[:, None] == low) & (high[:, None] == high)
        near = np.maximum(high[:, None], high) - np.minimum(low[:, None], low) <= within
        total += (same | near) * (counts[:, None] + counts) / 2
    return total


def drawn(batch: Batch) -> np.ndarray:
    """Positions of the rows that are compared."""
    if len(batch) <= MOST:
        return np.arange(len(batch))
    return np.sort(np.argsort(batch.content, kind="stable")[:MOST])


def _regions(trusted: Batch) -> np.ndarray:
    """The highest and the lowest third of each number, and each class, of a fifth of the rows or more."""
    numbers = _numbers(trusted)
    low, high = np.quantile(numbers, [1 / 3, 2 / 3], axis=0, method="nearest")
    thirds = np.hstack([numbers <= low, numbers > high])
    regions = np.hstack([thirds, trusted.labels[:, None] == np.unique(trusted.labels)]).T
    return np.asarray(regions[regions.mean(axis=1) >= 0.2])


def _numbers(batch: Batch) -> np.ndarray:
    """The numeric columns that are compared, a missing cell below all others."""
    return lowest(batch.numeric[:, spaced(batch.numeric.shape[1])])
