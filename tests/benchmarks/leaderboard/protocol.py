"""What a tool is given and what it must answer; how a threshold is set for a tool that has none.

This module runs in every tool's own environment, so it needs no more than numpy and pandas.

A tool is one file in `peers/`. Its `fit(trusted, label)` gets trusted rows and the name of the label column, and
returns an object whose `judge(batch)` gets one batch with the same columns and answers with a `Judgement`. A tool that
decides by itself says so (`DECIDES = True`) and answers `alarm`. For all others a threshold is set on the trusted rows
out of fold: each fifth of them in turn is hidden from `fit`, and batches drawn from it show what clean rows look like.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pandas as pd

FALSE_ALARMS = 0.01
"""The share of clean batches that may alarm."""
FOLDS = 5
CLEAN_DRAWS = 100
"""Batches that are drawn from trusted rows out of fold to set a threshold."""
TOP = 0.1
"""The share of a batch's rows whose mean score is a statistic beside that of all rows."""


@dataclass(frozen=True)
class Judgement:
    """What a tool says of one batch; in every number higher is more suspicious.

    Attributes
    ----------
    rows : ndarray, optional
        A score for each row. Without `statistics` the batch is judged by their mean and by the mean of their top tenth.
    statistics : tuple of float
        Numbers that speak about the batch as a whole.
    alarm : bool, optional
        The tool's own decision.
    """

    rows: np.ndarray | None = None
    statistics: tuple[float, ...] = ()
    alarm: bool | None = None


class Fitted(Protocol):
    """What a tool made of trusted rows."""

    def judge(self, batch: pd.DataFrame) -> Judgement:
        """Judge one batch."""
        ...


Fit = Callable[[pd.DataFrame, str], Fitted]


@dataclass(frozen=True)
class Threshold:
    """What clean batches showed: mean and deviation of each statistic, and their joint scores in order."""

    mean: np.ndarray
    deviation: np.ndarray
    clean: np.ndarray

    def score(self, judgement: Judgement) -> float:
        """The largest of the statistics, each in deviations from what clean batches showed."""
        return float(np.max((statistics_of(judgement) - self.mean) / self.deviation))

    def alarms(self, score: float) -> bool:
        """Whether the conformal p-value is within the false alarms that are allowed."""
        return bool(1 + np.sum(self.clean >= score) <= FALSE_ALARMS * (1 + len(self.clean)))


def statistics_of(judgement: Judgement) -> np.ndarray:
    """The numbers that a batch is judged by."""
    if judgement.statistics:
        return np.asarray(judgement.statistics, float)
    if judgement.rows is None:
        raise ValueError("a tool answers with rows, with statistics or with both")
    ordered = np.sort(np.asarray(judgement.rows, float))
    return np.array([ordered.mean(), ordered[-max(1, round(TOP * len(ordered))) :].mean()])


def set_threshold(fit: Fit, trusted: pd.DataFrame, label: str, rows: int, seed: int) -> Threshold:
    """Let a tool judge batches of trusted rows that were hidden from it."""
    rng = np.random.default_rng([seed, 1])
    folds = np.array_split(rng.permutation(len(trusted)), FOLDS)
    seen = []
    for fold in folds:
        fitted = fit(trusted.drop(index=trusted.index[fold]).reset_index(drop=True), label)
        for _ in range(CLEAN_DRAWS // FOLDS):
            drawn = trusted.iloc[rng.choice(fold, min(rows, len(fold)), replace=False)].reset_index(drop=True)
            seen.append(statistics_of(fitted.judge(drawn)))
    found = np.array(seen)
    deviation = found.std(axis=0)
    threshold = Threshold(found.mean(axis=0), np.where(deviation > 0, deviation, 1.0), np.empty(0))
    clean = np.sort(np.max((found - threshold.mean) / threshold.deviation, axis=1))
    return Threshold(threshold.mean, threshold.deviation, clean)


class Points:
    """Rows as points, for tools that take nothing else: standardised numbers, and one column for each level."""

    def __init__(self, trusted: pd.DataFrame, label: str) -> None:
        self.label = label
        self.classes = np.unique(trusted[label])
        made = self._spread(trusted)
        self.columns, self.mean = made.columns, made.mean()
        self.deviation = made.std().where(lambda found: found > 0, 1.0)

    def __call__(self, rows: pd.DataFrame) -> np.ndarray:
        """The points of rows."""
        made = self._spread(rows).reindex(columns=self.columns, fill_value=0.0)
        return ((made - self.mean) / self.deviation).to_numpy()

    def codes(self, rows: pd.DataFrame) -> np.ndarray:
        """The classes of rows, as positions in `classes`."""
        return np.searchsorted(self.classes, rows[self.label])

    def _spread(self, rows: pd.DataFrame) -> pd.DataFrame:
        return pd.get_dummies(rows.drop(columns=self.label)).astype(float)
