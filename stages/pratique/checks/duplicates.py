"""Rows of a batch that agree with one another in more rare values than trusted rows do."""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from pratique.contract.check import BatchCheck, FittedBatchCheck, show_label
from pratique.contract.evidence import MOST_EVIDENCE, Evidence, RowEvidence
from pratique.contract.finding import BatchScore
from pratique.contract.subject import ADVICE, Subject
from pratique.core.batch import Batch
from pratique.statistics.likeness import SMALLEST_CHANCE, LikenessLimits, Rare
from pratique.tables.agreement import (
    NEAR_TRUSTED_VALUES,
    NEAR_VALUES,
    CellPlaces,
    TrustedCells,
    agree,
    compared_columns,
    compared_numbers,
    sum_agreements,
)

MOST_COMPARED_ROWS = 500
"""Rows that are compared with each other: of more trusted rows a draw, of a larger batch those whose content has the
smallest hashes."""
CROWD = 30
"""The most similar pairs that say how crowded a region is, and how alike three rows must be."""
JOINED = 300
"""The most similar pairs of a batch for which a third row is sought."""
MOST_HONEST_COPIES = 0.1
"""Share of a batch's rows that are exact copies of others, up to which a shift of most columns may explain it."""
SUSPECT_RARITY = 2.0
"""-log10 of a chance: the rows that make up what is rarer are suspect."""
MARGIN = 5.0
"""How many times as common similar pairs may be, at least."""
BEYOND = 2.0
"""How many times as common they may be as in the third of the trusted rows where they are the most common: a batch
that honestly comes from one region of the data has more of them."""


class Duplicates(BatchCheck):
    """A batch with more similar pairs of rows than trusted rows have, some times more, is suspect.

    Claim: finds copies, exact or nearly so, above all those under another label, and triggers, whose few cells are
    alike in every row that carries them. It does not see what was changed independently in each row.

    Formula: two rows agree in a number if at most one trusted value lies between theirs, in a level if it is the same.
    Agreement in a cell counts by -log of the share of trusted rows that have this value; the similarity of a pair is
    the sum over columns. Of M pairs of trusted rows the 1st, 4th, 30th and 300th most similar set limits, and what is
    beyond all. If k trusted pairs reach a limit and X of the N pairs of a batch do, that is as rare as P[Poisson(c N
    max(k, 1) / M) >= X]; the same is asked among the pairs with two different labels. c is 5, or twice the factor by
    which the 30 most similar such pairs are more common in the lowest or highest third of a column or in one class.
    Rows form a crowd where three agree in the same cells and these count as much as the 30th most similar pair of
    trusted rows; its members but two are held against those of trusted crowds in the same way, by trios instead of
    pairs. The statistic is -log10 of the smallest of these chances. Its null is learned from pseudo-batches, because
    pairs that share a row are not independent, but never makes it rarer than it says.

    Source: Goodall, "A new similarity index based on probability", Biometrics 22 (1966), on rare agreements.

    Cost: O(min(rows, 500)^2 x columns), at most 200 numeric ones, evenly spaced; 300 pairs are held against all rows.
    """

    alarm: ClassVar[str] = "rows repeat one another as trusted rows do not"
    advice: ClassVar[str] = ADVICE["repetition"]
    about: ClassVar[Subject] = "repetition"
    budget_share: ClassVar[float | None] = 0.04
    valid_by_itself: ClassVar[bool] = True
    trusts: ClassVar[tuple[str, ...]] = ("pratique.statistics.likeness.LikenessLimits",)

    def fit(self, trusted: Batch, rng: np.random.Generator) -> "FittedDuplicates":
        """Learn how similar pairs of trusted rows are."""
        if len(trusted) > MOST_COMPARED_ROWS:
            trusted = trusted.take(np.sort(rng.permutation(len(trusted))[:MOST_COMPARED_ROWS]))
        cells = TrustedCells.fit(trusted)
        placed = cells.of(trusted, itself=1)
        pairs = Pairs.of(trusted, placed, within=NEAR_TRUSTED_VALUES)
        regions, count, contradicting = _regions(trusted), len(pairs.similar), pairs.contradicting
        margin = pairs.margin(regions)
        return FittedDuplicates(
            cells,
            LikenessLimits.of(pairs.similar, count, margin),
            LikenessLimits.of(contradicting.similar, len(contradicting.similar), contradicting.margin(regions)),
            CrowdLimit.of(placed, pairs, margin),
        )


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
    def of(cls, batch: Batch, placed: CellPlaces, within: int = NEAR_VALUES) -> "Pairs":
        """Compare all rows."""
        one, other = np.triu_indices(len(batch), k=1)
        return cls(one, other, sum_agreements(placed, within)[one, other], batch.labels[one] != batch.labels[other])

    @property
    def contradicting(self) -> "Pairs":
        """The pairs with two labels."""
        return Pairs(*(each[self.differ] for each in (self.one, self.other, self.similar, self.differ)))

    def margin(self, regions: np.ndarray) -> float:
        """How many times as common similar pairs may be: a batch may come from the region that has the most of them."""
        return max(MARGIN, BEYOND * self.concentration(regions))

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
class CrowdLimit:
    """What three rows must share to be a crowd, and the share of trios that may."""

    limit: float
    share: float

    @classmethod
    def of(cls, placed: CellPlaces, pairs: Pairs, margin: float) -> "CrowdLimit":
        """What pairs of trusted rows share; trios may be some times as common as among these."""
        limit = float(np.sort(pairs.similar)[-CROWD:][0]) if len(pairs.similar) else float("inf")
        known = beyond_two(find_crowds(placed, pairs, limit, NEAR_TRUSTED_VALUES))
        return cls(limit, margin * max(known, 1) / max(1, math.comb(len(placed.below), 3)))

    def rarity(self, groups: list[np.ndarray], rows: int) -> float:
        """-log10 of the chance that a batch's crowds have so many members."""
        from scipy.special import gammainc

        members = beyond_two(groups)
        return (
            float(-np.log10(max(gammainc(members, self.share * math.comb(rows, 3)), SMALLEST_CHANCE)))
            if members
            else 0.0
        )


def beyond_two(groups: list[np.ndarray]) -> int:
    """Members of crowds, all but two of each: a trio counts once."""
    return sum(len(group) - 2 for group in groups)


def find_crowds(placed: CellPlaces, pairs: Pairs, limit: float, within: int = NEAR_VALUES) -> list[np.ndarray]:
    """Positions of the rows of each crowd, the largest first: every one shares cells worth `limit` with two others."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    first = np.argsort(-pairs.similar, kind="stable")[:JOINED]
    first = first[pairs.similar[first] >= limit]
    one, other, at = pairs.one[first], pairs.other[first], np.arange(len(first))
    shared = np.zeros((len(first), len(placed.below)), np.float32)
    for low, high, counts in zip(placed.below.T, placed.above.T, placed.weights.T, strict=True):
        with_one, with_other = (agree(low, high, rows, within) for rows in (one, other))
        worth = np.where(with_one[at, other], (counts[one] + counts[other]) / 2, 0)
        shared += (with_one & with_other) * worth[:, None]
    shared[at, one] = shared[at, other] = 0
    pair, third = np.nonzero(shared >= limit)
    rows, ends = np.concatenate([one[pair], other[pair]]), np.tile(third, 2)
    graph = coo_array((np.ones(len(rows)), (rows, ends)), shape=(len(placed.below),) * 2)
    _, group = connected_components(graph, directed=False)
    members = np.unique(np.concatenate([rows, ends]))
    found = [members[group[members] == each] for each in np.unique(group[members])]
    return sorted(found, key=len, reverse=True)


@dataclass(frozen=True)
class FittedDuplicates(FittedBatchCheck):
    """How similar pairs of trusted rows are, all pairs and those with two labels, and how crowded."""

    cells: TrustedCells
    any_labels: LikenessLimits
    two_labels: LikenessLimits
    crowd_limit: CrowdLimit

    def measure(self, batch: Batch) -> BatchScore:
        """How rare it is that so many pairs are so similar, or that so many rows crowd together."""
        rows = draw_rows(batch)
        some = batch if len(rows) == len(batch) else batch.take(rows)
        placed = self.cells.of(some)
        pairs = Pairs.of(some, placed)
        count = len(pairs.similar)
        groups = find_crowds(placed, pairs, self.crowd_limit.limit)
        contradicting = pairs.contradicting
        any_labels = self.any_labels.rarest(pairs.similar, count)
        two_labels = self.two_labels.rarest(contradicting.similar, len(contradicting.similar))
        rarity = {
            "pairs": any_labels.rarity,
            "pairs with two labels": two_labels.rarity,
            "crowds": self.crowd_limit.rarity(groups, len(rows)),
        }
        suspects = _suspects([(any_labels, pairs), (two_labels, contradicting)])
        if rarity["crowds"] >= SUSPECT_RARITY:
            suspects |= {row: suspects.get(row, 0.0) for group in groups for row in group.tolist()}
        crowds = [self._crowd(batch, rows, placed, group) for group in groups]
        shown = Evidence.of_rows(
            [*crowds, *self._pairs(batch, rows, pairs)], **{"-log10 p": rarity, "rows compared": len(rows)}
        )
        copies = 1 - len(np.unique(some.content)) / len(some)
        return BatchScore(
            max(rarity.values()),
            shown,
            {int(rows[row]): odds for row, odds in suspects.items()},
            follows_from_shift=copies <= MOST_HONEST_COPIES,
        )

    def _pairs(self, batch: Batch, rows: np.ndarray, pairs: Pairs) -> list[RowEvidence]:
        """The most similar pairs, of equal ones first those with two labels."""
        labels = batch.labels[rows]
        key = (labels[pairs.other], labels[pairs.one], ~pairs.differ, -pairs.similar.round(4))
        found = []
        for pair in np.lexsort(key)[:MOST_EVIDENCE]:
            both = int(rows[pairs.one[pair]]), int(rows[pairs.other[pair]])
            facts = {"labels": ", ".join(show_label(batch, row) for row in both)}
            found.append(RowEvidence(both, facts | {"similarity": round(float(pairs.similar[pair]), 4)}))
        return found

    def _crowd(self, batch: Batch, rows: np.ndarray, placed: CellPlaces, group: np.ndarray) -> RowEvidence:
        """The rows of a crowd, and the columns in which they all agree with the first of them."""
        same = [
            bool(agree(low[group], high[group], np.array([0]), NEAR_VALUES).all())
            for low, high in zip(placed.below.T, placed.above.T, strict=True)
        ]
        names = [*compared_columns(batch.layout), *self.cells.levels]
        return RowEvidence(
            tuple(rows[group[:MOST_EVIDENCE]].tolist()),
            {"rows alike": len(group)},
            tuple(name for name, alike in zip(names, same, strict=True) if alike)[:MOST_EVIDENCE],
        )


def _suspects(found: list[tuple[Rare, Pairs]]) -> dict[int, float]:
    """The rows of the pairs that make up what is rare, each with its log odds."""
    suspects: dict[int, float] = {}
    for rare, pairs in found:
        if rare.rarity < SUSPECT_RARITY:
            continue
        alike = pairs.similar >= rare.limit
        for row in np.unique(np.concatenate([pairs.one[alike], pairs.other[alike]])).tolist():
            suspects[row] = max(rare.log_odds, suspects.get(row, -np.inf))
    return suspects


def draw_rows(batch: Batch) -> np.ndarray:
    """Positions of the rows that are compared."""
    if len(batch) <= MOST_COMPARED_ROWS:
        return np.arange(len(batch))
    return np.sort(np.argsort(batch.content, kind="stable")[:MOST_COMPARED_ROWS])


def _regions(trusted: Batch) -> np.ndarray:
    """The highest and the lowest third of each number, and each class, of a fifth of the rows or more."""
    numbers = compared_numbers(trusted)
    low, high = np.quantile(numbers, [1 / 3, 2 / 3], axis=0, method="nearest")
    thirds = np.hstack([numbers <= low, numbers > high])
    regions = np.hstack([thirds, trusted.labels[:, None] == np.unique(trusted.labels)]).T
    return np.asarray(regions[regions.mean(axis=1) >= 0.2])
