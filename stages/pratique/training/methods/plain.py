"""Plain training: every row counts alike."""

from typing import ClassVar

import numpy as np

from pratique.contract.method import SELECTING, Fit, Fitted, Method, TrainingRows


class Plain(Method):
    """Every row counts alike.

    Claim: nothing is withstood; it is what the other methods are compared with. Its rows stay in the order in which
    they came in, because a random forest draws them by position.

    Cost: one training.
    """

    goes_with: ClassVar[frozenset[str]] = SELECTING | {"network"}

    def fit(self, rows: TrainingRows, fit: Fit, rng: np.random.Generator) -> Fitted:
        """Fit on all rows."""
        weights = np.ones(len(rows.targets))
        return Fitted(rows.fit(fit, weights), weights)
