"""A student of a model of trusted images: where images are other ones, it no longer says what its teacher says."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from pydantic import Field

from pratique.contract.check import DriftCheck, FittedBatchCheck
from pratique.contract.drift import ComparedNumbers, deal_halves
from pratique.contract.finding import BatchScore
from pratique.core.batch import Batch
from pratique.tables.images import PixelScale

if TYPE_CHECKING:
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.linear_model import LogisticRegression

LEAST_PROBABILITY = 1e-3


class ImageDistillation(DriftCheck):
    """A student model that differs from its teacher, or either that is unsure, otherwise than on trusted images.

    Claim: finds images on which models answer otherwise than on trusted ones: blur, noise, rotation, another kind of
    image. It does not look at labels, and not at what no model reads.

    Formula: the teacher is a random forest of `trees` trees of half of the trusted rows; the student, a logistic
    regression, learns the teacher's probabilities p of the same rows. With the student's q: the cross-entropy of q
    under p, the Kullback-Leibler divergence of q from p, and the entropies of both, in nats, are compared with those of
    the other half by the two-sample Kolmogorov-Smirnov test; statistic = max of -log10 p - log10 4.

    Source: Hinton, Vinyals and Dean, "Distilling the knowledge in a neural network" (2015).

    Cost: O(rows x trees x depth); fitting takes less than a second for 1,000 small images.
    """

    alarm: ClassVar[str] = "models of trusted images are of another mind about these than about trusted ones"
    trusts: ClassVar[tuple[str, ...]] = ("sklearn.tree._tree.Tree",)
    needs = "images"

    trees: int = Field(60, ge=10, le=1000)

    def fit(self, trusted: Batch, rng: np.random.Generator) -> "FittedImageDistillation":
        """Fit teacher and student to one half, and compare them on the other."""
        from sklearn.ensemble import RandomForestClassifier

        scale = PixelScale.fit(trusted, "image_distillation")
        learned, compared = deal_halves(len(trusted), rng)
        points, seed = scale.transform(trusted), int(rng.integers(2**31))
        teacher = RandomForestClassifier(self.trees, min_samples_leaf=2, random_state=seed)
        teacher.fit(points[learned], trusted.labels[learned])
        pair = Pair(teacher, fit_student(points[learned], teacher.predict_proba(points[learned])))
        return FittedImageDistillation(scale, pair, ComparedNumbers.of(pair.describe(points[compared])))


def fit_student(points: np.ndarray, taught: np.ndarray) -> "LogisticRegression | None":
    """A logistic regression of class probabilities, shape (rows, classes); None where there is one class."""
    from sklearn.linear_model import LogisticRegression

    if taught.shape[1] == 1:
        return None
    rows, classes = (places.ravel() for places in np.indices(taught.shape))
    return LogisticRegression(max_iter=500).fit(points[rows], classes, sample_weight=taught.ravel())


@dataclass(frozen=True)
class Pair:
    """A teacher and its student."""

    teacher: "RandomForestClassifier"
    student: "LogisticRegression | None"

    def describe(self, points: np.ndarray) -> dict[str, np.ndarray]:
        """How far they differ on each point, and how unsure they are, in nats."""
        taught = np.maximum(self.teacher.predict_proba(points), LEAST_PROBABILITY)
        learned = taught if self.student is None else self.student.predict_proba(points)
        learned = np.maximum(learned, LEAST_PROBABILITY)
        return {
            "loss of the student": -(taught * np.log(learned)).sum(axis=1),
            "divergence of the student": (taught * np.log(taught / learned)).sum(axis=1),
            "entropy of the teacher": -(taught * np.log(taught)).sum(axis=1),
            "entropy of the student": -(learned * np.log(learned)).sum(axis=1),
        }


@dataclass(frozen=True)
class FittedImageDistillation(FittedBatchCheck):
    """Both models, and how they are about trusted images."""

    scale: PixelScale
    models: Pair
    trusted: ComparedNumbers

    def measure(self, batch: Batch) -> BatchScore:
        """Compare how the models are about each image."""
        return self.trusted.compare(self.models.describe(self.scale.transform(batch)), batch)
