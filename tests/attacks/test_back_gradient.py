"""Back-gradient poisoning: its gradient by hand and against finite differences, its effect on a trained model."""

from dataclasses import replace

import numpy as np
import pytest
from pratique.attacks.back_gradient import BackGradient, Training
from pratique.attacks.label_flip import LabelFlip
from sklearn.linear_model import LogisticRegression


def training(epochs, rate=0.5, inserted=3):
    rng = np.random.default_rng(0)
    signs = rng.choice([-1.0, 1.0], 25)
    shares = rng.uniform(1, 2, 25)
    start = Training(rng.normal(size=(25, 4)) + signs[:, None], signs, shares / shares.sum(), inserted, rate, epochs)
    others = rng.choice([-1.0, 1.0], 40)
    return start, rng.normal(size=(40, 4)) + others[:, None], others


@pytest.mark.parametrize("epochs", [1, 7, 100])
def test_back_gradient_agrees_with_finite_differences(epochs):
    start, points, signs = training(epochs)
    expected = np.zeros((3, 4))
    for place in np.ndindex(3, 4):
        step = np.zeros_like(start.points)
        step[-3:][place] = 1e-5
        up, down = (replace(start, points=start.points + way * step) for way in (1, -1))
        expected[place] = (up.loss(up.path(), points, signs) - down.loss(down.path(), points, signs)) / 2e-5
    slopes = start.slopes(start.path(), points, signs)
    assert np.linalg.norm(slopes - expected) < 1e-5 * np.linalg.norm(expected)


def test_back_gradient_of_one_step_by_hand():
    """From zeros, w_1 = eta sum a y x / 2, intercept last; so dA/dx_p = eta a_p y_p / 2 grad A(w_1)."""
    start = Training(np.array([[2.0], [-4.0]]), np.array([1.0, 1.0]), np.array([0.75, 0.25]), 1, 0.8, 1)
    path = start.path()
    np.testing.assert_allclose(path, [[0, 0], [0.4 * (1.5 - 1.0), 0.4]])
    loss = start.loss(path, np.array([[3.0]]), np.array([-1.0]))
    assert loss == pytest.approx(np.log1p(np.exp(1.0))), "the margin of 3 as -1 is -(0.2 x 3 + 0.4)"
    slope = start.slopes(path, np.array([[3.0]]), np.array([-1.0]))
    assert slope == pytest.approx(np.array([[0.8 * 0.25 / 2 * 3 / (1 + np.exp(-1.0))]]))


def test_back_gradient_beats_random_flips_at_ten_points(digits, error):
    errors = {"back-gradient": [], "flips": []}
    for seed in range(6):
        train, test = digits("1", "7", 100, seed)
        for name, attack in (("back-gradient", BackGradient()), ("flips", LabelFlip(added=True))):
            poisoned = attack.poison(train, 0.1, np.random.default_rng(seed))
            assert len(poisoned.rows) == 10
            errors[name].append(error(LogisticRegression(max_iter=2000), poisoned.batch, test))
    assert np.mean(errors["back-gradient"]) > np.mean(errors["flips"]) + 0.01


def test_back_gradient_moves_numbers_and_keeps_the_levels_of_the_clone(make, cells):
    rng = np.random.default_rng(0)
    kind = ["a"] * 30 + ["b"] * 5 + ["c"] * 20
    clean = make(
        id=list(range(55)),
        length=rng.normal(size=55),
        petals=rng.integers(0, 9, 55),
        colour=["red"] * 30 + ["blue"] * 25,
        kind=kind,
    )
    result = BackGradient(steps=5).poison(clean, 0.2, np.random.default_rng(0))
    assert len(result.rows) == 11
    rows = [{name: cells(result, name)[row] for name in ("id", "colour", "kind")} for row in result.rows]
    assert {(row["id"], row["colour"], row["kind"]) for row in rows} == {(None, "red", "c"), (None, "blue", "a")}
    new = result.batch.numeric[result.rows]
    assert not set(new[:, 0]) & set(np.sort(clean.numeric[:, 0])[1:-1])
    assert (new >= clean.numeric.min(axis=0)).all()
    assert (new <= clean.numeric.max(axis=0)).all()


def test_back_gradient_climbs(make):
    """The points found do more to the surrogate than the clones that they started as."""
    rng = np.random.default_rng(0)
    kind = np.repeat([0, 1], 50)
    clean = make(length=rng.normal(3.0 * kind), kind=kind)
    shifts = []
    for steps in (1, 20):
        result = BackGradient(steps=steps).poison(clean, 0.1, np.random.default_rng(0))
        model = LogisticRegression().fit(result.batch.numeric[:, :1], result.batch.labels)
        shifts.append(model.coef_[0, 0])
    assert shifts[1] < shifts[0]
