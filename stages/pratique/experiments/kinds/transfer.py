"""What poison against a logistic regression does to models that the attacker has never seen."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from pydantic import Field

from pratique.experiments.experiment import Curves, Findings, Plot
from pratique.experiments.pair import Pair
from pratique.experiments.poisoned_training import PoisonedTraining, Way
from pratique.statistics.hypergradients.logistic import Logistic

if TYPE_CHECKING:
    from sklearn.base import ClassifierMixin

PROXY = "proxy"
UNSEEN = ("random_forest", "support_vectors", "nearest_neighbours", "neural_network")


class Transfer(PoisonedTraining):
    """Test error of the proxy that the poison is sought against, and of unseen models on the same rows.

    The unseen ones are scikit-learn's, with their usual settings: a forest, a support vector machine with radial basis
    functions, five nearest neighbours, a network of 50 hidden units.

    Source: Munoz-Gonzalez et al., "Towards Poisoning of Deep Learning Algorithms with Back-gradient Optimization",
    AISec 2017.

    Cost: 8 seconds a repetition on the digits.
    """

    plots: ClassVar[Mapping[str, Plot]] = {"error": Plot("poison_percent", "test error, %", (PROXY, *UNSEEN))}
    thorough: ClassVar[Mapping[str, Any]] = {"repetitions": 10}

    penalty: Way = Field("none", description="How the penalty of the proxy is chosen.")

    def run(self, pair: Pair, seed: int) -> Findings:
        """Attack the proxy on each split, and train every model on what it leaves."""
        found: dict[str, list[list[float]]] = {name: [] for name in (PROXY, *UNSEEN)}
        for split in self.splits(pair, seed):
            states = self.attack(split, self.penalty)
            found[PROXY].append([self.test_error(split, state) for state in states])
            for name in UNSEEN:
                found[name].append([_test(name, state, split.test) for state in states])
        return Findings({"error": Curves(self.poison, {name: np.array(values) for name, values in found.items()})})


def _test(name: str, problem: Logistic, test: Pair) -> float:
    """The test error of an unseen model that learned from the rows of a training, in percent."""
    fitted = _classifier(name).fit(problem.points[:, :-1], problem.labels[:, 0] > 0)
    return float(100 * np.mean(fitted.predict(test.points) != (test.targets > 0)))


def _classifier(name: str) -> "ClassifierMixin":
    if name == "random_forest":
        from sklearn.ensemble import RandomForestClassifier

        return RandomForestClassifier(100, random_state=0)
    if name == "support_vectors":
        from sklearn.svm import SVC

        return SVC()
    if name == "nearest_neighbours":
        from sklearn.neighbors import KNeighborsClassifier

        return KNeighborsClassifier()
    from sklearn.neural_network import MLPClassifier

    return MLPClassifier((50,), solver="lbfgs", max_iter=2000, random_state=0)
