"""The learned penalty of each layer of a network against the share of poison."""

from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from typing import Any, ClassVar

import numpy as np
from pydantic import Field

from pratique.attacks.learned_poison import LEARNED_BOUNDS, PENALTY_STEP
from pratique.core.extras import require_torch
from pratique.experiments.experiment import Curves, Experiment, Findings, Plot
from pratique.experiments.pair import Pair
from pratique.statistics.hypergradients.network import Network, Tensor, descend_network, differentiate_network

LAYERS_OF_NETWORK = ("layer_1", "layer_2", "layer_3")
CHOICES = ("none", "learned")


class LayerPenalties(Experiment):
    """Test error and the penalty of each layer, for a network of two hidden layers under poison.

    The poison of each wave climbs the validation loss of the network, and the penalties descend it meanwhile, both by
    reverse-mode differentiation of the training. Beside it: poison against the same network without any penalty.

    Source: Carnerero-Cano, Munoz-Gonzalez, Spencer and Lupu, "Hyperparameter learning under data poisoning", 2023.

    Cost: a minute a repetition on the digits. It needs torch.
    """

    needs_torch: ClassVar[bool] = True
    plots: ClassVar[Mapping[str, Plot]] = {
        "penalty": Plot("poison_percent", "natural logarithm of the penalty", LAYERS_OF_NETWORK),
        "error": Plot("poison_percent", "test error, %", CHOICES),
    }
    thorough: ClassVar[Mapping[str, Any]] = {"repetitions": 10}

    repetitions: int = Field(2, ge=1, description="How often rows and first parameters are drawn anew.")
    train_rows: int = Field(160, ge=10, description="Rows to train on.")
    validation_rows: int = Field(60, ge=4, description="Trusted rows, by which the penalties are learned.")
    test_rows: int = Field(132, ge=10, description="Rows to test on.")
    hidden: tuple[int, int] = Field((8, 8), description="Units of the two hidden layers.")
    epochs: int = Field(100, ge=1, description="Steps of gradient descent.")
    rate: float = Field(0.5, gt=0, description="Their length.")
    waves: int = Field(3, ge=1, description="Waves of poison.")
    share: float = Field(0.05, gt=0, le=0.1, description="Poison in a wave, as a share of the training rows.")
    steps: int = Field(20, ge=1, description="Steps of the poison of a wave.")
    step: float = Field(0.6, gt=0, description="Their length.")
    first_penalty: float = Field(-5.0, description="Where the search of each wave begins, as a natural logarithm.")

    def run(self, pair: Pair, seed: int) -> Findings:
        """Attack the network on each draw, with penalties that are learned and without any."""
        require_torch("the experiment layer-penalties")
        import torch

        torch.set_num_threads(1)
        penalties = np.zeros((len(LAYERS_OF_NETWORK), self.repetitions, self.waves + 1))
        errors = np.zeros((len(CHOICES), self.repetitions, self.waves + 1))
        for turn in range(self.repetitions):
            for at, choice in enumerate(CHOICES):
                duel = NetworkDuel(self, pair, np.random.default_rng([seed, turn]), choice == "learned")
                for wave, (penalty, error) in enumerate(duel.fight_waves()):
                    errors[at, turn, wave] = error
                    if duel.learns:
                        penalties[:, turn, wave] = penalty
        poison = 100 * self.share * np.arange(self.waves + 1)
        curves = {
            "penalty": Curves(poison, dict(zip(LAYERS_OF_NETWORK, penalties, strict=True))),
            "error": Curves(poison, dict(zip(CHOICES, errors, strict=True))),
        }
        highest = penalties[:, :, 1].argmax(axis=0)
        rises = {name: float(np.mean(highest == layer)) for layer, name in enumerate(LAYERS_OF_NETWORK)}
        return Findings(curves, numbers={"highest_after_the_first_wave": rises})


class NetworkDuel:
    """One draw of rows and parameters: poison against a network whose penalties descend."""

    def __init__(self, sizes: LayerPenalties, pair: Pair, rng: np.random.Generator, learns: bool) -> None:
        import torch

        self.sizes, self.learns = sizes, learns
        parts = pair.cut((sizes.train_rows, sizes.validation_rows, sizes.test_rows), rng)
        rows = [(torch.from_numpy(part.points), torch.from_numpy(part.targets.astype(float))) for part in parts]
        (points, labels), self.validate, self.test = rows
        shares = torch.full((len(labels),), 1 / len(labels), dtype=torch.float64)
        self.start = torch.full((3,), sizes.first_penalty if learns else -np.inf, dtype=torch.float64)
        self.problem = Network(points, labels, shares, self.start, sizes.hidden)
        self.parameters = self.problem.begin(rng)
        self.replaced, self.cloned = rng.permutation(sizes.train_rows), rng.permutation(sizes.validation_rows)

    def fight_waves(self) -> list[tuple[np.ndarray, float]]:
        """The penalties and the test error in percent, without poison and after each wave."""
        import torch

        sizes = self.sizes
        found = [self._measure(self._fight(self.problem, 0))]
        ends = [round(sizes.share * sizes.train_rows * wave) for wave in range(sizes.waves + 1)]
        points, labels = self.problem.points.clone(), self.problem.labels.clone()
        for first, last in pairwise(ends):
            wave, mine = self.replaced[first:last], self.cloned[np.arange(first, last) % len(self.cloned)]
            points[wave], labels[wave] = self.validate[0][mine], 1 - self.validate[1][mine]
            order = torch.from_numpy(np.concatenate([np.setdiff1d(np.arange(len(labels)), wave), wave]))
            problem = replace(self.problem, points=points[order], labels=labels[order])
            problem = self._fight(problem, len(wave))
            points[order] = problem.points
            found.append(self._measure(problem))
        return found

    def _fight(self, problem: Network, moving: int) -> Network:
        """Poison ascends, penalties descend, both along hypergradients; steps of the latter shrink to a tenth."""
        import torch

        sizes = self.sizes
        for turn in range(sizes.steps if moving or self.learns else 0):
            path = descend_network(problem, self.parameters, sizes.rate, sizes.epochs)
            by_penalty, by_rows = differentiate_network(problem, path, sizes.rate, *self.validate, moving)
            penalty = problem.penalty
            if self.learns:
                length = PENALTY_STEP * (1 - 0.9 * turn / max(1, sizes.steps - 1))
                penalty = (penalty - length * by_penalty.sign()).clip(*LEARNED_BOUNDS)
            size = by_rows.norm(dim=1, keepdim=True)
            there = problem.points[len(problem.points) - moving :] + sizes.step * by_rows / size.clamp(min=1e-300)
            points = torch.cat([problem.points[: len(problem.points) - moving], there.clip(0, 1)])
            problem = replace(problem, points=points, penalty=penalty)
        return problem

    def _measure(self, problem: Network) -> tuple[np.ndarray, float]:
        points, labels = self.test
        w: Tensor = descend_network(problem, self.parameters, self.sizes.rate, self.sizes.epochs)[-1]
        wrong = (problem.score(w, points) > 0) != (labels > 0)
        return problem.penalty.numpy(), float(100 * wrong.double().mean())
