"""Which trusted rows are learned from, in which folds, and which set limits: dealt here, and nowhere else."""

from dataclasses import dataclass

import numpy as np

from pratique.core.batch import Batch
from pratique.core.params import Params
from pratique.detector.calibrated import FOLDS
from pratique.tables.encoding import space_evenly

FEWEST_LIMIT_ROWS = 200
"""Rows of the holdout from which on it sets the limits."""
MOST_LIMIT_ROWS = 2000
FEWEST_ROWS_TO_SPARE = 2000
"""Rows of the reference from which on, without a holdout, a part of them sets the limits."""
SPARED_PART = 5
MOST_LEARNED_ROWS = 10_000
"""Rows that are learned from, drawn from a larger reference: each of them is compared with all others."""


@dataclass(frozen=True)
class TrustedFolds:
    """Trusted rows as calibration deals them.

    Attributes
    ----------
    learned : ndarray of int
        Positions in the reference of the rows that are learned from, in their order if they have one.
    parts : list of ndarray of int
        Positions among these of the rows of each fold, increasing.
    unlearned : Batch, optional
        The rows that set limits, in their order if they have one; None where those do that each fold leaves out.
    """

    learned: np.ndarray
    parts: list[np.ndarray]
    unlearned: Batch | None

    @classmethod
    def deal(cls, reference: Batch, holdout: Batch | None, params: Params) -> "TrustedFolds":
        """Deal the rows; the holdout sets limits if it has enough, else a part of a reference that can spare it."""
        able, unlearned = _split_unlearned(reference, holdout, params)
        learned = _draw_learned(able, reference.order is not None, params.seed)
        return cls(learned, split_folds(reference.labels[learned], params.seed), unlearned)

    @property
    def reference_rows(self) -> list[np.ndarray]:
        """Positions in the reference of the rows of each fold."""
        return [self.learned[part] for part in self.parts]


def _split_unlearned(reference: Batch, holdout: Batch | None, params: Params) -> tuple[np.ndarray, Batch | None]:
    """Positions of the rows to learn from, and the rows that set limits."""
    rows = len(reference)
    everything = np.arange(rows) if reference.order is None else reference.order
    if params.limits.source == "reference":
        return everything, None
    if holdout is not None and len(holdout) >= FEWEST_LIMIT_ROWS and not holdout.missing_columns:
        return everything, _thin(holdout if holdout.order is None else holdout.take(holdout.order))
    if rows < FEWEST_ROWS_TO_SPARE:
        return everything, None
    spared = np.zeros(rows, bool)
    spared[np.random.default_rng([params.seed, 5]).permutation(rows)[: rows // SPARED_PART]] = True
    if reference.order is not None:
        spared[:] = np.arange(rows) >= rows - rows // SPARED_PART
    return everything[~spared], _thin(reference.take(everything[spared]))


def _draw_learned(rows: np.ndarray, ordered: bool, seed: int) -> np.ndarray:
    """All of these positions, or as many as are learned from: evenly spaced where rows have an order, else any."""
    if ordered or len(rows) <= MOST_LEARNED_ROWS:
        return rows[space_evenly(len(rows), MOST_LEARNED_ROWS)]
    return np.sort(np.random.default_rng([seed, 6]).choice(rows, MOST_LEARNED_ROWS, replace=False))


def _thin(rows: Batch) -> Batch:
    """Those that limits are learned from: evenly spaced ones of more."""
    return rows.take(space_evenly(len(rows), MOST_LIMIT_ROWS))


def split_folds(labels: np.ndarray, seed: int) -> list[np.ndarray]:
    """Positions of the rows of each fold, increasing, each class spread evenly over them."""
    rng = np.random.default_rng([seed, 0])
    order = rng.permutation(len(labels))
    order = order[np.argsort(labels[order], kind="stable")]
    return [np.sort(order[k::FOLDS]) for k in range(FOLDS)]
