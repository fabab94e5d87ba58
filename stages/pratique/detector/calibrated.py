"""A check as the profile has it."""

from dataclasses import dataclass, replace

from pratique.contract.check import Fitted
from pratique.statistics.conformal import ConformalScore
from pratique.statistics.nulls import Null

FOLDS = 5
ROTATION_ROWS = 1000
"""Rows from which on every row of a batch is scored by one fold instead of by each."""


@dataclass(frozen=True)
class CalibratedCheck:
    """One check, fitted without each fold in turn, and what its statistic does on the rows left out.

    Attributes
    ----------
    folds : tuple of Fitted
        One for a check of declared rules; `FOLDS` for a check that learns. A batch is measured by each of them
        and their statistics are averaged: a model of all trusted rows would score new rows higher than it
        scored its own, and every clean batch would look poisoned.
    null : Null
        Of the statistic.
    conformal : ConformalScore, optional
        Of the row scores, for checks that have them and learn.
    """

    folds: tuple[Fitted, ...]
    null: Null
    conformal: ConformalScore | None

    def fold(self, k: int) -> "CalibratedCheck":
        """The check as it was fitted without fold `k` alone; one that no fold is left out of stays."""
        return self if len(self.folds) == 1 else replace(self, folds=(self.folds[k],))
