"""Pixels on the scale of the trusted ones."""

import numpy as np
import pandas as pd
import pytest
from pratique.core.batch import Batch
from pratique.core.layout import Layout
from pratique.tables.images import PixelScale, log_distance

LAYOUT = Layout("y", {"a": "real", "b": "real", "c": "real", "d": "real"}, image=(2, 2, 1))


def made(*rows):
    return Batch.from_frame("r", pd.DataFrame(rows, columns=list("abcd")).assign(y="x"), LAYOUT)


@pytest.fixture
def scale():
    return PixelScale.fit(made([10, 20, 30, 50], [30, np.nan, 10, 50]), "a_check")


def test_the_lowest_is_0_and_the_highest_1_and_what_is_beyond_is_cut(scale):
    found = scale.transform(made([10, 50, 30, 1e9], [-1e9, 70, -10, 20]))
    np.testing.assert_allclose(found, [[0, 1, 0.5, 2], [-1, 1.5, -0.5, 0.25]])


def test_a_missing_pixel_is_the_mean_of_its_place(scale):
    np.testing.assert_allclose(scale.transform(made([np.nan] * 4)), [[0.25, 0.25, 0.25, 1]])


def test_rows_are_arranged_line_by_line(scale):
    np.testing.assert_allclose(scale.arrange(made([10, 20, 30, 50]))[0, :, :, 0], [[0, 0.25], [0.5, 1]])


def test_pixels_that_are_all_alike_stay_apart_from_others():
    scale = PixelScale.fit(made([3, 3, 3, 3]), "a_check")
    np.testing.assert_allclose(scale.transform(made([3, 3, 4, 3])), [[0, 0, 1, 0]])


def test_a_distance_of_nothing_has_a_logarithm():
    assert log_distance(np.array([[3.0, 4.0], [0.0, 0.0]]), np.zeros((2, 2))) == pytest.approx(np.log([25, 1e-9]))
