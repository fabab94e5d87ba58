import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pratique.core.batch import Batch
from pratique.core.layout import Layout
from pratique.tables.encoding import MOST_DIMENSIONS, PRINCIPAL_COMPONENTS, Encoder, Projection, Ranks
from scipy.special import ndtri

LAYOUT = Layout("y", {"n": "real", "c": "category"})


def batch(n, c):
    return Batch("vendor/1", pa.table({"n": pa.array(n, pa.string()), "c": pa.array(c, pa.string())}), LAYOUT)


def test_points_by_hand():
    # mean 3, population standard deviation 2; levels a, b
    encoder = Encoder.fit(batch(["1", "5", None, None], ["a", "b", "a", "b"]))
    half = 1 / np.sqrt(2)
    points = encoder.transform(batch(["5", "3", None, "x"], ["a", "b", "never seen", None]))
    expected = [[np.arcsinh(1), half, 0], [0, 0, half], [0, 0, 0], [0, 0, 0]]
    np.testing.assert_allclose(points, expected, rtol=1e-15)


def test_a_level_that_was_seen_once_is_as_good_as_unseen():
    encoder = Encoder.fit(batch(["1", "5", "1"], ["a", "b", "a"]))
    once, never, often = encoder.transform(batch(["1"] * 3, ["b", "never seen", "a"]))
    np.testing.assert_array_equal(once, never)
    np.testing.assert_allclose(np.linalg.norm(often - never), 1, rtol=1e-15)


def test_two_levels_are_1_apart():
    encoder = Encoder.fit(batch(["1", "5"] * 2, ["a", "b"] * 2))
    a, b = encoder.transform(batch(["1", "1"], ["a", "b"]))
    np.testing.assert_allclose(np.linalg.norm(a - b), 1, rtol=1e-15)


def test_a_constant_or_missing_column_has_no_spread():
    same = Encoder.fit(batch(["7", "7"], ["a", "a"]))
    assert np.isfinite(same.transform(batch(["7", "8"], ["a", "a"]))).all()
    missing = Encoder.fit(batch([None, None], [None, None]))
    assert np.isfinite(missing.transform(batch([None, "8"], ["a", None]))).all()


def test_giant_numbers_stay_finite():
    encoder = Encoder.fit(batch(["1", "5"], ["a", "b"]))
    points = encoder.transform(batch(["1e308", "-1e308"], ["a", "a"]))
    assert np.isfinite(points).all()
    assert points[0, 0] == -points[1, 0]
    assert np.isfinite(Encoder.fit(batch(["1e308", "-1e308"], ["a", "b"])).transform(batch(["1"], ["a"]))).all()


def test_rows_do_not_influence_each_other(mixed_batch):
    encoder = Encoder.fit(mixed_batch)
    rows = np.array([9, 0, 33])
    points = encoder.transform(mixed_batch)
    assert points.shape == (60, 3 + 2 + 3)
    np.testing.assert_array_equal(encoder.transform(mixed_batch.take(rows)), points[rows])


def test_without_text_columns_there_are_no_levels():
    layout = Layout("y", {"n": "real"})
    encoder = Encoder.fit(Batch("a/1", pa.table({"n": [1.0, 5.0]}), layout))
    assert encoder.levels is None
    np.testing.assert_allclose(encoder.transform(Batch("a/2", pa.table({"n": [3.0]}), layout)), [[0.0]])


def ranks_of(values, new):
    layout = Layout("y", {"x": "real"})
    trusted, batch = (
        Batch.from_frame("s/b", pd.DataFrame({"x": x, "y": ["a"] * len(x)}), layout) for x in (values, new)
    )
    return Ranks.fit(trusted, Encoder.fit(trusted)).scores(batch)[:, 0]


def test_a_rank_is_the_middle_of_its_ties():
    """Of 0 0 0 1 2: zero has rank (0 + 3) / 2, one half lies at 3, one at (3 + 4) / 2, nine at 5."""
    got = ranks_of([0.0, 0.0, 0.0, 1.0, 2.0], [0.0, 0.5, 1.0, 9.0, -9.0])
    np.testing.assert_allclose(got, ndtri((np.array([1.5, 3.0, 3.5, 5.0, 0.0]) + 0.5) / 6))


def test_a_missing_number_ranks_below_all():
    got = ranks_of([0.0, 1.0, 2.0, 3.0], [np.nan, -5.0])
    assert got[0] == got[1] == pytest.approx(ndtri(0.5 / 5))


def test_a_constant_column_ranks_in_the_middle():
    assert ranks_of([7.0] * 4, [7.0]) == pytest.approx([0.0])


def test_few_dimensions_stay_as_they_are():
    points = np.random.default_rng(1).normal(size=(20, 5))
    projection = Projection.fit(points)
    assert projection.axes is None
    np.testing.assert_array_equal(projection.transform(points), points)
    assert not projection.residual(points).any()


def test_many_dimensions_are_summed_up_and_the_rest_is_the_residual():
    rng = np.random.default_rng(2)
    points = rng.normal(size=(200, PRINCIPAL_COMPONENTS)) @ rng.normal(
        size=(PRINCIPAL_COMPONENTS, MOST_DIMENSIONS + 20)
    )
    projection = Projection.fit(points)
    assert projection.transform(points).shape == (200, PRINCIPAL_COMPONENTS)
    np.testing.assert_allclose(projection.residual(points), 0, atol=1e-6)
    off = rng.normal(size=MOST_DIMENSIONS + 20)
    off -= projection.axes.T @ (projection.axes @ off)
    np.testing.assert_allclose(projection.residual(points + off), off @ off, rtol=1e-6)
