"""How many flipped labels a ridge classifier is certain to withstand."""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from pydantic import Field

from pratique.experiments.experiment import Curves, Experiment, Findings, Plot
from pratique.experiments.pair import Pair
from pratique.statistics.hypergradients.logistic import add_ones
from pratique.statistics.ridge import compute_flip_radius, weigh_labels

STRENGTHS = ("small_penalty", "middle_penalty", "large_penalty")


class FlipRadius(Experiment):
    """Certified accuracy against the number of flipped training labels: least squares with a penalty as a classifier.

    The share of test rows that are right and stay right whichever so many labels are flipped. It is exact, for this
    classifier and for flips: it says nothing of other models, nor of rows that are moved or added.

    Cost: a second.
    """

    plots: ClassVar[Mapping[str, Plot]] = {
        "certified": Plot("flipped_labels", "right and certain to stay so, %", STRENGTHS)
    }
    thorough: ClassVar[Mapping[str, Any]] = {"repetitions": 50}

    repetitions: int = Field(10, ge=1, description="How often rows are drawn anew.")
    train_rows: int = Field(160, ge=4, description="Rows to train on.")
    test_rows: int = Field(132, ge=4, description="Rows to test on.")
    flips: int = Field(40, ge=1, description="The largest number of flipped labels that is asked about.")
    penalties: tuple[float, float, float] = Field(
        (-8.0, -3.0, 0.0), description="Natural logarithms of the three penalties of a mean loss."
    )

    def run(self, pair: Pair, seed: int) -> Findings:
        """Count on each draw."""
        counts = np.arange(self.flips + 1)
        found = np.zeros((len(self.penalties), self.repetitions, len(counts)))
        for repetition in range(self.repetitions):
            train, test = pair.cut((self.train_rows, self.test_rows), np.random.default_rng([seed, repetition]))
            signs = 2.0 * train.targets - 1
            for at, penalty in enumerate(self.penalties):
                counted = weigh_labels(add_ones(train.points), add_ones(test.points), float(np.exp(penalty)))
                right = (counted @ signs > 0) == (test.targets > 0)
                sure = right[:, None] & (compute_flip_radius(counted, signs)[:, None] >= counts)
                found[at, repetition] = 100 * sure.mean(axis=0)
        return Findings({"certified": Curves(counts.astype(float), dict(zip(STRENGTHS, found, strict=True)))})
