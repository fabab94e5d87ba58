"""Biggio's attack: its gradient against finite differences and the paper, its effect on machines that are trained."""

import numpy as np
import pytest
from pratique.attacks.biggio_svm import BiggioSvm, Machine
from pratique.attacks.label_flip import LabelFlip
from sklearn.svm import SVC

STEP = 1e-5


def exact(points, signs, bounds):
    """A machine to the last digit, which libsvm's float32 kernel does not give, and a proof that it is the optimum."""
    rough = Machine.of(points, signs, bounds)
    free = (rough.alphas > 1e-6 * bounds) & (rough.alphas < (1 - 1e-6) * bounds)
    full = rough.alphas >= (1 - 1e-6) * bounds
    q = np.outer(signs, signs) * (points @ points.T)
    known = np.where(full, bounds, 0)
    system = np.block([[np.zeros((1, 1)), signs[None, free]], [signs[free, None], q[np.ix_(free, free)]]])
    solved = np.linalg.solve(system, np.append(-signs @ known, 1 - q[free] @ known))
    alphas = known.copy()
    alphas[free] = solved[1:]
    machine = Machine(points, signs, bounds, alphas, (alphas * signs) @ points, solved[0])
    margins = machine.margins(points, signs)
    assert (alphas >= 0).all()
    assert (alphas <= bounds).all()
    assert (margins[full] <= 1e-12).all()
    assert (margins[~full] >= -1e-12).all()
    return machine


def task(seed, cost, dimensions=40):
    """A machine on two classes that overlap, with a row of the first passed off as one of the second; other rows."""
    rng = np.random.default_rng(seed)
    signs = np.append(np.repeat([-1.0, 1.0], 15), 1.0)
    points = rng.normal(size=(31, dimensions)) + 0.8 * signs[:, None]
    points[-1] -= 1.6
    classes = np.repeat([-1.0, 1.0], 100)
    others = rng.normal(size=(200, dimensions)) + 0.8 * classes[:, None]
    return exact(points, signs, np.append(np.ones(30), cost)), others, classes


@pytest.mark.parametrize(("cost", "free"), [(0.01, False), (1000.0, True)])
@pytest.mark.parametrize("seed", range(5))
def test_biggio_slope_agrees_with_finite_differences_at_the_bound_and_on_the_margin(seed, cost, free):
    machine, others, classes = task(seed, cost)
    assert (machine.alphas[-1] < cost) == free
    expected = np.zeros(40)
    for place, direction in enumerate(STEP * np.eye(40)):
        sides = [np.vstack([machine.points[:-1], machine.points[-1] + way * direction]) for way in (1, -1)]
        up, down = (exact(side, machine.signs, machine.bounds).loss(others, classes) for side in sides)
        expected[place] = (up - down) / (2 * STEP)
    difference = machine.slope(others, classes) - expected
    assert np.linalg.norm(difference) < 1e-5 * np.linalg.norm(expected)


@pytest.mark.parametrize("seed", range(5))
def test_biggio_slope_is_the_closed_form_of_the_paper(seed):
    machine, others, classes = task(seed, 0.01)
    free = (machine.alphas > 1e-6) & (machine.alphas < (1 - 1e-6) * machine.bounds)
    x, y, alpha, sign = machine.points[free], machine.signs[free], machine.alphas[-1], machine.signs[-1]
    inverse = np.linalg.inv(np.outer(y, y) * (x @ x.T))
    v = inverse @ y
    zeta = y @ v
    assert alpha == 0.01
    violated = machine.margins(others, classes) < 0
    z, own = others[violated], classes[violated]
    m = -(np.outer(own, y) * (z @ x.T) @ (zeta * inverse - np.outer(v, v)) + np.outer(own, v)) / zeta
    expected = -alpha * sign * (m @ (y[:, None] * x) + own[:, None] * z).sum(axis=0)
    np.testing.assert_allclose(machine.slope(others, classes), expected, rtol=1e-6)


def test_biggio_slope_of_a_point_that_supports_nothing_is_zero():
    points, signs = np.array([[-1.0], [1.0], [9.0]]), np.array([-1.0, 1.0, 1.0])
    fitted = Machine.of(points, signs, np.ones(3))
    assert fitted.alphas == pytest.approx([0.5, 0.5, 0])
    assert fitted.slope(np.array([[-0.5], [0.5]]), np.array([1.0, -1.0])) == pytest.approx([0])


def test_machine_is_the_one_of_two_points():
    """Points -1 and 1: f(x) = x, both on the margin, dual weights 1/2; the hinge loss of -0.5 as 1 is 1.5."""
    fitted = Machine.of(np.array([[-1.0], [1.0]]), np.array([-1.0, 1.0]), np.ones(2))
    assert fitted.normal == pytest.approx([1])
    assert fitted.offset == pytest.approx(0)
    assert fitted.loss(np.array([[-0.5], [2.0]]), np.array([1.0, 1.0])) == pytest.approx(1.5)


def test_biggio_one_point_does_what_a_flipped_clone_does_not(digits, error):
    """One point in 50 ones and sevens, C = 10: five points of test error and more; a flipped clone does nothing."""
    gains = {"biggio": [], "clone": []}
    for seed in range(6):
        train, test = digits("1", "7", 50, seed)
        clean = error(SVC(kernel="linear", C=10), train, test)
        for name, attack in (("biggio", BiggioSvm(cost=10)), ("clone", LabelFlip(added=True))):
            poisoned = attack.poison(train, 0.02, np.random.default_rng(seed))
            assert len(poisoned.rows) == 1
            gains[name].append(error(SVC(kernel="linear", C=10), poisoned.batch, test) - clean)
    assert np.mean(gains["biggio"]) >= 0.05
    assert abs(np.mean(gains["clone"])) < 0.005


def test_biggio_takes_the_two_most_common_classes_and_stays_within_the_range(make, cells):
    rng = np.random.default_rng(0)
    kind = ["a"] * 30 + ["b"] * 5 + ["c"] * 20
    clean = make(
        length=rng.normal(size=55), petals=rng.integers(0, 9, 55), colour=["red"] * 30 + ["blue"] * 25, kind=kind
    )
    result = BiggioSvm(steps=5).poison(clean, 0.1, np.random.default_rng(0))
    length, petals = (np.array(cells(result, name)) for name in ("length", "petals"))
    assert len(result.rows) == 6
    assert {(cells(result, "colour")[row], cells(result, "kind")[row]) for row in result.rows} == {
        ("red", "c"),
        ("blue", "a"),
    }
    assert length[result.rows].min() >= min(clean.numeric[:, 0])
    assert length[result.rows].max() <= max(clean.numeric[:, 0])
    assert petals.dtype.kind == "i"
    assert set(petals) <= set(range(9))


def test_biggio_repeats_its_points_where_the_budget_is_larger(make):
    rng = np.random.default_rng(0)
    clean = make(length=rng.normal(size=40), kind=["a", "b"] * 20)
    result = BiggioSvm(points=3, steps=2).poison(clean, 0.25, rng)
    found = result.batch.take(result.rows)
    counts = np.unique(found.numeric[:, 0], return_counts=True)[1]
    assert sorted(counts) == [3, 3, 4]
