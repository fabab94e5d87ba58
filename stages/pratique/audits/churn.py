"""Churn: how many predictions another training turned."""

from typing import ClassVar

import numpy as np

from pratique.contract.audit import Audit, Audited, AuditFinding
from pratique.statistics.resampling import Estimate


class Churn(Audit):
    """The share of the holdout on which the model says something else than the baseline, and than the trusted rows do.

    Claim: tells how much a retraining changed, whether the accuracy shows it or not. It does not say which of two
    models is right.

    Formula: churn = mean of f(x) != g(x) over the holdout, with its Wilson interval; g is the model of data/baseline,
    or one that learned from the reference alone.

    Source: Milani Fard, Cormier, Canini and Gupta, "Launch and iterate: reducing prediction churn", NIPS 2016.

    Cost: one training, on the reference.
    """

    title: ClassVar[str] = "What this training changed"
    meanings: ClassVar[dict[str, str]] = {
        "churn": "predictions that differ from those of the baseline",
        "churn_from_reference": "predictions that differ from those of a model of the trusted rows alone",
    }
    remedies: ClassVar[dict[str, str]] = {
        "churn": "Serve the baseline until the change is understood: `pratique baseline --to FOLDER`. If it is meant, "
        "take this model as the new baseline: `pratique baseline`.",
        "churn_from_reference": "Look at what the newest batches brought: `pratique status`. If they are right, "
        "promote them: `pratique promote BATCH`.",
    }

    def measure(self, audited: Audited, rng: np.random.Generator) -> AuditFinding:
        """Compare predictions, row by row."""
        said = audited.model.predict(audited.holdout)

        def differ(other: np.ndarray) -> Estimate:
            return Estimate.of_share(int((said != other).sum()), len(said))

        figures = {"churn_from_reference": differ(audited.train_peer("reference").predict(audited.holdout))}
        if audited.baseline is None:
            return AuditFinding(figures, ("There is no baseline to compare with; `pratique baseline` sets one.",))
        return AuditFinding({"churn": differ(audited.baseline.predict(audited.holdout))} | figures)
