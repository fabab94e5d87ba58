"""Hypergradients against finite differences, and each way against the others."""

from dataclasses import replace

import numpy as np
import pytest
from pratique.statistics.hypergradients.forward import differentiate_penalty
from pratique.statistics.hypergradients.implicit import (
    apply_mixed,
    differentiate_optimum,
    minimise,
    solve_by_gradients,
    solve_exactly,
)
from pratique.statistics.hypergradients.logistic import Logistic, add_ones, one_hot
from pratique.statistics.hypergradients.outer import Judge
from pratique.statistics.hypergradients.reverse import descend, differentiate

STEP = 1e-5
RATE, STEPS = 0.3, 40
LAST = slice(-3, None)


@pytest.fixture(params=[2, 3], ids=["two classes", "three classes"])
def classes(request):
    return request.param


@pytest.fixture(params=["one penalty", "one for each"])
def task(request, classes):
    """A small problem whose rows weigh differently, and its judge."""
    rng = np.random.default_rng(5)
    points, targets = add_ones(rng.normal(size=(24, 3))), rng.integers(classes, size=24)
    penalty = np.array([-2.0]) if request.param == "one penalty" else np.array([-2.0, -1.0, -3.0, -2.5])
    shares = rng.uniform(0.5, 1.5, 24) / 24
    other = rng.normal(size=(15, 3))
    judge = Judge(add_ones(other), one_hot(rng.integers(classes, size=15), classes))
    return Logistic(points, one_hot(targets, classes), shares, penalty), judge


def climb(given, outcome):
    """Central differences of `outcome` by each number of an array."""
    slopes = np.zeros(given.size)
    for i in range(given.size):
        there, back = given.copy(), given.copy()
        there.flat[i] += STEP
        back.flat[i] -= STEP
        slopes[i] = (outcome(there) - outcome(back)) / (2 * STEP)
    return slopes.reshape(given.shape)


@pytest.mark.parametrize("norm", ["l2", "l1"])
def test_gradient_and_curvature_are_those_of_the_loss(task, norm):
    problem, rng = replace(task[0], norm=norm), np.random.default_rng(1)
    w, v = rng.normal(size=problem.shape), rng.normal(size=problem.shape)
    np.testing.assert_allclose(problem.gradient(w), climb(w, problem.loss), atol=1e-8)
    slope = climb(np.array([0.0]), lambda s: float((problem.gradient(w + s[0] * v) * v).sum()))
    np.testing.assert_allclose((problem.bend(w, v) * v).sum(), slope[0], atol=1e-8)


@pytest.mark.parametrize("norm", ["l2", "l1"])
def test_reverse_mode_agrees_with_finite_differences(task, norm):
    problem, judge = replace(task[0], norm=norm), task[1]

    def outcome(**changed):
        return judge.loss(descend(replace(problem, **changed), RATE, STEPS)[-1])

    def outcome_of_rows(rows):
        return outcome(points=np.vstack([problem.points[:-3], rows]))

    found = differentiate(problem, descend(problem, RATE, STEPS), RATE, judge, LAST)
    np.testing.assert_allclose(found.penalty, climb(problem.penalty, lambda x: outcome(penalty=x)), atol=1e-6)
    np.testing.assert_allclose(found.shares, climb(problem.shares, lambda x: outcome(shares=x)), atol=1e-6)
    np.testing.assert_allclose(found.points, climb(problem.points[LAST], outcome_of_rows), atol=1e-6)


@pytest.mark.parametrize("norm", ["l2", "l1"])
def test_forward_mode_is_reverse_mode(task, norm):
    problem, judge = replace(task[0], norm=norm), task[1]
    path = descend(problem, RATE, STEPS)
    back = differentiate(problem, path, RATE, judge, LAST).penalty
    np.testing.assert_allclose(differentiate_penalty(problem, path, RATE, judge), back, atol=1e-10, rtol=0)


def test_many_steps_back_are_the_implicit_gradient(task):
    problem, judge = task
    path, best = descend(problem, 3 * RATE, 800), minimise(problem)
    back, at_once = (
        differentiate(problem, path, 3 * RATE, judge, LAST),
        differentiate_optimum(problem, best, judge, LAST),
    )
    np.testing.assert_allclose(path[-1], best, atol=1e-6)
    for name in ("penalty", "shares", "points"):
        np.testing.assert_allclose(getattr(at_once, name), getattr(back, name), atol=1e-3, rtol=1e-3)


@pytest.mark.parametrize("norm", ["l2", "l1"])
def test_conjugate_gradients_solve_what_the_whole_hessian_solves(task, norm):
    problem, judge = replace(task[0], norm=norm), task[1]
    w = minimise(problem)
    exact, by_gradients = (solve(problem, w, judge.gradient(w)) for solve in (solve_exactly, solve_by_gradients))
    np.testing.assert_allclose(by_gradients, exact, atol=1e-8)
    np.testing.assert_array_equal(
        apply_mixed(problem, w, by_gradients, LAST).penalty, differentiate_optimum(problem, w, judge).penalty
    )


def test_the_optimum_under_l1_moves_with_its_penalty_as_told(task):
    problem, judge = replace(task[0], norm="l1"), task[1]
    w = minimise(problem)
    assert (w == 0).any()
    told = differentiate_optimum(problem, w, judge).penalty
    seen = climb(problem.penalty, lambda x: judge.loss(minimise(replace(problem, penalty=x), w)))
    np.testing.assert_allclose(told, seen, atol=1e-5)


def test_the_optimum_is_that_of_scikit_learn(classes):
    from sklearn.linear_model import LogisticRegression

    rng = np.random.default_rng(0)
    points, targets = rng.normal(size=(40, 2)), np.arange(40) % 2
    problem = Logistic(points, one_hot(targets, 2), np.full(40, 1 / 40), np.log([0.1]))
    known = LogisticRegression(C=1 / (0.1 * 40), fit_intercept=False, tol=1e-10).fit(points, targets)
    np.testing.assert_allclose(minimise(problem).T, known.coef_, atol=1e-6)


def test_the_step_of_descent_is_short_enough(task):
    problem = task[0]
    losses = [problem.loss(w) for w in descend(problem, problem.rate(), 30)]
    assert (np.diff(losses) <= 0).all()
