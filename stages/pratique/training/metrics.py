"""How good a model is on rows that it never saw."""

from dataclasses import dataclass

import numpy as np

from pratique.core.batch import Batch
from pratique.training.models import Model


@dataclass(frozen=True)
class Scores:
    """A model's performance; macro means over the holdout's classes, a class never predicted counting as 0."""

    accuracy: float
    precision_macro: float
    recall_macro: float
    f1_macro: float


def score(model: Model, holdout: Batch) -> tuple[Scores, np.ndarray]:
    """The model's scores on a holdout, and its predictions, str of shape (rows,)."""
    from sklearn.metrics import accuracy_score, precision_recall_fscore_support

    actual, predicted = holdout.labels, model.predict(holdout)
    precision, recall, f1, _ = precision_recall_fscore_support(
        actual, predicted, labels=np.unique(actual), average="macro", zero_division=0
    )
    return Scores(float(accuracy_score(actual, predicted)), float(precision), float(recall), float(f1)), predicted
