"""Hypergradients of a network against finite differences, and without hidden units against logistic regression."""

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from pratique.statistics.hypergradients.logistic import Logistic, add_ones  # noqa: E402
from pratique.statistics.hypergradients.network import (  # noqa: E402
    Network,
    cross_entropy_of_scores,
    descend_network,
    differentiate_network,
)
from pratique.statistics.hypergradients.outer import Judge  # noqa: E402
from pratique.statistics.hypergradients.reverse import descend, differentiate  # noqa: E402

pytestmark = pytest.mark.torch
STEP, RATE, STEPS, MOVING = 1e-5, 0.3, 30, 2


@pytest.fixture(autouse=True)
def single_thread():
    torch.set_num_threads(1)


def make(hidden, penalty):
    rng = np.random.default_rng(4)
    points, others = rng.normal(size=(16, 3)), rng.normal(size=(10, 3))
    labels, answers = (torch.from_numpy(rng.integers(2, size=n).astype(float)) for n in (16, 10))
    shares = torch.from_numpy(rng.uniform(0.5, 1.5, 16) / 16)
    problem = Network(torch.from_numpy(points), labels, shares, torch.tensor(penalty, dtype=torch.float64), hidden)
    return problem, torch.from_numpy(others), answers, problem.begin(rng)


@pytest.mark.parametrize("hidden", [(), (4,), (4, 3)])
def test_reverse_mode_agrees_with_finite_differences(hidden):
    problem, others, answers, start = make(hidden, np.linspace(-3, -1, len(hidden) + 1))

    def outcome(**changed):
        own = replace(problem, **changed)
        w = descend_network(own, start, RATE, STEPS)[-1]
        return float(cross_entropy_of_scores(own.score(w, others), answers).mean())

    def climb(name, place):
        ends = []
        for sign in (1, -1):
            there = getattr(problem, name).clone()
            there[place] += sign * STEP
            ends.append(outcome(**{name: there}))
        return (ends[0] - ends[1]) / (2 * STEP)

    path = descend_network(problem, start, RATE, STEPS)
    by_penalty, by_rows = differentiate_network(problem, path, RATE, others, answers, MOVING)
    seen = [climb("penalty", layer) for layer in range(len(hidden) + 1)]
    np.testing.assert_allclose(by_penalty.numpy(), seen, atol=1e-8)
    seen = [[climb("points", (row, column)) for column in range(3)] for row in (14, 15)]
    np.testing.assert_allclose(by_rows.numpy(), seen, atol=1e-8)


def test_without_hidden_units_it_is_logistic_regression():
    problem, others, answers, start = make((), [-2.0])
    known = Logistic(
        add_ones(problem.points.numpy()), problem.labels.numpy()[:, None], problem.shares.numpy(), np.array([-2.0])
    )
    judge = Judge(add_ones(others.numpy()), answers.numpy()[:, None])
    path = descend_network(problem, torch.zeros_like(start), RATE, STEPS)
    known_path = descend(known, RATE, STEPS)
    np.testing.assert_allclose(path[-1].numpy(), known_path[-1][:, 0], atol=1e-12)
    by_penalty, by_rows = differentiate_network(problem, path, RATE, others, answers, MOVING)
    back = differentiate(known, known_path, RATE, judge, slice(-MOVING, None))
    np.testing.assert_allclose(by_penalty.numpy(), back.penalty, atol=1e-12)
    np.testing.assert_allclose(by_rows.numpy(), back.points[:, :-1], atol=1e-12)
