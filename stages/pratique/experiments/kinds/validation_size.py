"""How many trusted rows it takes to learn the penalty."""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from pydantic import Field

from pratique.experiments.experiment import Curves, Findings, Plot
from pratique.experiments.pair import Pair
from pratique.experiments.poisoned_training import PoisonedTraining

DOSES = ("clean", "poisoned")


class ValidationSize(PoisonedTraining):
    """Test error and the learned penalty against the number of trusted rows.

    The penalty is learned on so many trusted rows; larger sets hold the smaller ones. The attacker climbs the loss on
    the largest set.

    Source: Carnerero-Cano, Munoz-Gonzalez, Spencer and Lupu, "Hyperparameter learning under data poisoning", 2023.

    Cost: 10 seconds a repetition on the digits.
    """

    plots: ClassVar[Mapping[str, Plot]] = {
        "error": Plot("trusted_rows", "test error, %", DOSES),
        "penalty": Plot("trusted_rows", "natural logarithm of the penalty", DOSES),
    }
    thorough: ClassVar[Mapping[str, Any]] = {"repetitions": 10}

    waves: int = Field(3, ge=1, description="Waves of poison.")
    sizes: tuple[int, ...] = Field((10, 20, 40, 60), min_length=1, description="Numbers of trusted rows.")

    def run(self, pair: Pair, seed: int) -> Findings:
        """Attack with each size on each split."""
        found = np.zeros((2, 2, self.repetitions, len(self.sizes)))
        largest = self.model_copy(update={"validation_rows": max(self.sizes)})
        for repetition, split in enumerate(largest.splits(pair, seed)):
            for at, size in enumerate(self.sizes):
                clean, *_, poisoned = self.attack(split, "learned", size)
                for dose, state in enumerate((clean, poisoned)):
                    found[:, dose, repetition, at] = self.test_error(split, state), float(state.penalty[0])
        x = np.array(self.sizes, float)
        error, penalty = (Curves(x, dict(zip(DOSES, values, strict=True))) for values in found)
        return Findings({"error": error, "penalty": penalty})
