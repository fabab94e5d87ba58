"""Copies of the holdout: exact, near, and those that are there by chance."""

import numpy as np
import pandas as pd
import pytest
from pratique.checks.leaks import COINCIDE, FittedLeaks, HoldoutProximity, Leaks
from pratique.contract.check import measure
from pratique.contract.evidence import Evidence
from pratique.core.batch import Batch
from pratique.core.errors import PratiqueError
from pratique.core.layout import Layout
from pratique.core.params import Params
from pratique.detector.calibrate import calibrate

LAYOUT = Layout("y", {"a": "real", "b": "real", "c": "real", "colour": "category"})
RNG = np.random.default_rng(0)


def rows(count: int, seed: int) -> Batch:
    rng = np.random.default_rng(seed)
    numbers = {name: rng.normal(size=count) for name in "abc"}
    texts = {"colour": rng.choice(["red", "blue"], count), "y": rng.choice(["u", "v"], count)}
    return Batch.from_frame("s/b", pd.DataFrame(numbers | texts), LAYOUT)


@pytest.fixture(scope="module")
def holdout() -> Batch:
    return rows(150, 2)


@pytest.fixture(scope="module")
def fitted(holdout) -> FittedLeaks:
    return Leaks().with_holdout(holdout).fit(rows(300, 1), RNG)


def test_a_copy_is_held_with_the_row_that_it_copies_under_any_label(fitted, holdout):
    other = np.where(holdout.labels == "u", "v", "u")
    copies = Batch.from_frame("s/b", holdout.frame.assign(y=other).iloc[[7, 90]], LAYOUT)
    batch = rows(40, 3).append(copies)
    finding = measure(fitted, batch)
    assert finding.forbidden == {40: "a copy of row 7 of the holdout", 41: "a copy of row 90 of the holdout"}
    assert finding.statistic == pytest.approx(2 / 42)
    assert [(each.rows, each.facts) for each in finding.evidence.rows] == [
        ((40,), {"copy of holdout row": 7}),
        ((41,), {"copy of holdout row": 90}),
    ]


def test_copies_with_a_little_noise_are_found(fitted, holdout):
    rng = np.random.default_rng(4)
    near = holdout.frame.assign(**{name: holdout.frame[name] + rng.normal(0, 0.01, 150) for name in "abc"})
    assert measure(fitted, Batch.from_frame("s/b", near, LAYOUT)).statistic > 0.8


def test_rows_that_nobody_copied_are_left_alone(fitted):
    assert measure(fitted, rows(5000, 5)).statistic < 0.005


def test_closeness_is_a_ratio_of_distances_to_the_holdout_and_to_another_reference_row():
    line = np.arange(5.0)[:, None]
    near = HoldoutProximity.of(None, line + 0.25, line)
    closeness, rows = near.compare(np.array([[2.0], [2.25], [3.5]]))
    assert closeness.tolist() == [0.25 / 1, 0.0, 0.25 / 0.5]
    assert rows.tolist() == [2, 2, 3]


@pytest.mark.parametrize("limit", [0.05, 0.5, 2.0])
def test_only_points_that_may_be_copies_are_compared_and_none_is_missed(limit):
    rng = np.random.default_rng(6)
    holdout, reference = rng.normal(size=(2, 60, 2))
    near = HoldoutProximity.of(None, holdout, reference)
    points = np.vstack([rng.normal(size=(400, 2)), holdout + rng.normal(0, 0.01, holdout.shape), reference, holdout])
    closeness, rows = near.compare(points)
    assert near.find_copies(points, limit).tolist() == np.where(closeness <= limit, rows, -1).tolist()


def test_where_trusted_rows_are_copies_by_chance_none_is_held_and_the_null_knows(holdout):
    """A tenth of the reference equals a holdout row: so may a tenth of every clean batch."""
    reference = rows(270, 1).append(holdout.take(np.arange(30)))
    params = Params(data={"label": "y"}, checks={"leaks": {}})
    calibrated = calibrate(reference, params, holdout.table).checks["leaks"]
    (fitted,) = calibrated.folds
    assert fitted.natural == pytest.approx(0.1)
    assert fitted.natural > COINCIDE
    clean = measure(fitted, rows(90, 6).append(holdout.take(np.arange(40, 50))))
    assert clean.forbidden == {}
    assert calibrated.null.at(100).p_value(clean.statistic) > 0.1
    leak = measure(fitted, rows(60, 6).append(holdout.take(np.arange(40, 80))))
    assert calibrated.null.at(100).p_value(leak.statistic) < 1e-6


def test_where_all_rows_are_the_same_none_is_suspect():
    cells = {name: [1.0] * 30 for name in "abc"} | {"colour": "red", "y": "u"}
    same = Batch.from_frame("s/b", pd.DataFrame(cells), LAYOUT)
    params = Params(data={"label": "y"}, checks={"leaks": {}})
    calibrated = calibrate(same, params, same.table).checks["leaks"]
    finding = measure(calibrated.folds[0], same)
    assert finding.forbidden == {}
    assert calibrated.null.at(30).p_value(finding.statistic) > 0.5


def test_without_a_holdout_nothing_is_a_copy():
    for check in (Leaks(), Leaks().with_holdout(None)):
        finding = measure(check.fit(rows(50, 1), RNG), rows(20, 3))
        assert (finding.statistic, finding.evidence) == (0, Evidence(notes={"holdout rows": 0}))


def test_being_told_of_a_holdout_leaves_the_check_as_it_was(holdout):
    check = Leaks()
    check.with_holdout(holdout)
    assert check.fit(rows(50, 1), RNG).near is None


def test_a_holdout_without_a_column_of_the_reference_is_refused(holdout):
    lacking = Batch("holdout", holdout.table.drop_columns(["b"]), LAYOUT)
    with pytest.raises(PratiqueError, match="column 'b' is missing; the reference has it"):
        Leaks().with_holdout(lacking).fit(rows(50, 1), RNG)
