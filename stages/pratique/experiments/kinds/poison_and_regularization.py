"""Test error, the learned penalty and the size of the parameters against the share of poison."""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from pratique.experiments.experiment import Curves, Findings, Plot
from pratique.experiments.pair import Pair
from pratique.experiments.poisoned_training import WAYS, PoisonedTraining


class PoisonAndRegularization(PoisonedTraining):
    """Test error against poison for each way of choosing the penalty.

    Ways: no penalty, a large one, one that is cross-validated on clean rows, one that is learned on trusted rows while
    the poison moves. Against each way the poison is sought anew.

    Source: Carnerero-Cano, Munoz-Gonzalez, Spencer and Lupu, "Hyperparameter learning under data poisoning", 2023.

    Cost: 10 seconds a repetition on the digits.
    """

    plots: ClassVar[Mapping[str, Plot]] = {
        "error": Plot("poison_percent", "test error, %", WAYS),
        "penalty": Plot("poison_percent", "natural logarithm of the penalty", ("learned",)),
        "size": Plot("poison_percent", "mean square of a parameter", WAYS),
    }
    thorough: ClassVar[Mapping[str, Any]] = {"repetitions": 10}

    def run(self, pair: Pair, seed: int) -> Findings:
        """Attack each way on each split."""
        found: dict[str, dict[str, list[list[float]]]] = {name: {way: [] for way in WAYS} for name in self.plots}
        for split in self.splits(pair, seed):
            for way in WAYS:
                states = self.attack(split, way)
                found["error"][way].append([self.test_error(split, state) for state in states])
                found["penalty"][way].append([float(state.penalty[0]) for state in states])
                found["size"][way].append([float((self.finish(state) ** 2).mean()) for state in states])
        lines = {name: {way: np.array(found[name][way]) for way in plot.lines} for name, plot in self.plots.items()}
        return Findings({name: Curves(self.poison, own) for name, own in lines.items()})
