"""Low-level statistics of images, by hand and on real pictures."""

from dataclasses import replace

import numpy as np
import pytest
from pratique.checks.image_statistics import ImageStatistics, describe_images, share_orientations
from pratique.core.errors import PratiqueError

FLAT = np.full((1, 6, 6, 1), 0.5)


def test_a_flat_image_has_no_contrast_no_edge_and_no_noise():
    found = describe_images(FLAT)
    assert found["brightness"] == [0.5]
    assert found["contrast"] == found["noise"] == [0.0]
    assert found["sharpness"] == pytest.approx(np.log(1e-9))
    assert [found[f"edges at {k}°"][0] for k in (0, 45, 90, 135)] == [0.25] * 4
    assert "channel 0" not in found


def test_noise_is_estimated_as_it_is():
    noisy = np.random.default_rng(0).normal(0.5, 0.1, (5, 200, 200, 1))
    np.testing.assert_allclose(describe_images(noisy)["noise"], 0.1, rtol=0.02)


def test_the_laplacian_of_one_bright_pixel_by_hand():
    image = np.zeros((1, 5, 5, 1))
    image[0, 2, 2, 0] = 1.0
    laplacian = [0, 1, 0, 1, -4, 1, 0, 1, 0]
    assert describe_images(image)["sharpness"] == pytest.approx(np.log(np.var(laplacian)))


def test_edges_run_where_they_run():
    ramp = np.tile(np.arange(8.0), (8, 1))
    turned = np.stack([ramp, ramp + ramp.T, ramp.T, ramp[:, ::-1] + ramp.T])
    np.testing.assert_allclose(share_orientations(turned), np.eye(4), atol=1e-12)


def test_several_channels_have_a_mean_each():
    colour = np.dstack([np.full((4, 4), level) for level in (0.1, 0.2, 0.6)])[None]
    found = describe_images(colour)
    assert [found[f"channel {k}"][0] for k in range(3)] == pytest.approx([0.1, 0.2, 0.6])
    assert found["brightness"] == pytest.approx(0.3)


def test_blur_noise_and_rotation_are_seen_and_named(images, spoiled):
    fitted = ImageStatistics().fit(images.take(np.arange(600)), np.random.default_rng(0))
    found = {name: fitted.measure(batch) for name, batch in spoiled.items()}
    assert found["clean"].minus_log10_p < 2
    means = {
        name: {each.columns[0]: each.facts["mean (trusted, batch)"] for each in score.evidence.columns}
        for name, score in found.items()
    }
    assert all(means["blur"][name][1] < means["blur"][name][0] for name in ("sharpness", "noise", "contrast"))
    assert means["noise"]["noise"][1] > means["noise"]["noise"][0]
    moved = [each.columns[0] for each in found["rotation"].evidence.columns if each.stands_out]
    assert any(name.startswith("edges at") for name in moved)
    assert min(found[name].minus_log10_p for name in ("blur", "noise", "rotation")) > 4


def test_rows_that_are_no_images_are_refused_in_words(digits):
    with pytest.raises(PratiqueError, match=r"checks.image_statistics: rows are no images; .* data.image"):
        ImageStatistics().fit(digits, np.random.default_rng(0))


def test_no_statistic_of_a_personal_image_is_told(images):
    shut = replace(images.take(np.arange(50)), layout=replace(images.layout, personal=("pixel_0_0",)))
    found = ImageStatistics().fit(shut, np.random.default_rng(0)).measure(shut.take(np.arange(1)))
    assert all("mean (trusted, batch)" not in each.facts for each in found.evidence.columns)
