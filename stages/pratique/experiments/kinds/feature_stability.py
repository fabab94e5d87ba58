"""Whether poison changes which features a model leans on."""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from pydantic import Field

from pratique.experiments.experiment import Curves, Findings, Plot
from pratique.experiments.pair import Pair
from pratique.experiments.poisoned_training import WAYS, PoisonedTraining, Way
from pratique.statistics.consistency import kuncheva_index, select_largest


class FeatureStability(PoisonedTraining):
    """Kuncheva's consistency index of the features with the largest parameters, before and after poison.

    For each way of choosing the penalty: the features that the poisoned model leans on the most against those of the
    clean model whose penalty is chosen alike. 1 says that they are the same, 0 what chance would give.

    Source: Kuncheva, "A stability index for feature selection", 2007; Carnerero-Cano et al., 2023.

    Cost: 10 seconds a repetition on the digits.
    """

    plots: ClassVar[Mapping[str, Plot]] = {"consistency": Plot("poison_percent", "Kuncheva's consistency index", WAYS)}
    thorough: ClassVar[Mapping[str, Any]] = {"repetitions": 10}

    selected: float = Field(0.2, gt=0, lt=1, description="The share of features that are selected, by size.")

    def run(self, pair: Pair, seed: int) -> Findings:
        """Attack each way on each split, and compare what is selected."""
        count = min(max(1, round(self.selected * pair.points.shape[1])), pair.points.shape[1] - 1)
        found: dict[Way, list[list[float]]] = {way: [] for way in WAYS}
        for split in self.splits(pair, seed):
            for way, lines in found.items():
                parameters = [self.finish(problem)[:-1, 0] for problem in self.attack(split, way)]
                clean, *_ = chosen = [select_largest(w, count) for w in parameters]
                lines.append([kuncheva_index(clean, each) for each in chosen])
        consistency: dict[str, np.ndarray] = {way: np.array(values) for way, values in found.items()}
        return Findings({"consistency": Curves(self.poison, consistency)})
