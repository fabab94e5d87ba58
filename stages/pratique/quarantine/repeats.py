"""Batches that came before: most of their rows stand in another one, under whatever name and in whatever order."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from pratique.core.sketch import RowSketch
from pratique.statistics.repetition import Repetition

SHARE_RESENT = 0.25
"""Share of the rows that trusted rows lack which must stand in the other batch."""
BELOW_BUDGET = 1e-3
"""What a p-value must be below, as a share of the budget, over all earlier batches together: who is told that rows
came before shall never be told so by chance."""


@dataclass(frozen=True)
class Repeat:
    """How much of a batch stands in another one.

    Attributes
    ----------
    batch : str
        The other one.
    shared, rows : int
        So many of so many different rows; an estimate where not `exact`.
    row_set : str
        Names the rows of the other one.
    later : bool
        Whether the other one came later: then it is the repeat.
    rejected : bool
        Whether somebody rejected the other one.
    """

    batch: str
    shared: int
    rows: int
    exact: bool
    row_set: str
    later: bool
    rejected: bool = False

    @property
    def source(self) -> str:
        """Who sent the other one."""
        return self.batch.partition("/")[0]


class History:
    """The rows of all batches that are there, as sketches in one sorted array: a batch asks for its own hashes only.

    Rows that trusted rows hold say nothing and are left out.
    """

    def __init__(self, sketches: Mapping[str, RowSketch], trusted: np.ndarray, alpha: float) -> None:
        """Sort the hashes of the batches, which come in the order of the mapping; `trusted` are those of the reference.

        alpha is the chance of a false alarm that a single clean batch may have.
        """
        self._names = list(sketches)
        self._position = {name: i for i, name in enumerate(self._names)}
        self._sketches = list(sketches.values())
        self._trusted = Repetition.of_unseen(trusted)
        self._limit = BELOW_BUDGET * alpha / max(1, len(self._names) - 1)
        known = np.unique(trusted)
        self._telling = [each.hashes[~np.isin(each.hashes, known, assume_unique=True)] for each in self._sketches]
        owners = np.repeat(np.arange(len(self._names)), [len(hashes) for hashes in self._telling])
        hashes = np.concatenate([np.zeros(0, np.uint64), *self._telling])
        order = np.argsort(hashes, kind="stable")
        self._hashes, self._owners = hashes[order], owners[order]

    def find(self, batch: str) -> list[Repeat]:
        """The batches that this one repeats, or that repeat it, the one that holds most of its rows first.

        None for bytes that are no table.
        """
        if batch not in self._position:
            return []
        found = list(self._find(self._position[batch]))
        return sorted(found, key=lambda repeat: (-repeat.shared / repeat.rows, self._position[repeat.batch]))

    def _find(self, own: int) -> Iterator[Repeat]:
        telling = self._telling[own]
        start, end = (np.searchsorted(self._hashes, telling, side) for side in ("left", "right"))
        spread = np.repeat(end - np.cumsum(end - start), end - start) + np.arange((end - start).sum())
        others, shared = np.unique(self._owners[spread], return_counts=True)
        thresholds = np.array([self._sketches[other].threshold for other in others], np.uint64)
        seen = np.searchsorted(telling, np.minimum(thresholds, self._sketches[own].threshold), "right")
        for other, k, n in zip(others.tolist(), shared.tolist(), seen.tolist(), strict=True):
            if other != own and k >= SHARE_RESENT * n and self._p_value(own, other, k, n) <= self._limit:
                yield self._describe(own, other)

    def _p_value(self, own: int, other: int, shared: int, rows: int) -> float:
        """The chance of so many shared rows; rows of the batch itself may say that rows repeat one another less."""
        mine, theirs = self._sketches[own], self._sketches[other]
        others = theirs.distinct * len(self._telling[other]) / len(theirs.hashes)
        both = self._trusted + Repetition.within(mine.rows, mine.distinct)
        return min((self._trusted, both), key=lambda each: each.rate).p_value(shared, rows, others)

    def _describe(self, own: int, other: int) -> Repeat:
        """How many of all its rows stand there, those that trusted rows hold, too."""
        mine, theirs = self._sketches[own], self._sketches[other]
        seen = int(np.searchsorted(mine.hashes, min(mine.threshold, theirs.threshold), "right"))
        shared = len(np.intersect1d(mine.hashes, theirs.hashes, assume_unique=True))
        exact = mine.is_complete and theirs.is_complete
        estimate = shared if exact else round(mine.distinct * shared / seen)
        assert theirs.sha256 is not None  # it has rows
        return Repeat(self._names[other], estimate, mine.distinct, exact, theirs.sha256, other > own)
