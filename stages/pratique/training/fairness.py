"""Fairness in training: labels next to the line change, or rows weigh otherwise, so that two groups fare alike.

Source: Kamiran and Calders, "Data preprocessing techniques for classification without discrimination", Knowledge and
Information Systems 33 (2012).
"""

from dataclasses import dataclass

import numpy as np

from pratique.core import paths
from pratique.core.batch import Batch
from pratique.core.errors import PratiqueError
from pratique.core.fairness_params import FairnessParams
from pratique.tables.encoding import Encoder

TRAIN_FAIRNESS = f"{paths.PARAMS}: train.fairness"
FAIRNESS_FILE = paths.MODEL / "fairness.parquet"


@dataclass(frozen=True)
class FairRows:
    """What a model learns instead.

    Attributes
    ----------
    labels : ndarray of str, shape (rows,)
    weights : ndarray of float, shape (rows,), optional
        None where every row counts alike.
    """

    labels: np.ndarray
    weights: np.ndarray | None = None


def make_fair(batch: Batch, params: FairnessParams | None) -> FairRows:
    """The labels and weights to learn from, so that the label does not depend on the group.

    Massaging changes k labels on either side, k = d n_M n_F / (n_M + n_F) rounded, d how much more often the group M
    has the good label than the group F: of F's other rows those that a logistic regression of the rows finds most
    likely good, of M's good ones the least likely. Reweighing gives a row of group s and label y the weight
    P(s) P(y) / P(s, y). Rows of neither group stay as they are.

    Raises
    ------
    PratiqueError
        If the column is no feature of levels, or no row has a level or the good label.
    """
    if params is None:
        return FairRows(batch.labels)
    group, against = (
        find_level(batch, params.column, level, TRAIN_FAIRNESS) for level in (params.group, params.against)
    )
    good = batch.labels == params.favourable
    if not good.any():
        raise PratiqueError(
            f"{TRAIN_FAIRNESS}: favourable: no row to learn from has this label; name one that rows have"
        )
    if params.method == "reweighing":
        return FairRows(batch.labels, _reweigh(group, against, good))
    return FairRows(_massage(batch, group, against, good, params.favourable))


def find_level(batch: Batch, column: str, level: str, place: str) -> np.ndarray:
    """Which rows have a level of a column; `place` says in an error which params name it.

    Raises
    ------
    PratiqueError
        If the column is no feature of levels, or no row has the level.
    """
    known = batch.layout.categorical
    if column not in known:
        raise PratiqueError(f"{place}: column '{column}': no feature of levels; known: {', '.join(known) or 'none'}")
    rows = batch.texts(column).astype(str) == level
    if not rows.any():
        raise PratiqueError(f"{place}: column '{column}': no row has the level '{level}'; name one that rows have")
    return np.asarray(rows)


def _massage(batch: Batch, group: np.ndarray, against: np.ndarray, good: np.ndarray, favourable: str) -> np.ndarray:
    from sklearn.linear_model import LogisticRegression

    labels = batch.labels.copy()
    gap = good[against].mean() - good[group].mean()
    count = round(gap * group.sum() * against.sum() / (group.sum() + against.sum()))
    if count <= 0:
        return labels
    points = Encoder.fit(batch).transform(batch)
    scores = LogisticRegression(max_iter=2000).fit(points, good).predict_proba(points)[:, 1]
    raised, lowered = np.flatnonzero(group & ~good), np.flatnonzero(against & good)
    others, counts = np.unique(batch.labels[~good], return_counts=True)
    labels = labels.astype(object)
    labels[raised[np.argsort(-scores[raised], kind="stable")[:count]]] = favourable
    labels[lowered[np.argsort(scores[lowered], kind="stable")[:count]]] = others[np.argmax(counts)]
    return labels.astype(str)


def _reweigh(group: np.ndarray, against: np.ndarray, good: np.ndarray) -> np.ndarray:
    weights, both = np.ones(len(good)), group | against
    for members in (group, against):
        for cell in (members & good, members & ~good):
            label = good if (cell & good).any() else ~good
            expected = members.sum() * (both & label).sum() / both.sum()
            weights[cell] = expected / max(cell.sum(), 1)
    return weights
