"""How badly models of trusted rows predict each label."""

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from pydantic import Field

from pratique.contract.check import FittedRowCheck, RowCheck, rank_rows, show_label
from pratique.contract.evidence import Evidence, RowEvidence
from pratique.contract.finding import RowScores
from pratique.contract.subject import ADVICE, Subject
from pratique.core.batch import Batch
from pratique.core.text import shorten
from pratique.tables.encoding import Encoder, Projection, Ranks

if TYPE_CHECKING:
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.linear_model import LogisticRegression

FLOOR = 1e-3
"""No label is less likely than this: a finite reference can't rule one out."""
CLASSES = 12
"""Classes whose probabilities are signals of their own; of more, the most common."""


class Losses(RowCheck):
    """A label that models fitted on trusted rows find unlikely is suspect.

    Claim: flipped labels, relabelled copies, triggers that carry a label and rows that were moved towards another
    class have a high loss. Noise in features that leaves the label plausible has not.

    Formula: p = mean of the class probabilities of a random forest of `trees` trees, a logistic regression and a
    network of one hidden layer (32 rectified units) on normal scores; the row's score is -log max(p(y), 0.001), in
    nats. Signals: the loss of each model, entropy of p, log of the likeliest other class over the own one, log p
    and the label itself for the twelve most common classes. Points of more than 60 dimensions are reduced to 40
    principal components first.

    After Northcutt, Jiang and Chuang, "Confident Learning: Estimating Uncertainty in Dataset Labels" (2021), with
    models that have seen trusted rows only.

    Cost: O(rows x trees x depth); fitting takes about a second for 1,000 rows.
    """

    alarm: ClassVar[str] = "labels are unlikely by models of trusted rows"
    advice: ClassVar[str] = ADVICE["labels"]
    about: ClassVar[Subject] = "labels"
    judged_alone: ClassVar[bool] = True
    label_likelihood: ClassVar[bool] = True
    trusts: ClassVar[tuple[str, ...]] = ("sklearn.tree._tree.Tree",)

    trees: int = Field(60, ge=10, le=1000)

    def fit(self, trusted: Batch, rng: np.random.Generator) -> "FittedLosses":
        """Fit the models."""
        from sklearn.ensemble import RandomForestClassifier
        from sklearn.linear_model import LogisticRegression

        encoder = Encoder.fit(trusted)
        ranks = Ranks.fit(trusted, encoder)
        points, places = encoder.transform(trusted), ranks.transform(trusted)
        projections = Projection.fit(points), Projection.fit(places)
        points, places = projections[0].transform(points), projections[1].transform(places)
        classes, codes, counts = np.unique(trusted.labels, return_inverse=True, return_counts=True)
        seed = int(rng.integers(2**31))
        forest = RandomForestClassifier(self.trees, min_samples_leaf=2, random_state=seed).fit(points, codes)
        several = len(classes) > 1
        return FittedLosses(
            encoder,
            ranks,
            projections,
            forest,
            LogisticRegression(C=0.5, max_iter=500).fit(points, codes) if several else None,
            Network.fit(places, codes, seed) if several else None,
            classes,
            np.sort(np.argsort(-counts, kind="stable")[:CLASSES]),
        )


@dataclass(frozen=True)
class Network:
    """A trained network as plain arrays: weights and biases of its layers, and the scale of its inputs."""

    scale: np.ndarray
    weights: list[np.ndarray]
    biases: list[np.ndarray]

    @classmethod
    def fit(cls, points: np.ndarray, codes: np.ndarray, seed: int) -> "Network":
        """Train by Adam on the cross-entropy, with a penalty on the weights."""
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.neural_network import MLPClassifier

        scale = points.std(axis=0)
        scale = np.where(scale > 0, scale, 1.0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # 200 rounds are as far as it should go
            model = MLPClassifier((32,), alpha=1.0, max_iter=200, random_state=seed).fit(points / scale, codes)
        return cls(scale, list(model.coefs_), list(model.intercepts_))

    def probabilities(self, points: np.ndarray) -> np.ndarray:
        """Class probabilities, shape (rows, classes)."""
        from scipy.special import softmax

        hidden = np.maximum(points / self.scale @ self.weights[0] + self.biases[0], 0)
        out = hidden @ self.weights[1] + self.biases[1]
        return np.asarray(softmax(np.hstack([np.zeros_like(out), out]) if out.shape[1] == 1 else out, axis=1))


@dataclass(frozen=True)
class FittedLosses(FittedRowCheck):
    """Models of trusted rows; `shown` are the classes with signals of their own."""

    encoder: Encoder
    ranks: Ranks
    projections: tuple[Projection, Projection]
    forest: "RandomForestClassifier"
    logistic: "LogisticRegression | None"
    network: Network | None
    classes: np.ndarray
    shown: np.ndarray

    def measure(self, batch: Batch) -> RowScores:
        """Cross-entropy of each row's label under the models."""
        by_model = self._probabilities(batch)
        mean = np.mean(list(by_model.values()), axis=0)
        own = np.minimum(np.searchsorted(self.classes, batch.labels), len(self.classes) - 1)
        known = self.classes[own] == batch.labels
        scores = _loss(mean, own, known)
        rival = np.where((np.arange(len(self.classes)) == own[:, None]) & known[:, None], 0, mean)
        signals = {name: _loss(p, own, known) for name, p in by_model.items()}
        signals["entropy"] = -(mean * np.log(np.maximum(mean, FLOOR))).sum(axis=1)
        signals["rival"] = np.log(np.maximum(rival.max(axis=1), FLOOR)) + scores
        for c in self.shown:
            signals[f"log_p_{self.classes[c]}"] = np.log(np.maximum(mean[:, c], FLOOR))
            signals[f"label_{self.classes[c]}"] = ((own == c) & known).astype(float)
        return RowScores(scores, "nats a row", signals, self._evidence(batch, scores, mean))

    def _probabilities(self, batch: Batch) -> dict[str, np.ndarray]:
        points = self.projections[0].transform(self.encoder.transform(batch))
        by_model = {"forest": _votes(self.forest, points)}
        if self.logistic is not None and self.network is not None:
            places = self.projections[1].transform(self.ranks.transform(batch))
            by_model["logistic"] = np.asarray(self.logistic.predict_proba(points))
            by_model["network"] = self.network.probabilities(places)
        return by_model

    def _evidence(self, batch: Batch, scores: np.ndarray, mean: np.ndarray) -> Evidence:
        personal = batch.layout.label in batch.layout.personal
        return Evidence.of_rows(
            [
                RowEvidence(
                    (int(row),),
                    {"label": show_label(batch, row), "loss": float(scores[row]), "probability": float(mean[row].max())}
                    | ({} if personal else {"likeliest": shorten(str(self.classes[mean[row].argmax()]))}),
                )
                for row in rank_rows(batch, scores)
            ]
        )


def _votes(forest: "RandomForestClassifier", points: np.ndarray) -> np.ndarray:
    """The forest's `predict_proba`, without a task for every tree: for few rows these cost more than the trees do."""
    rows = points.astype(np.float32)
    return np.asarray(sum(tree.tree_.predict(rows) for tree in forest.estimators_) / len(forest.estimators_))


def _loss(probabilities: np.ndarray, own: np.ndarray, known: np.ndarray) -> np.ndarray:
    """-log of the own label's probability, that of an unknown label at the floor."""
    own_probability = probabilities[np.arange(len(own)), own]
    return -np.log(np.maximum(np.where(known, own_probability, 0), FLOOR))
