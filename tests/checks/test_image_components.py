"""Principal components of images."""

import numpy as np
import pytest
from pratique.checks.image_components import ImageComponents, project


def test_a_point_is_placed_by_hand():
    found = project(np.array([[3.0, 4.0]]), np.zeros(2), np.array([[1.0, 0.0]]))
    assert found["component 1"] == [3.0]
    assert found["distance to the components"] == pytest.approx(np.log(16))


def test_the_components_are_those_of_the_library(images):
    from sklearn.decomposition import PCA

    rows = images.take(np.arange(300))
    fitted = ImageComponents(components=3).fit(rows, np.random.default_rng(0))
    points = fitted.scale.transform(rows)
    half = np.sort(np.random.default_rng(0).permutation(300)[:150])
    known = PCA(3).fit(points[half])
    np.testing.assert_allclose(np.abs((fitted.axes * known.components_).sum(axis=1)), 1)
    assert len(fitted.trusted.known) == 150
    assert len(fitted.trusted.names) == 4


def test_blur_noise_and_rotation_are_seen(images, spoiled):
    fitted = ImageComponents().fit(images.take(np.arange(600)), np.random.default_rng(0))
    found = {name: fitted.measure(batch).minus_log10_p for name, batch in spoiled.items()}
    assert found.pop("clean") < 2
    assert min(found.values()) > 4
