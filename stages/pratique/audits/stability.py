"""Stability: predictions that a small change of the numbers flips."""

from typing import ClassVar

import numpy as np
from pydantic import Field

from pratique.contract.attack import overwrite_cells
from pratique.contract.audit import Audit, Audited, AuditFinding
from pratique.core.batch import Batch
from pratique.statistics.resampling import Estimate


class Stability(Audit):
    """The share of rows whose prediction flips when every number moves a little.

    Claim: shows a model that hangs on last digits, whole and class by class. It tries some changes, not all: the true
    share is at least what it says.

    Formula: x'_c = x_c + s_c epsilon std_c, std of the reference; the first draw has s_c = +1 in all columns, the
    second -1, each other one a random sign in each. A row flips if one of the draws does it. Whole numbers are rounded,
    missing cells stay missing, levels stay as they are.

    Cost: draws x 1,000 predictions.
    """

    title: ClassVar[str] = "How easily predictions flip"
    meanings: ClassVar[dict[str, str]] = {"flips": "predictions that a small change of the numbers flips"}
    remedies: ClassVar[dict[str, str]] = {
        "flips": "Train a smoother model: a larger `train.trees`, or another `train.model` in params.yaml, then "
        "`dvc repro`. Until then serve the baseline: `pratique baseline --to FOLDER`."
    }

    epsilon: float = Field(0.05, gt=0, le=10, description="How far a number moves, in standard deviations.")
    draws: int = Field(10, ge=2, le=1000, description="How many changes are tried; the worst counts.")

    def measure(self, audited: Audited, rng: np.random.Generator) -> AuditFinding:
        """Move the rows of the holdout, and see which predictions stay."""
        rows = audited.sample_holdout()
        columns = len(rows.layout.numeric)
        if not columns:
            return AuditFinding(reasons=("No feature is a number, so nothing can move a little.",))
        reach = self.epsilon * np.nan_to_num(np.nanstd(audited.reference.numeric, axis=0))
        signs = [np.ones(columns), -np.ones(columns)]
        signs += [rng.choice([-1.0, 1.0], columns) for _ in range(self.draws - 2)]
        said, flipped = audited.model.predict(rows), np.zeros(len(rows), bool)
        for each in signs:
            flipped |= audited.model.predict(_move(rows, each * reach)) != said
        figures = {"flips": Estimate.of_share(int(flipped.sum()), len(rows))}
        for label, shown in audited.show_classes().items():
            own = flipped[rows.labels == label]
            if len(own):
                figures[f"flips[{shown}]"] = Estimate.of_share(int(own.sum()), len(own))
        told = f"Every number moved by {self.epsilon:g} standard deviations, up or down, {self.draws} times."
        return AuditFinding(figures, (told,))


def _move(rows: Batch, by: np.ndarray) -> Batch:
    """The rows with their numbers moved."""
    moved = rows.numeric + by
    cells = dict(zip(rows.layout.numeric, moved.T, strict=True))
    return overwrite_cells(rows, np.arange(len(rows)), cells).batch
