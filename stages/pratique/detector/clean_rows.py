"""Trusted rows as fusions see them that did not learn from them: where nulls come from."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pratique.detector.calibrated import ROTATION_ROWS
from pratique.detector.fusion import Fusion
from pratique.detector.signals import RatedSignals
from pratique.statistics import mixture
from pratique.statistics.nulls import MomentNull


@dataclass(frozen=True)
class CleanRows:
    """Trusted rows that set limits.

    Attributes
    ----------
    seen : list of RatedSignals, optional
        What the checks of each fold measure of rows that no fold learned from. None where there are no such rows: then
        limits come from the rows that each fold left out.
    places : ndarray of int, shape (trusted rows,)
        Where rows that were left out stand, fold by fold, in the order of the trusted rows.
    ordered : bool
        Whether rows stand in the order in which they were taken.
    seed : int
    """

    seen: list[RatedSignals] | None
    places: np.ndarray
    ordered: bool
    seed: int

    def log_odds(self, folds: Sequence[Fusion], out_of_fold: np.ndarray) -> np.ndarray:
        """What each fold says of the rows, shape (folds, rows); one line of those out of fold."""
        if self.seen is None:
            return out_of_fold[self.places][None]
        return np.array([fusion.log_odds(rows) for fusion, rows in zip(folds, self.seen, strict=True)])

    def nulls(self, questions: Sequence[np.ndarray]) -> list[MomentNull]:
        """The null of each question's likelihood ratio, given what `log_odds` says."""
        rng = np.random.default_rng([self.seed, 1])
        if self.seen is None and not self.ordered:
            return [mixture.fit_null(log_odds[0], rng) for log_odds in questions]
        return mixture.fit_nulls_over_folds(questions, ROTATION_ROWS, rng, self.ordered)


def by_one_fold(values: np.ndarray) -> np.ndarray:
    """Of values of shape (folds, rows, ...) those that one fold in turn gives each row, shape (rows, ...)."""
    rows = np.arange(values.shape[1])
    return np.asarray(values[rows % len(values), rows])
