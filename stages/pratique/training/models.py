"""Models trained on rows: the one that a team ships, and those it is compared with."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from pratique.contract.method import TrainingRows, order_rows
from pratique.core import archive, paths
from pratique.core.batch import Batch
from pratique.core.errors import PratiqueError
from pratique.core.extras import require_torch
from pratique.core.layout import Layout
from pratique.core.params import ModelKind, TrainParams
from pratique.core.writing import write_bytes
from pratique.statistics.network import Network, fit_network
from pratique.tables.encoding import Encoder
from pratique.training.discovery import configure_method
from pratique.training.estimator import LIBRARY_TYPES, PLACE, blaming, depends_on_seed, fit_estimator
from pratique.training.exclusion import select_learned
from pratique.training.fairness import make_fair
from pratique.training.methods.plain import Plain

if TYPE_CHECKING:
    from sklearn.base import ClassifierMixin

METHOD_SEED = 26
"""Tells what a method draws from what a classifier draws with the same seed."""


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
        """The most probable label of each row, str of shape (rows,).

        Raises
        ------
        PratiqueError
            If a classifier of a team's own answers anything but the number of a class for each row.
        """
        codes = np.asarray(self._ask("predict", batch))
        if codes.shape != (len(batch),) or not np.isin(codes, np.arange(len(self.classes))).all():
            wanted = f"a number from 0 to {len(self.classes) - 1} for each row"
            raise PratiqueError(f"{PLACE}: `predict` of its model did not answer {wanted}")
        return np.asarray(self.classes[codes.astype(int)])

    def probabilities(self, batch: Batch) -> np.ndarray | None:
        """The probability of each class, float64 of shape (rows, classes); None if the classifier tells none."""
        if not hasattr(self.classifier, "predict_proba"):
            return None
        return np.asarray(self._ask("predict_proba", batch), float)

    def _ask(self, method: str, batch: Batch) -> Any:
        points = self._points(batch)
        with blaming(f"`{method}` of its model", hidden=True):
            return getattr(self.classifier, method)(points)

    def _points(self, batch: Batch) -> np.ndarray:
        same = (batch.layout.label, batch.layout.kinds) == (self.layout.label, self.layout.kinds)
        own = batch if same else Batch(batch.name, batch.typed_table, self.layout)
        return self.encoder.transform(own)

    def to_bytes(self) -> bytes:
        """A skops archive.

        Raises
        ------
        PratiqueError
            If skops can't write a classifier of a team's own.
        """
        with blaming("writing its model as a skops archive", hidden=True):
            return archive.dumps(self)

    def save(self, path: Path) -> None:
        """Write a skops archive."""
        write_bytes(path, self.to_bytes())

    @classmethod
    def load(cls, path: Path, trusts: Iterable[str] = ()) -> "Model":
        """Read a model back.

        Only types that a model is made of are restored: this program's, those of libraries that are known, and those
        of a team's own code that it trusts.
        """
        own = {f"{unit.__module__}.{unit.__qualname__}" for unit in (cls, Encoder, Layout, Network)}
        remedy = f"if it is a type of your own code, list it in {paths.PARAMS} under train.trusts"
        model = archive.load(path, own | LIBRARY_TYPES | set(trusts), remedy)
        if not isinstance(model, cls):
            raise PratiqueError(f"{path}: holds no model; run `pratique train` again")
        return model


def train(
    batch: Batch, params: TrainParams, seed: int, kind: ModelKind | None = None, trusted: Batch | None = None
) -> Model:
    """Fit a model on a batch's rows: as the params say, or one of this kind by plain training."""
    return learn(batch, params, seed, kind, trusted)[0]


def learn(
    batch: Batch, params: TrainParams, seed: int, kind: ModelKind | None = None, trusted: Batch | None = None
) -> tuple[Model, np.ndarray]:
    """Fit a model, and say how much each row counted, float of shape (rows,): 0 in a region that is excluded.

    Parameters
    ----------
    batch : Batch
        The rows to learn from.
    params : TrainParams
    seed : int
    kind : ModelKind, optional
        Another model than the params name, trained plainly.
    trusted : Batch, optional
        The trusted rows that a method other than a plain one learns by; they may be among the batch's.

    Raises
    ------
    PratiqueError
        If the rows hold fewer than two labels, or the method can't train the model.
    """
    if not params.exclude:
        return _learn_all(batch, params, seed, kind, trusted)
    kept = select_learned(batch, params.exclude)
    if trusted is not None:
        trusted = trusted.take(select_learned(trusted, params.exclude))
    model, counted = _learn_all(batch.take(kept), params, seed, kind, trusted)
    weights = np.zeros(len(batch))
    weights[kept] = counted
    return model, weights


def _learn_all(
    batch: Batch, params: TrainParams, seed: int, kind: ModelKind | None, trusted: Batch | None
) -> tuple[Model, np.ndarray]:
    """Fit a model on each of the rows."""
    fair = make_fair(batch, None if kind is not None else params.fairness)
    classes, targets = np.unique(fair.labels, return_inverse=True)
    if len(classes) < 2:
        left = " that train.exclude leaves" if params.exclude else ""
        raise PratiqueError(
            f"{batch.name}: {len(classes)} label in {len(batch)} rows{left}; a model needs at least two"
        )
    method = Plain() if kind is not None else configure_method(params)
    order = np.arange(len(batch))
    if not isinstance(method, Plain):
        order = order_rows(Encoder.fit(batch).transform(batch), targets)
        batch, targets = batch.take(order), targets[order]
    network = kind is None and params.estimator is None and params.model == "network"
    if network:
        require_torch("train.model: network")
    encoder = Encoder.fit(batch)
    if network and batch.layout.image is not None:
        encoder = encoder.share_scale()
    layout = Layout(batch.layout.label, batch.layout.kinds)  # cells are typed: how they were written is past

    def fit(points: np.ndarray, targets: np.ndarray, weights: np.ndarray | None) -> "ClassifierMixin":
        if network:
            return fit_network(points, targets, weights, seed, params.epochs, image=batch.layout.image)
        if kind is None and params.estimator is not None:
            return fit_estimator(params, seed, points, targets, hidden=bool(batch.layout.personal))
        given = {} if weights is None else {"sample_weight": weights}
        return _classifier(kind or params.model, params.trees, seed).fit(points, targets, **given)

    rows = TrainingRows.of(encoder.transform(batch), targets)
    if not isinstance(method, Plain):
        rows = _join_trusted(rows, trusted, encoder, classes)
    if fair.weights is not None:
        return Model(layout, encoder, fit(rows.points, targets, fair.weights), classes), fair.weights
    fitted = method.fit(rows, fit, np.random.default_rng([seed, METHOD_SEED]))
    weights = np.empty(len(batch))
    weights[order] = fitted.weights[rows.learned]
    return Model(layout, encoder, fitted.classifier, classes), weights


def _join_trusted(rows: TrainingRows, trusted: Batch | None, encoder: Encoder, classes: np.ndarray) -> TrainingRows:
    """The same rows with the trusted ones of classes that the model knows."""
    if trusted is None:
        raise PratiqueError(
            "params.yaml: train.method: it learns by trusted rows, and none is left here; "
            "where the drill deals out all of them, lower drill.batches or drill.rows"
        )
    known = trusted.take(np.flatnonzero(np.isin(trusted.labels, classes)))
    return rows.join_trusted(encoder.transform(known), np.searchsorted(classes, known.labels)) if len(known) else rows


def _classifier(kind: str, trees: int, seed: int) -> "ClassifierMixin":
    if kind == "random_forest":
        from sklearn.ensemble import RandomForestClassifier

        return RandomForestClassifier(trees, random_state=seed, n_jobs=1)
    if kind == "gradient_boosting":
        from sklearn.ensemble import HistGradientBoostingClassifier

        return HistGradientBoostingClassifier(max_iter=trees, early_stopping=False, random_state=seed)
    if kind == "linear_svm":
        from sklearn.svm import LinearSVC

        return LinearSVC(dual=False)
    if kind == "nearest_neighbours":
        from sklearn.neighbors import KNeighborsClassifier

        return KNeighborsClassifier()
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(max_iter=2000)


def count_trainings(params: TrainParams, retrainings: int) -> int:
    """How many trainings of a model differ: all where it depends on a seed, otherwise one.

    Boosted trees draw nothing but the rows that set their bins, and those only from 200,000 rows on.
    """
    seeded = params.model in ("random_forest", "network") if params.estimator is None else depends_on_seed(params)
    return retrainings if seeded or configure_method(params).draws else 1


def drop_unlabelled(batch: Batch) -> Batch:
    """The rows that have a label: the others can't be learned from."""
    rows = np.flatnonzero(pd.Series(batch.labels) != "")
    return batch if len(rows) == len(batch) else batch.take(rows)
