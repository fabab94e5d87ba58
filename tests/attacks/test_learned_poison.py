"""Learned poison: what it does to a trained model, and what the penalty does meanwhile."""

from dataclasses import replace

import numpy as np
import pytest
from pratique.attacks.label_flip import LabelFlip
from pratique.attacks.learned_poison import LearnedPoison
from pratique.attacks.support.bilevel import Duel, learn_penalty
from pratique.statistics.hypergradients.logistic import Logistic, add_ones, one_hot
from pratique.statistics.hypergradients.outer import Judge
from pratique.statistics.hypergradients.reverse import descend
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression


def test_learned_poison_beats_random_flips_at_ten_points(digits, error):
    errors = {"learned": [], "flips": []}
    for seed in range(4):
        train, test = digits("1", "7", 100, seed)
        for name, attack in (("learned", LearnedPoison(penalty="none")), ("flips", LabelFlip(added=True))):
            poisoned = attack.poison(train, 0.1, np.random.default_rng(seed))
            assert len(poisoned.rows) == 10
            errors[name].append(error(LogisticRegression(max_iter=2000), poisoned.batch, test))
    assert np.mean(errors["learned"]) > np.mean(errors["flips"]) + 0.01


def test_learned_poison_keeps_the_range_and_the_levels_of_its_clone(make, cells):
    rng = np.random.default_rng(0)
    kind = ["a"] * 30 + ["b"] * 20
    clean = make(
        length=rng.normal(size=50), petals=rng.integers(0, 9, 50), colour=["red"] * 30 + ["blue"] * 20, kind=kind
    )
    result = LearnedPoison(steps=3, epochs=10).poison(clean, 0.2, np.random.default_rng(0))
    rows = {(cells(result, "colour")[row], cells(result, "kind")[row]) for row in result.rows}
    assert rows == {("red", "b"), ("blue", "a")}
    new = result.batch.numeric[result.rows]
    assert (new >= clean.numeric.min(axis=0)).all()
    assert (new <= clean.numeric.max(axis=0)).all()


def test_poison_for_victims_is_another_poison(make):
    rng = np.random.default_rng(0)
    kind = np.array(["a", "b"])[np.arange(60) % 2]
    clean = make(length=rng.normal(np.arange(60) % 2), petals=rng.normal(size=60), kind=kind)
    whole, one = (
        LearnedPoison(steps=3, epochs=20, victims=victims).poison(clean, 0.1, np.random.default_rng(0)).batch.numeric
        for victims in (None, "a")
    )
    assert not np.array_equal(whole, one)


@pytest.fixture
def duel():
    """Digits 0 against 8, and the last rows of the training theirs who poison."""
    points, digits = load_digits(return_X_y=True)
    chosen = np.random.default_rng(0).permutation(np.flatnonzero(np.isin(digits, [0, 8])))[:160]
    points, labels = add_ones(points[chosen] / 16), one_hot((digits[chosen] == 8).astype(int), 2)
    problem = Logistic(points[:100], labels[:100], np.full(100, 0.01), np.array([-4.0]))
    judge = Judge(points[100:], labels[100:])
    return Duel(problem, 0, judge, judge, (-8.0, 1.0), 0.5, 100, 25, rate=0.5)


def step_up(points, slopes):
    length = np.linalg.norm(slopes, axis=1, keepdims=True)
    return add_ones(np.clip(points + 0.6 * slopes / np.where(length > 0, length, 1), 0, 1)[:, :-1])


def flip_last(problem, count):
    labels = problem.labels.copy()
    labels[len(labels) - count :] = 1 - labels[len(labels) - count :]
    return replace(problem, labels=labels)


def loss(duel, problem):
    return duel.climbed.loss(descend(problem, duel.rate, duel.epochs)[-1])


def test_the_learned_penalty_rises_with_the_poison(duel):
    """Against flips alone it need not: they shrink the parameters by themselves."""
    learned = [learn_penalty(duel)[0]]
    for count in (5, 20):
        learned.append(replace(duel, problem=flip_last(duel.problem, count), moving=count).fight(step_up).penalty[0])
    assert learned[0] < learned[1] < learned[2]


def test_rows_that_move_raise_the_loss_and_a_learned_penalty_damps_it(duel):
    start = flip_last(duel.problem, 8)
    fixed = replace(start, penalty=np.array([-8.0]))
    moved = replace(duel, problem=fixed, moving=8, descended=None).fight(step_up)
    damped = replace(duel, problem=start, moving=8).fight(step_up)
    assert loss(duel, fixed) < loss(duel, damped) < loss(duel, moved)
    np.testing.assert_array_equal(moved.points[:-8], start.points[:-8])
    assert moved.penalty == -8.0
    assert damped.penalty > learn_penalty(duel)
