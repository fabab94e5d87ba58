"""Copies of the holdout: exact, near, and those that are there by chance."""

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from pratique.checks.leaks import COINCIDE, FittedLeaks, Known, Leaks, Near
from pratique.core.batch import Batch
from pratique.core.errors import PratiqueError
from pratique.core.layout import Layout
from pratique.core.params import Params
from pratique.detector.calibrate import calibrate

LAYOUT = Layout("y", {"a": "real", "b": "real", "c": "real", "colour": "text"})
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
def folder(holdout, tmp_path_factory):
    place = tmp_path_factory.mktemp("holdout")
    pq.write_table(holdout.table, place / "holdout.parquet")
    return place


@pytest.fixture(scope="module")
def fitted(folder) -> FittedLeaks:
    return Leaks(folder=folder).fit(rows(300, 1), RNG)


def test_a_copy_is_held_with_the_row_that_it_copies_under_any_label(fitted, holdout):
    other = np.where(holdout.labels == "u", "v", "u")
    copies = Batch.from_frame("s/b", holdout.frame.assign(y=other).iloc[[7, 90]], LAYOUT)
    batch = rows(40, 3).followed_by(copies)
    finding = fitted.measure(batch)
    assert finding.forbidden == {40: "a copy of row 7 of the holdout", 41: "a copy of row 90 of the holdout"}
    assert finding.statistic == pytest.approx(2 / 42)
    assert finding.evidence["copies"]["shown"] == [{"row": 40, "holdout_row": 7}, {"row": 41, "holdout_row": 90}]


def test_copies_with_a_little_noise_are_found(fitted, holdout):
    rng = np.random.default_rng(4)
    near = holdout.frame.assign(**{name: holdout.frame[name] + rng.normal(0, 0.01, 150) for name in "abc"})
    assert fitted.measure(Batch.from_frame("s/b", near, LAYOUT)).statistic > 0.8


def test_rows_that_nobody_copied_are_left_alone(fitted):
    assert fitted.measure(rows(5000, 5)).statistic < 0.005


def test_closeness_is_a_ratio_of_distances_to_the_holdout_and_to_another_reference_row():
    line = np.arange(5.0)[:, None]
    near = Near(None, Known.of(line + 0.25, 1), Known.of(line, 2))
    closeness, rows = near.of(np.array([[2.0], [2.25], [3.5]]))
    assert closeness.tolist() == [0.25 / 1, 0.0, 0.25 / 0.5]
    assert rows.tolist() == [2, 2, 3]


def test_where_trusted_rows_are_copies_by_chance_none_is_held_and_the_null_knows(holdout, tmp_path):
    """A tenth of the reference equals a holdout row: so may a tenth of every clean batch."""
    reference = rows(270, 1).followed_by(holdout.take(np.arange(30)))
    place = tmp_path / "data" / "holdout"
    place.mkdir(parents=True)
    pq.write_table(holdout.table, place / "rows.parquet")
    params = Params(data={"label": "y"}, checks={"leaks": {"folder": place}})
    calibrated = calibrate(reference.table, params).checks["leaks"]
    (fitted,) = calibrated.folds
    assert fitted.natural == pytest.approx(0.1)
    assert fitted.natural > COINCIDE
    clean = fitted.measure(rows(90, 6).followed_by(holdout.take(np.arange(40, 50))))
    assert clean.forbidden == {}
    assert calibrated.null.at(100).p_value(clean.statistic) > 0.1
    leak = fitted.measure(rows(60, 6).followed_by(holdout.take(np.arange(40, 80))))
    assert calibrated.null.at(100).p_value(leak.statistic) < 1e-6


def test_where_all_rows_are_the_same_none_is_suspect(tmp_path):
    cells = {name: [1.0] * 30 for name in "abc"} | {"colour": "red", "y": "u"}
    same = Batch.from_frame("s/b", pd.DataFrame(cells), LAYOUT)
    pq.write_table(same.table, tmp_path / "rows.parquet")
    params = Params(data={"label": "y"}, checks={"leaks": {"folder": tmp_path}})
    calibrated = calibrate(same.table, params).checks["leaks"]
    finding = calibrated.folds[0].measure(same)
    assert finding.forbidden == {}
    assert calibrated.null.at(30).p_value(finding.statistic) > 0.5


def test_without_a_holdout_nothing_is_a_copy(tmp_path):
    for place in (tmp_path, tmp_path / "none"):
        finding = Leaks(folder=place).fit(rows(50, 1), RNG).measure(rows(20, 3))
        assert (finding.statistic, finding.evidence) == (0, {"holdout_rows": 0})


def test_a_holdout_without_a_column_of_the_reference_is_refused(holdout, tmp_path):
    pq.write_table(holdout.table.drop_columns(["b"]), tmp_path / "rows.parquet")
    with pytest.raises(PratiqueError, match="column 'b' is missing; the reference has it"):
        Leaks(folder=tmp_path).fit(rows(50, 1), RNG)
