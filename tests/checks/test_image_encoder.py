"""An encoder of trusted images."""

import builtins

import numpy as np
import pytest
from pratique.checks.image_encoder import ImageEncoder

pytestmark = pytest.mark.torch
pytest.importorskip("torch")


@pytest.fixture(scope="module")
def fitted(images):
    return ImageEncoder().fit(images.take(np.arange(600)), np.random.default_rng(0))


def test_blur_noise_and_rotation_are_seen(fitted, spoiled):
    found = {name: fitted.measure(batch).minus_log10_p for name, batch in spoiled.items()}
    assert found.pop("clean") < 2
    assert min(found.values()) > 4


def test_it_reconstructs_what_it_has_not_seen(fitted, images):
    points = fitted.scale.transform(images.take(np.arange(700, 900)))
    lost = ((fitted.encoder.reconstruct(points) - points) ** 2).mean()
    assert lost < 0.4 * points.var(axis=0).mean()


def test_it_measures_without_torch(fitted, spoiled, monkeypatch):
    expected = fitted.measure(spoiled["blur"])
    real = builtins.__import__

    def refuse(name, *told, **others):
        if name.split(".")[0] == "torch":
            raise ImportError(name)
        return real(name, *told, **others)

    monkeypatch.setattr(builtins, "__import__", refuse)
    assert fitted.measure(spoiled["blur"]) == expected
