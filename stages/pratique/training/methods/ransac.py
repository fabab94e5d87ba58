"""RANSAC: models of small random subsets, of which the one that trusted rows prefer says which rows agree."""

from typing import ClassVar

import numpy as np
from pydantic import Field

from pratique.contract.method import SELECTING, Fit, Fitted, Method, TrainingRows, ask_probabilities
from pratique.training.methods.support.noise import compute_losses, restore_classes


class Ransac(Method):
    """Rows that contradict the best of many models of random subsets are left out.

    Claim: withstands rows that are few or lie together, because some subsets have hardly any of them. Poison that is
    spread evenly is in every subset.

    Rule: `subsets` models, each of `size` of the rows that are not trusted. The one with the smallest mean loss on the
    trusted rows, none of which it saw, judges: a row stays where it gives the row's label a chance of `agreement` or
    more. Trusted rows always stay.

    Source: Fischler and Bolles, "Random sample consensus", Communications of the ACM 24 (1981); the size of the
    consensus, which says little where classes overlap, is replaced by the loss on trusted rows.

    Cost: `subsets` trainings on small subsets, and one on what stays.
    """

    goes_with: ClassVar[frozenset[str]] = SELECTING
    draws: ClassVar[bool] = True

    subsets: int = Field(20, ge=1, le=1000, description="How many are drawn.")
    size: float = Field(0.2, gt=0, le=1, description="Share of the rows that are not trusted in each.")
    agreement: float = Field(0.2, ge=0, lt=1, description="The chance of its label at which a row stays.")

    def fit(self, rows: TrainingRows, fit: Fit, rng: np.random.Generator) -> Fitted:
        """Draw, judge, and train on what agrees."""
        best, losses = np.inf, np.zeros(len(rows.targets))
        for _ in range(self.subsets if rows.trusted.any() else 0):
            chosen = self._draw(rows, rng)
            if len(np.unique(rows.targets[chosen])) < rows.classes:
                continue
            told = ask_probabilities(fit(rows.points[chosen], rows.targets[chosen], None), rows.points, rows.classes)
            found = compute_losses(rows, told)
            if (mean := found[rows.trusted].mean()) < best:
                best, losses = mean, found
        kept = rows.trusted | (np.exp(-losses) >= self.agreement)
        kept = restore_classes(rows, losses, kept)
        return Fitted(rows.fit(fit, kept.astype(float)), kept.astype(float))

    def _draw(self, rows: TrainingRows, rng: np.random.Generator) -> np.ndarray:
        """A random share of the rows that are not trusted, in their order."""
        doubtful = rows.doubtful
        return np.sort(rng.permutation(doubtful)[: round(self.size * len(doubtful))])
