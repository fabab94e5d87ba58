"""Models trained on rows: the one that a team ships, and those it is compared with."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from pratique.core import archive
from pratique.core.batch import Batch
from pratique.core.errors import PratiqueError
from pratique.core.layout import Layout
from pratique.core.params import ModelKind, TrainParams
from pratique.tables.encoding import Encoder

if TYPE_CHECKING:
    from sklearn.base import ClassifierMixin


@dataclass(frozen=True)
class Model:
    """An encoder and a classifier, fitted on the same rows.

    Attributes
    ----------
    layout : Layout
        How the model reads rows, whatever the order of their columns.
    classes : ndarray of str, sorted
        The labels that the training rows had.
    """

    layout: Layout
    encoder: Encoder
    classifier: "ClassifierMixin"
    classes: np.ndarray

    def predict(self, batch: Batch) -> np.ndarray:
        """The most probable label of each row, str of shape (rows,)."""
        return np.asarray(self.classes[self.classifier.predict(self._points(batch))])

    def probabilities(self, batch: Batch) -> np.ndarray:
        """The probability of each class, float64 of shape (rows, classes)."""
        return np.asarray(self.classifier.predict_proba(self._points(batch)))

    def _points(self, batch: Batch) -> np.ndarray:
        same = (batch.layout.label, batch.layout.kinds) == (self.layout.label, self.layout.kinds)
        own = batch if same else Batch(batch.name, batch.typed_table, self.layout)
        return self.encoder.transform(own)

    def save(self, path: Path) -> None:
        """Write a skops archive."""
        archive.dump(path, self)

    @classmethod
    def load(cls, path: Path) -> "Model":
        """Read a model back; only types that a model is made of are restored."""
        own = {f"{unit.__module__}.{unit.__qualname__}" for unit in (cls, Encoder, Layout)}
        model = archive.load(path, own | {"sklearn.tree._tree.Tree"})
        if not isinstance(model, cls):
            raise PratiqueError(f"{path}: holds no model; run `pratique train` again")
        return model


def train(batch: Batch, params: TrainParams, seed: int, kind: ModelKind | None = None) -> Model:
    """Fit a model on a batch's rows: of the kind that the params name, or of this one.

    Raises
    ------
    PratiqueError
        If the rows hold fewer than two labels.
    """
    classes, targets = np.unique(batch.labels, return_inverse=True)
    if len(classes) < 2:
        raise PratiqueError(f"{batch.name}: {len(classes)} label in {len(batch)} rows; a model needs at least two")
    encoder = Encoder.fit(batch)
    layout = Layout(batch.layout.label, batch.layout.kinds)  # cells are typed: how they were written is past
    classifier = _classifier(kind or params.model, params.trees, seed).fit(encoder.transform(batch), targets)
    return Model(layout, encoder, classifier, classes)


def _classifier(kind: ModelKind, trees: int, seed: int) -> "ClassifierMixin":
    if kind == "random_forest":
        from sklearn.ensemble import RandomForestClassifier

        return RandomForestClassifier(trees, random_state=seed, n_jobs=1)
    if kind == "linear_svm":
        from sklearn.svm import LinearSVC

        return LinearSVC(dual=False)
    if kind == "nearest_neighbours":
        from sklearn.neighbors import KNeighborsClassifier

        return KNeighborsClassifier()
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(max_iter=2000)


def count_trainings(params: TrainParams, retrainings: int) -> int:
    """How many trainings of a model differ: all where its kind depends on a seed, otherwise one."""
    return retrainings if params.model == "random_forest" else 1


def drop_unlabelled(batch: Batch) -> Batch:
    """The rows that have a label: the others can't be learned from."""
    rows = np.flatnonzero(pd.Series(batch.labels) != "")
    return batch if len(rows) == len(batch) else batch.take(rows)
