"""Poison against a learned penalty: test error and penalty by how much of the training set is poison.

    python tests/benchmarks/bilevel_poisoning.py [MNIST_0V8.parquet] [--repetitions 10]

Digits 0 against 8 of scikit-learn (160 rows to train on, 60 to validate, 132 to test), or of MNIST where a file is
named (200, 100, 2,000). Poison comes in five waves, each of 3.5 % of the training rows: clones of validation points
under the other label in the place of training rows, which climb the validation loss by reverse-mode differentiation.
The penalty is none, chosen on clean rows and fixed (cross-validated), learned against each wave, or, on the poison that
`learned` met, learned again. Prints test error in percent and the logarithm of the penalty, mean ± standard error.
"""

import argparse
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
from pratique.attacks.support.bilevel import Duel, learn_penalty
from pratique.statistics.hypergradients.logistic import Logistic, add_ones, one_hot
from pratique.statistics.hypergradients.outer import Judge
from pratique.statistics.hypergradients.reverse import descend
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV

WAVES, SHARE = 5, 0.035
BOUNDS, START, PENALTY_STEP = (-8.0, 1.0), -3.0, 0.5


@dataclass(frozen=True)
class Setup:
    """Sizes, and how the training and the poison go."""

    points: np.ndarray
    targets: np.ndarray
    train: int
    validate: int
    test: int
    epochs: int
    rate: float
    step: float
    steps: int


def main() -> None:
    """Run every way, and print a table."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("mnist", type=Path, nargs="?")
    words.add_argument("--repetitions", type=int, default=10)
    given = words.parse_args()
    setup = digits() if given.mnist is None else mnist(given.mnist)
    found = [run(setup, seed) for seed in range(given.repetitions)]
    print(f"| penalty | {' | '.join(f'{100 * SHARE * wave:g} %' for wave in range(WAVES + 1))} |")
    print("|---|" + "--:|" * (WAVES + 1))
    for name in found[0]:
        values = np.array([each[name] for each in found])
        spread = values.std(axis=0, ddof=1) / np.sqrt(len(values))
        cells = [f"{mean:.1f} ± {error:.1f}" for mean, error in zip(values.mean(axis=0), spread, strict=True)]
        print(f"| {name} | {' | '.join(cells)} |")


def digits() -> Setup:
    """Of scikit-learn."""
    points, names = load_digits(return_X_y=True)
    mine = np.isin(names, [0, 8])
    return Setup(points[mine] / 16, (names[mine] == 8).astype(int), 160, 60, 132, 400, 0.5, 0.4, 30)


def mnist(place: Path) -> Setup:
    """Of a table of pixels and a label."""
    frame = pd.read_parquet(place)
    points, names = frame.drop(columns="label").to_numpy(float) / 255, frame["label"].to_numpy()
    return Setup(points, (names == names.max()).astype(int), 200, 100, 2000, 150, 0.1, 1.0, 30)


def run(setup: Setup, seed: int) -> dict[str, list[float]]:
    """One split: the test error for each way at each share of poison, and the learned penalties."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(setup.targets))
    sizes = np.cumsum([setup.train, setup.validate, setup.test])
    rows, validating, testing = np.split(order, sizes)[:3]
    judge, test = (
        Judge(add_ones(setup.points[part]), one_hot(setup.targets[part], 2)) for part in (validating, testing)
    )
    shares, labels = np.full(setup.train, 1 / setup.train), one_hot(setup.targets[rows], 2)
    clean = Logistic(add_ones(setup.points[rows]), labels, shares, np.array([START]))
    duel = Duel(clean, 0, judge, judge, BOUNDS, PENALTY_STEP, setup.epochs, setup.steps, setup.rate)
    fixed = {"none": -np.inf, "cross-validated": cross_validate(setup, rows)}
    plan, found = rng.permutation(setup.train), {}
    clones = validating[rng.permutation(setup.validate)]
    for name, penalty in fixed.items():
        still = replace(duel, problem=replace(clean, penalty=np.array([penalty])), descended=None)
        states = [still.problem, *attack(still, setup, plan, clones)]
        found[name] = [error(setup, state, test) for state in states]
    learned = [replace(clean, penalty=learn_penalty(duel)), *attack(duel, setup, plan, clones)]
    found["learned"] = [error(setup, state, test) for state in learned]
    again = [replace(state, penalty=learn_penalty(replace(duel, problem=state))) for state in learned]
    found["learned again"] = [error(setup, state, test) for state in again]
    found["log penalty, learned"] = [float(state.penalty[0]) for state in learned]
    found["mean square of a parameter, learned"] = [
        float((descend(state, setup.rate, setup.epochs)[-1] ** 2).mean()) for state in learned
    ]
    return found


def attack(duel: Duel, setup: Setup, plan: np.ndarray, clones: np.ndarray) -> list[Logistic]:
    """The training after each wave; rows that waves replaced stay replaced."""
    states, start, points, labels = [], duel.problem.penalty, duel.problem.points.copy(), duel.problem.labels.copy()
    ends = [round(SHARE * setup.train * wave) for wave in range(WAVES + 1)]

    def move(places: np.ndarray, slopes: np.ndarray) -> np.ndarray:
        slopes = slopes[:, :-1]
        length = np.linalg.norm(slopes, axis=1, keepdims=True)
        there = places[:, :-1] + setup.step * slopes / np.where(length > 0, length, 1)
        return add_ones(np.clip(there, 0, 1))

    for first, last in pairwise(ends):
        wave, mine = plan[first:last], clones[first:last]
        points[wave] = add_ones(setup.points[mine])
        labels[wave] = 1 - one_hot(setup.targets[mine], 2)
        order = np.concatenate([np.setdiff1d(np.arange(setup.train), wave), wave])
        problem = replace(duel.problem, points=points[order], labels=labels[order], penalty=start)
        states.append(replace(duel, problem=problem, moving=len(wave)).fight(move))
        points[order] = states[-1].points
    return states


def cross_validate(setup: Setup, rows: np.ndarray) -> float:
    """The logarithm of the penalty that five folds of the clean training rows prefer."""
    grid = np.linspace(*BOUNDS, 19)
    search = GridSearchCV(
        LogisticRegression(max_iter=5000), {"C": 1 / (np.exp(grid) * len(rows))}, scoring="neg_log_loss", cv=5
    )
    search.fit(setup.points[rows], setup.targets[rows])
    return float(-np.log(search.best_params_["C"] * len(rows)))


def error(setup: Setup, problem: Logistic, test: Judge) -> float:
    """Test error in percent at the end of the training."""
    w = descend(problem, setup.rate, setup.epochs)[-1]
    return float(100 * np.mean((test.points @ w > 0) != (test.labels > 0.5)))


if __name__ == "__main__":
    main()
