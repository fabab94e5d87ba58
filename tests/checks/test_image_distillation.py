"""A student and its teacher."""

from dataclasses import dataclass

import numpy as np
import pytest
from pratique.checks.image_distillation import ImageDistillation, Pair, fit_student


@dataclass
class Says:
    """A model that says this of every point."""

    probabilities: list[float]

    def predict_proba(self, points):
        return np.tile(self.probabilities, (len(points), 1))


def test_how_far_they_differ_by_hand():
    found = Pair(Says([0.5, 0.5]), Says([0.9, 0.1])).describe(np.zeros((1, 2)))
    told = [found[name][0] for name in ("loss of the student", "divergence of the student")]
    assert told == pytest.approx([-0.5 * np.log(0.9 * 0.1), np.log(0.5) - 0.5 * np.log(0.9 * 0.1)])
    told = [found[f"entropy of the {who}"][0] for who in ("teacher", "student")]
    assert told == pytest.approx([np.log(2), -0.9 * np.log(0.9) - 0.1 * np.log(0.1)])


def test_the_student_learns_probabilities_and_no_labels():
    points = np.repeat([[0.0], [1.0]], 200, axis=0)
    taught = np.repeat([[0.8, 0.2], [0.3, 0.7]], 200, axis=0)
    student = fit_student(points, taught)
    np.testing.assert_allclose(student.predict_proba([[0.0], [1.0]]), taught[[0, 200]], atol=0.02)


def test_where_there_is_one_class_there_is_nothing_to_differ_about(images):
    rows = images.take(np.flatnonzero(images.labels == "3")[:60])
    fitted = ImageDistillation().fit(rows, np.random.default_rng(0))
    assert fitted.models.student is None
    assert fitted.measure(images.take(np.arange(20))).minus_log10_p < 0.01


def test_blur_noise_and_rotation_are_seen(images, spoiled):
    fitted = ImageDistillation().fit(images.take(np.arange(600)), np.random.default_rng(0))
    found = {name: fitted.measure(batch).minus_log10_p for name, batch in spoiled.items()}
    assert found.pop("clean") < 2
    assert min(found.values()) > 4
