"""An encoder that learned nothing."""

import numpy as np
import pyarrow as pa
from pratique.checks.image_random_encoder import ImageRandomEncoder
from pratique.core.batch import Batch


def test_it_is_drawn_by_the_seed_and_learns_from_no_row(images):
    rows, others = images.take(np.arange(50)), images.take(np.arange(50, 100))
    first, again, other = (
        ImageRandomEncoder().fit(batch, np.random.default_rng(seed)).encoder.layers
        for batch, seed in ((rows, 0), (others, 0), (rows, 1))
    )
    for mine, yours, theirs in zip(first, again, other, strict=True):
        np.testing.assert_array_equal(mine, yours)
        assert mine.any() == (mine != theirs).any()


def test_labels_play_no_part(images):
    rows = images.take(np.arange(200))
    table = rows.table.set_column(64, "digit", pa.array(["0"] * 200))
    fits = [
        ImageRandomEncoder().fit(batch, np.random.default_rng(0))
        for batch in (rows, Batch("reference", table, rows.layout))
    ]
    np.testing.assert_array_equal(fits[0].trusted.known, fits[1].trusted.known)


def test_blur_and_rotation_are_seen(images, spoiled):
    fitted = ImageRandomEncoder().fit(images.take(np.arange(600)), np.random.default_rng(0))
    found = {name: fitted.measure(batch).minus_log10_p for name, batch in spoiled.items()}
    assert found["clean"] < 2
    assert min(found["blur"], found["rotation"]) > 4
