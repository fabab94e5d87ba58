"""Rows that moved together: what a part of a batch shares, and no row of it shows by itself.

Ten rows of a hundred that went up by a standard deviation in the same three columns hardly stand out one by one. They
do stand out to whoever asks about one of these columns alone: so every column gets a line of its own, which tells
rows that moved in it, and in others at random, from rows that did not. It reads what the checks measured, so that
what counts is not where a row lies but whether it still agrees with its other columns and its label.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pratique.contract.attack import overwrite_cells
from pratique.contract.discovery import load_attack
from pratique.contract.evidence import ColumnEvidence, Evidence
from pratique.core.batch import Batch
from pratique.detector.clean_rows import CleanRows, by_one_fold
from pratique.detector.fusion import INVERSE_PENALTY, fit_platt_line
from pratique.detector.signals import SignalRarity
from pratique.statistics import mixture
from pratique.statistics.nulls import MomentNull
from pratique.tables.encoding import space_evenly

MOVED_COLUMN_SHARE = 0.3
"""Of the numeric columns that a simulated row moves in."""
ALL_COLUMNS: dict[str, Any] = {"share": 1.0}
MEAN_SHIFT_COPIES = 3
MOST_ASKED_COLUMNS = 60
"""Columns that are asked about: of more, evenly spaced ones."""
FEWEST_MOVED_ROWS = 5
"""Rows of each fold that must be able to move in a column."""
COLUMN_LOG_ODDS_CAP = 4.0
"""Log odds beyond this say no more: what is sought is many rows that each say a little."""
LARGEST_FOLD_GAP = 0.75
"""By how much the log odds of a fold's clean rows may be higher than those of the others', on average."""
SHOWN_SHIFTED_COLUMNS = 5


@dataclass(frozen=True)
class ColumnScorers:
    """For each column a logistic regression on rarities: log odds that a row moved in it.

    Attributes
    ----------
    mean : ndarray, shape (features,)
    weights : ndarray, shape (features, columns)
    intercepts : ndarray, shape (columns,)
    """

    mean: np.ndarray
    weights: np.ndarray
    intercepts: np.ndarray

    @classmethod
    def train(cls, clean: np.ndarray, moved: np.ndarray, cells: np.ndarray) -> "ColumnScorers":
        """Learn from the features of clean rows and of moved ones; `cells` says which rows moved in which column."""
        from sklearn.linear_model import LogisticRegression

        mean, std = clean.mean(axis=0), clean.std(axis=0)
        std = np.where(std > 0, std, 1.0)
        weights, intercepts = [], []
        for column in cells.T:
            features = np.vstack([clean, moved[column]])
            poisoned = np.arange(len(features)) >= len(clean)
            model = LogisticRegression(C=INVERSE_PENALTY, max_iter=300, class_weight="balanced")
            model.fit((features - mean) / std, poisoned)
            weights.append(model.coef_[0] / std)
            intercepts.append(float(model.intercept_[0]))
        return cls(mean, np.array(weights).T, np.array(intercepts))

    def log_odds(self, features: np.ndarray) -> np.ndarray:
        """Shape (rows, columns)."""
        return np.asarray((features - self.mean) @ self.weights + self.intercepts)

    def only(self, columns: Sequence[int]) -> "ColumnScorers":
        """The lines of some columns."""
        return ColumnScorers(self.mean, self.weights[:, columns], self.intercepts[list(columns)])

    def recalibrate(self, honest: Sequence[tuple[float, float]]) -> "ColumnScorers":
        """The same with honest log odds, given each column's slope and intercept."""
        slopes, intercepts = np.array(honest).T
        return ColumnScorers(self.mean, self.weights * slopes, intercepts + self.intercepts * slopes)


@dataclass(frozen=True)
class MeanShiftTest:
    """Every column's question, as each fold asks it, and how clean batches answer.

    Attributes
    ----------
    columns : tuple of str
    folds : tuple of ColumnScorers
    cap : float
    null : MomentNull
        Of the largest likelihood ratio over the columns.
    """

    columns: tuple[str, ...]
    folds: tuple[ColumnScorers, ...]
    cap: float
    null: MomentNull

    def evidence(self, ratios: np.ndarray) -> Evidence:
        """The columns that say the most, of those that say anything."""
        first = [i for i in np.argsort(-ratios, kind="stable")[:SHOWN_SHIFTED_COLUMNS] if ratios[i] > 0]
        columns = [
            ColumnEvidence((self.columns[i],), {"log likelihood ratio": round(float(ratios[i]), 4)}) for i in first
        ]
        return Evidence(columns=tuple(columns), columns_left_out=len(ratios) - len(first))


def fit_mean_shift(
    measure: Callable[[int, Batch], np.ndarray],
    parts: Sequence[Batch],
    clean: list[np.ndarray],
    rarities: Sequence[SignalRarity],
    seed: int,
    limits: CleanRows,
) -> MeanShiftTest | None:
    """Learn from every fold's rows, as they came and moved; None where no column can move, or where no folds agree.

    Parameters
    ----------
    measure : callable
        Signals that the checks of a fold measure of a batch.
    parts : sequence of Batch
        The rows of each fold.
    clean : list of ndarray, each of shape (rows, signals)
        What `measure` says of these rows.
    rarities : sequence of Rarity
        For each fold, learned from the clean rows of the others.
    seed : int
    limits : CleanRows

    Notes
    -----
    Cost: one logistic regression for each fold and column.
    """
    names, folds = parts[0].layout.numeric, range(len(parts))
    if not names:
        return None
    copies = [_shift_rows(part, [seed, k]) for k, part in enumerate(parts)]
    asked = space_evenly(len(names), MOST_ASKED_COLUMNS)
    asked = asked[np.all([cells[:, asked].sum(axis=0) >= FEWEST_MOVED_ROWS for _, cells in copies], axis=0)]
    if not len(asked):
        return None
    cells = [cells[:, asked] for _, cells in copies]
    moved = [measure(k, batch) for k, (batch, _) in enumerate(copies)]
    lines = [_train(rarities[k], k, clean, moved, cells) for k in folds]
    kept, gone = (
        [lines[k].log_odds(rarities[k].rate(rows[k]).complete_features) for k in folds] for rows in (clean, moved)
    )
    honest = [
        _fit_honest_line(np.vstack(kept)[:, i], np.vstack(gone)[np.vstack(cells)[:, i], i]) for i in range(len(asked))
    ]
    slopes, intercepts = np.array(honest).T
    by_fold = [log_odds * slopes + intercepts for log_odds in kept]
    agreed = [i for i in np.flatnonzero(slopes).tolist() if _agree([log_odds[:, i] for log_odds in by_fold])]
    if not agreed:
        return None
    asking = tuple(each.recalibrate(honest).only(agreed) for each in lines)
    log_odds = np.vstack(by_fold)[limits.places][:, agreed]
    if limits.seen is not None:
        seen = zip(asking, limits.seen, strict=True)
        log_odds = by_one_fold(np.array([each.log_odds(rows.complete_features) for each, rows in seen]))
    cap = min(COLUMN_LOG_ODDS_CAP, float(np.log(len(log_odds) + 1)))
    unseen = np.full((1, len(agreed)), cap)  # for the reason that `nulls.add_unseen_row` gives
    rng = np.random.default_rng([seed, 3])
    null = mixture.fit_null_of_largest(np.vstack([log_odds, unseen]), cap, rng, limits.ordered)
    return MeanShiftTest(tuple(names[i] for i in asked[agreed]), asking, cap, null)


def _train(
    rarity: SignalRarity, fold: int, clean: list[np.ndarray], moved: list[np.ndarray], cells: list[np.ndarray]
) -> ColumnScorers:
    """The lines of a fold, from the rows of the others."""
    seen, gone, where = (np.vstack(rows[:fold] + rows[fold + 1 :]) for rows in (clean, moved, cells))
    return ColumnScorers.train(rarity.rate(seen).complete_features, rarity.rate(gone).complete_features, where)


def _agree(folds: list[np.ndarray]) -> bool:
    """Whether no fold gives its clean rows far higher log odds than the others do: else no null of all would hold."""
    means = np.array([np.clip(fold, -COLUMN_LOG_ODDS_CAP, COLUMN_LOG_ODDS_CAP).mean() for fold in folds])
    others = (means.sum() - means) / (len(means) - 1)
    return bool((means - others).max() <= LARGEST_FOLD_GAP)


def _fit_honest_line(clean: np.ndarray, moved: np.ndarray) -> tuple[float, float]:
    return fit_platt_line(np.concatenate([clean, moved]), np.repeat([-1, 0], [len(clean), len(moved)]))


def _shift_rows(part: Batch, seed: list[int]) -> tuple[Batch, np.ndarray]:
    """Rows that went up by a standard deviation in columns that are drawn for each row, several times over.

    Returns
    -------
    moved : Batch
        `MEAN_SHIFT_COPIES` copies of each row.
    cells : ndarray of bool, shape (rows, numeric columns)
        Where they differ from what they were.
    """
    rng = np.random.default_rng([*seed, 4])
    copies = part.take(np.tile(np.arange(len(part)), MEAN_SHIFT_COPIES))
    up = load_attack("mean_shift")(**ALL_COLUMNS).poison(copies, 1.0, rng).batch.numeric
    draws = rng.random(up.shape)
    count = max(1, round(MOVED_COLUMN_SHARE * up.shape[1]))
    drawn = draws <= np.sort(draws, axis=1)[:, count - 1 : count]
    cells = drawn & (up != copies.numeric) & ~np.isnan(up)
    new = np.where(cells, up, np.nan)
    return overwrite_cells(
        copies, np.arange(len(copies)), dict(zip(part.layout.numeric, new.T, strict=True))
    ).batch, cells
