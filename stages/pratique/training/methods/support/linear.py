"""Training rows as a logistic regression whose hypergradients are known."""

from typing import TYPE_CHECKING

import numpy as np

from pratique.contract.method import TrainingRows
from pratique.statistics.hypergradients.implicit import differentiate_optimum, minimise
from pratique.statistics.hypergradients.logistic import Hypergradient, Logistic, Norm, add_ones, one_hot
from pratique.statistics.hypergradients.outer import Judge

if TYPE_CHECKING:
    from sklearn.linear_model import LogisticRegression


def pose(rows: TrainingRows, weights: np.ndarray, penalty: np.ndarray | None = None, norm: Norm = "l2") -> Logistic:
    """The mean loss of the rows that are learned from, by these weights.

    Without a penalty it is that of scikit-learn's default, one over the number of rows.
    """
    shares = np.where(rows.learned, weights, 0) / rows.learned.sum()
    usual = np.array([-np.log(rows.learned.sum())])
    labels = one_hot(rows.targets, rows.classes)
    return Logistic(add_ones(rows.points), labels, shares, usual if penalty is None else penalty, norm)


def judge_by(rows: TrainingRows, validating: np.ndarray) -> Judge:
    """The mean loss of the rows that validate."""
    return Judge(add_ones(rows.points[validating]), one_hot(rows.targets[validating], rows.classes))


def ask_judge(problem: Logistic, judge: Judge, start: np.ndarray | None) -> tuple[np.ndarray, float, Hypergradient]:
    """The optimum, the judge's loss there, and its hypergradient."""
    w = minimise(problem, start)
    return w, judge.loss(w), differentiate_optimum(problem, w, judge)


def as_classifier(w: np.ndarray) -> "LogisticRegression":
    """A classifier of scikit-learn that answers by these parameters."""
    from sklearn.linear_model import LogisticRegression

    classes = w.shape[1] + 1
    both = w.T if classes == 2 else np.vstack([np.zeros(len(w)), w.T])
    made = LogisticRegression()
    made.classes_, made.n_features_in_ = np.arange(classes), len(w) - 1
    made.coef_, made.intercept_ = np.ascontiguousarray(both[:, :-1]), both[:, -1].copy()
    return made
