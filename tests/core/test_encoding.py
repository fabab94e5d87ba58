import numpy as np
import pyarrow as pa

from stages.core.batch import Batch
from stages.core.encoding import Encoder
from stages.core.layout import Layout

LAYOUT = Layout("y", {"n": "real", "c": "text"})


def batch(n, c):
    return Batch("vendor/1", pa.table({"n": pa.array(n, pa.string()), "c": pa.array(c, pa.string())}), LAYOUT)


def test_points_by_hand():
    # mean 3, population standard deviation 2; levels a, b
    encoder = Encoder.fit(batch(["1", "5", None], ["a", "b", "a"]))
    half = 1 / np.sqrt(2)
    points = encoder.transform(batch(["5", "3", None, "x"], ["a", "b", "never seen", None]))
    expected = [[np.arcsinh(1), half, 0], [0, 0, half], [0, 0, 0], [0, 0, 0]]
    np.testing.assert_allclose(points, expected, rtol=1e-15)


def test_two_levels_are_1_apart():
    encoder = Encoder.fit(batch(["1", "5"], ["a", "b"]))
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
