"""A small network learns with torch, answers without it, and is the same bytes again."""

from dataclasses import replace

import numpy as np
import pytest
from pratique.core.params import TrainParams
from pratique.statistics import network
from pratique.statistics.network import fit_network, score_torch
from pratique.training.models import Model, train

pytestmark = pytest.mark.torch
torch = pytest.importorskip("torch")

QUICK = TrainParams(model="network", epochs=5)


@pytest.fixture(scope="module")
def images(digits):
    return replace(digits, layout=replace(digits.layout, image=(8, 8, 1)))


@pytest.fixture(scope="module")
def cnn(images):
    return train(images.take(np.arange(800)), QUICK, 0)


def test_digits_are_learned_with_convolutions_and_without(images, cnn):
    rows, others = images.take(np.arange(800)), images.take(np.arange(800, 1797))
    plain = train(replace(rows, layout=replace(rows.layout, image=None)), QUICK, 0)
    for model in (cnn, plain):
        assert (model.predict(others) == others.labels).mean() > 0.85
    assert cnn.classifier.image == (8, 8, 1)
    assert (len(cnn.classifier.layers), len(plain.classifier.layers)) == (8, 4)


def test_numpy_says_what_torch_says(images, cnn):
    points = cnn.encoder.transform(images.take(np.arange(20)))
    layers = [torch.tensor(layer) for layer in cnn.classifier.layers]
    scores = score_torch(layers, torch.tensor(points, dtype=torch.float32), (8, 8, 1)).softmax(dim=1)
    np.testing.assert_allclose(cnn.classifier.predict_proba(points), scores.numpy(), atol=1e-5)


def test_the_same_rows_and_seed_give_the_same_bytes_and_are_read_back(images, cnn, tmp_path):
    again = train(images.take(np.arange(800)), QUICK, 0)
    assert again.to_bytes() == cnn.to_bytes()
    cnn.save(tmp_path / "model.skops")
    restored = Model.load(tmp_path / "model.skops")
    rows = images.take(np.arange(800, 900))
    assert (restored.predict(rows) == cnn.predict(rows)).all()


def test_nothing_outside_notices_what_is_drawn():
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    fit_network(np.eye(8), np.arange(8) % 2, None, 0, 1)
    assert torch.rand(1) == expected


def test_a_row_of_no_weight_teaches_nothing():
    points, targets = np.vstack([np.eye(6)] * 2), np.array([0, 1] * 6)
    wrong = np.where(np.arange(12) < 6, targets, 1 - targets)
    learned = fit_network(points, wrong, np.where(np.arange(12) < 6, 1.0, 0.0), 0, 60)
    assert (learned.predict(points[:6]) == targets[:6]).all()


def test_every_batch_of_rows_is_asked(cnn, images, monkeypatch):
    many = cnn.encoder.transform(images)
    whole = cnn.classifier.predict_proba(many)
    monkeypatch.setattr(network, "ASKED_AT_ONCE", 64 * 100)
    np.testing.assert_allclose(cnn.classifier.predict_proba(many), whole, rtol=1e-9)
    assert cnn.classifier.predict_proba(many[:0]).shape == (0, 10)
