"""Density: distances by hand, and what does not go together."""

import numpy as np
import pytest
from pratique.checks.density import SMALLEST_DISTANCE, Density, Ellipsoid
from pratique.contract.check import measure
from pratique.core.batch import Batch


def test_the_distance_is_mahalanobis_by_hand():
    """Precision diag(1, 4) around (1, 0): (3, 1) is at 2 x 2 + 4 x 1 = 8."""
    ellipsoid = Ellipsoid(np.array([1.0, 0.0]), np.diag([1.0, 4.0]))
    got = ellipsoid.log_distance(np.array([[3.0, 1.0], [1.0, 0.0]]))
    np.testing.assert_allclose(got, np.log([8 + SMALLEST_DISTANCE, SMALLEST_DISTANCE]))


def test_a_row_of_the_other_class_is_farther_from_its_own(mixed_batch):
    fitted = Density().fit(mixed_batch, np.random.default_rng(0))
    flipped = np.where(mixed_batch.labels == "yes", "no", "yes")
    wrong = measure(fitted, Batch.from_frame("s/b", mixed_batch.frame.assign(y=flipped), mixed_batch.layout))
    right = measure(fitted, mixed_batch)
    assert wrong.statistic > right.statistic + 0.3
    np.testing.assert_allclose(wrong.signals["overall"], right.signals["overall"])


def test_cells_that_are_usual_alone_but_not_together_are_far(mixed_batch):
    """Large and heavy never come together here: weight falls as size grows."""
    fitted = Density().fit(mixed_batch, np.random.default_rng(0))
    frame = mixed_batch.frame.iloc[[0, 1]].assign(size=[4.5, 3.0], weight=[11.0, 8.0], age=[20, 35])
    together, usual = measure(fitted, Batch.from_frame("s/b", frame, mixed_batch.layout)).signals["overall"]
    assert together > usual + 0.5


def test_a_rare_class_is_judged_by_all_rows(mixed_batch):
    labels = np.where(np.arange(60) < 3, "rare", mixed_batch.labels)
    trusted = Batch.from_frame("s/b", mixed_batch.frame.assign(y=labels), mixed_batch.layout)
    fitted = Density(smallest_class=8).fit(trusted, np.random.default_rng(0))
    assert sorted(fitted.by_class) == ["no", "yes"]
    found = measure(fitted, trusted)
    assert found.row_scores[:3] == pytest.approx(found.signals["overall"][:3])
