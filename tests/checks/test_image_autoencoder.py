"""Images that were changed to mislead a network are found, and corrected."""

from dataclasses import replace

import numpy as np
import pytest
from pratique.checks.image_autoencoder import ImageAutoencoder
from pratique.statistics.network import score_torch

pytestmark = pytest.mark.torch
torch = pytest.importorskip("torch")


@pytest.fixture(scope="module")
def fitted(images):
    return ImageAutoencoder().fit(images.take(np.arange(900)), np.random.default_rng(0))


@pytest.fixture(scope="module")
def attacked(fitted, images, with_pixels):
    """Pictures that it has not seen, each pixel changed by 3 of 16 against the network (fast gradient sign)."""
    rows = images.take(np.arange(1200, 1500))
    points = torch.tensor(fitted.scale.transform(rows).copy(), dtype=torch.float32, requires_grad=True)
    layers = [torch.tensor(layer) for layer in fitted.network.layers]
    wanted = torch.tensor(np.searchsorted(fitted.classes, rows.labels))
    torch.nn.functional.cross_entropy(score_torch(layers, points, (8, 8, 1)), wanted).backward()
    return with_pixels(rows, rows.numeric + 3 * np.sign(points.grad.numpy()))


def read(fitted, points):
    return fitted.classes[fitted.network.predict_proba(points).argmax(axis=1)]


def test_most_are_found_where_one_clean_image_in_twenty_is(fitted, images, attacked):
    threshold = np.quantile(fitted.measure(images.take(np.arange(900, 1200))).scores, 0.95)
    assert (fitted.measure(attacked).scores > threshold).mean() > 0.6


def test_the_reconstruction_is_read_rightly_more_often(fitted, attacked):
    points = fitted.scale.transform(attacked)
    before, after = ((read(fitted, each) == attacked.labels).mean() for each in (points, fitted.correct(points)))
    assert before < 0.3
    assert after > before + 0.3


def test_evidence_shows_both_readings_and_none_of_a_personal_label(fitted, attacked):
    entry = fitted.measure(attacked).evidence.rows[0]
    assert entry.facts["read as"] != entry.facts["reconstruction read as"]
    shut = replace(attacked, layout=replace(attacked.layout, personal=("digit",)))
    assert fitted.measure(shut).evidence.rows[0].facts.keys() == {"label", "log nats"}
