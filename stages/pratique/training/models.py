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
from pratique.core.params import TrainParams
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
        same = (batch.layout.label, batch.layout.kinds) == (self.layout.label, self.layout.kinds)
        own = batch if same else Batch(batch.name, batch.typed_table, self.layout)
        points = self.encoder.transform(own)
        return np.asarray(self.classes[self.classifier.predict(points)])

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


def train(batch: Batch, params: TrainParams, seed: int) -> Model:
    """Fit a model on a batch's rows.

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
    return Model(layout, encoder, _classifier(params, seed).fit(encoder.transform(batch), targets), classes)


def _classifier(params: TrainParams, seed: int) -> "ClassifierMixin":
    if params.model == "random_forest":
        from sklearn.ensemble import RandomForestClassifier

        return RandomForestClassifier(params.trees, random_state=seed, n_jobs=1)
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(max_iter=2000)


def drop_unlabelled(batch: Batch) -> Batch:
    """The rows that have a label: the others can't be learned from."""
    rows = np.flatnonzero(pd.Series(batch.labels) != "")
    return batch if len(rows) == len(batch) else batch.take(rows)
