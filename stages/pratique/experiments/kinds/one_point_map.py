"""Where one poisoning point hurts, and where it raises the learned penalty."""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from pydantic import Field

from pratique.attacks.learned_poison import LEARNED_BOUNDS
from pratique.experiments.experiment import Experiment, Findings, Plane
from pratique.experiments.pair import Pair
from pratique.statistics.hypergradients.implicit import differentiate_optimum, minimise
from pratique.statistics.hypergradients.logistic import Logistic, add_ones, one_hot
from pratique.statistics.hypergradients.outer import Judge

LAYERS = ("loss_without_penalty", "loss_with_learned_penalty", "learned_penalty")


class OnePointMap(Experiment):
    """The loss on trusted rows and the learned penalty, over the place of one poisoning point in two dimensions.

    The rows in the plane of their first two principal components; one point of the first class at each place of a grid
    over it. A logistic regression learns with the least penalty, and with the one that trusted rows like best. How the
    ranks of the loss and of the penalty go together is told as the median over draws of rows.

    Source: Carnerero-Cano, Munoz-Gonzalez, Spencer and Lupu, "Hyperparameter learning under data poisoning", 2023.

    Cost: 6 seconds a repetition on a grid of 21 by 21.
    """

    planes: ClassVar[Mapping[str, tuple[str, ...]]] = {"map": LAYERS}
    thorough: ClassVar[Mapping[str, Any]] = {"repetitions": 20, "grid": 31}

    repetitions: int = Field(5, ge=1, description="How often rows are drawn anew; the first draw is pictured.")
    train_rows: int = Field(24, ge=4, description="Rows to train on.")
    validation_rows: int = Field(200, ge=4, description="Trusted rows, by which the penalty is learned.")
    grid: int = Field(21, ge=2, description="Places along each axis.")
    margin: float = Field(0.5, ge=0, description="How far the plane goes beyond the rows, as a share of their range.")

    def run(self, pair: Pair, seed: int) -> Findings:
        """Put the point at each place, on each draw."""
        planes = [self.draw_plane(pair, np.random.default_rng([seed, turn])) for turn in range(self.repetitions)]
        ranks = [_correlate_ranks(plane) for plane in planes]
        loss, damped = (max(float(plane.layers[name].max()) for plane in planes) for name in LAYERS[:2])
        numbers = {
            "rank_correlation": {"median": float(np.median(ranks)), "least": min(ranks), "most": max(ranks)},
            "largest_loss": {"without_penalty": loss, "with_learned_penalty": damped},
        }
        return Findings(planes={"map": planes[0]}, numbers=numbers)

    def draw_plane(self, pair: Pair, rng: np.random.Generator) -> Plane:
        """What the point does at each place, on one draw of rows."""
        train, validate = pair.cut((self.train_rows, self.validation_rows), rng)
        seen, judged = _project(train.points, validate.points)
        judge = Judge(add_ones(judged), one_hot(validate.targets, 2))
        low, high = seen.min(axis=0), seen.max(axis=0)
        x, y = np.linspace(low - self.margin * (high - low), high + self.margin * (high - low), self.grid).T
        found = np.array([[_measure(seen, train.targets, np.array([a, b]), judge) for a in x] for b in y])
        return Plane(x, y, dict(zip(LAYERS, np.moveaxis(found, 2, 0), strict=True)), seen, train.targets)


def _correlate_ranks(plane: Plane) -> float:
    """Spearman's correlation of the loss without a penalty and the learned penalty; 0 where one is constant."""
    from scipy.stats import spearmanr

    loss, penalty = (plane.layers[name].ravel() for name in (LAYERS[0], LAYERS[2]))
    return float(spearmanr(loss, penalty).statistic) if np.ptp(loss) > 0 and np.ptp(penalty) > 0 else 0.0


def _project(train: np.ndarray, others: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both in the plane of the first two principal components of the first, the larger one of unit spread."""
    centre = train.mean(axis=0)
    _, sizes, axes = np.linalg.svd(train - centre, full_matrices=False)
    signs = np.sign(axes[:2][np.arange(2), np.abs(axes[:2]).argmax(axis=1)])  # the sign of a component is free
    plane = axes[:2] * signs[:, None] * np.sqrt(len(train)) / sizes[0]
    return (train - centre) @ plane.T, (others - centre) @ plane.T


def _measure(points: np.ndarray, targets: np.ndarray, poison: np.ndarray, judge: Judge) -> tuple[float, float, float]:
    """The judge's loss with the least penalty and with the best one, and the logarithm of the best."""
    from scipy.optimize import minimize

    rows, labels = add_ones(np.vstack([points, poison])), one_hot(np.append(targets, 0), 2)
    shares = np.full(len(labels), 1 / len(labels))

    def outcome(penalty: np.ndarray) -> tuple[float, np.ndarray]:
        problem = Logistic(rows, labels, shares, penalty)
        w = minimise(problem)
        return judge.loss(w), differentiate_optimum(problem, w, judge).penalty

    best = min(
        (minimize(outcome, start, jac=True, method="L-BFGS-B", bounds=[LEARNED_BOUNDS]) for start in ([-6.0], [-2.0])),
        key=lambda found: found.fun,
    )
    return outcome(np.array([LEARNED_BOUNDS[0]]))[0], float(best.fun), float(best.x[0])
