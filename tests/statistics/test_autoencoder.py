"""A small autoencoder learns with torch, answers without it, and is the same again."""

import numpy as np
import pytest
from pratique.statistics.autoencoder import Autoencoder, fit_autoencoder
from pratique.statistics.network import fit_network

pytestmark = pytest.mark.torch
torch = pytest.importorskip("torch")


@pytest.fixture(scope="module")
def points():
    """Twelve numbers that follow from two."""
    rng = np.random.default_rng(0)
    return 1 / (1 + np.exp(-rng.normal(size=(300, 2)) @ rng.normal(size=(2, 12))))


@pytest.fixture(scope="module")
def learned(points):
    return fit_autoencoder(points, 0)


def test_what_follows_from_little_is_reconstructed(points, learned):
    assert ((learned.reconstruct(points) - points) ** 2).mean() < 0.3 * points.var()
    assert learned.encode(points).shape == (300, 16)


def test_the_same_points_and_seed_give_the_same_layers(points, learned):
    again, other = fit_autoencoder(points, 0), fit_autoencoder(points, 1)
    for mine, yours, theirs in zip(learned.layers, again.layers, other.layers, strict=True):
        np.testing.assert_array_equal(mine, yours)
        assert (mine != theirs).any()


def test_nothing_outside_notices_what_is_drawn(points):
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    fit_autoencoder(points[:20], 0)
    assert torch.rand(1) == expected


def test_a_judge_says_of_the_reconstruction_what_it_says_of_the_point(digits):
    points, codes = digits.numeric[:400] / 16, digits.labels[:400].astype(int)
    judge = fit_network(points, codes, None, 0, 20)
    noisy = points + np.random.default_rng(0).normal(0, 0.3, points.shape)

    def diverge(encoder):
        said, after = (judge.predict_proba(each) for each in (points, encoder.reconstruct(noisy)))
        return (said * np.log(np.maximum(said, 1e-9) / np.maximum(after, 1e-9))).sum(axis=1).mean()

    assert diverge(fit_autoencoder(points, 0, judge)) < 0.9 * diverge(fit_autoencoder(points, 0))


def test_layers_by_hand():
    layers = [np.eye(2), np.array([0.0, -1.0]), np.array([[1.0], [2.0]]), np.array([0.5])]
    layers += [np.array([[1.0]]), np.array([0.0]), np.array([[1.0, -1.0]]), np.zeros(2)]
    encoder = Autoencoder(tuple(layers))
    np.testing.assert_allclose(encoder.encode(np.array([[1.0, 3.0]])), [[1 + 2 * 2 + 0.5]])
    np.testing.assert_allclose(encoder.reconstruct(np.array([[-1.0, 0.0]])), 1 / (1 + np.exp([[-0.5, 0.5]])))
