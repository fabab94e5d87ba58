from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from pratique.core.batch import Batch


@pytest.fixture(scope="session")
def images(digits):
    """Real pictures, as rows that are images, shuffled: they come writer by writer."""
    shuffled = digits.take(np.random.default_rng(0).permutation(len(digits)))
    return replace(shuffled, layout=replace(digits.layout, image=(8, 8, 1)))


@pytest.fixture(scope="session")
def with_pixels():
    """Rows with other pixels, which are whole numbers from 0 to 16 again."""

    def change(batch, pixels):
        whole = np.clip(np.round(pixels), 0, 16).astype(int).reshape(len(batch), -1)
        table = pa.table([*map(pa.array, whole.T), batch.table["digit"]], names=batch.table.column_names)
        return Batch(batch.name, table, batch.layout)

    return change


@pytest.fixture(scope="session")
def spoiled(images, with_pixels):
    """A hundred pictures that no check has learned from: as they are, blurred, noisy, turned."""
    from scipy import ndimage

    rows = images.take(np.arange(700, 800))
    pictures, noise = rows.numeric.reshape(-1, 8, 8), np.random.default_rng(0).normal(0, 2.5, (100, 64))
    return {
        "clean": rows,
        "blur": with_pixels(rows, ndimage.gaussian_filter(pictures, (0, 0.8, 0.8))),
        "noise": with_pixels(rows, rows.numeric + noise),
        "rotation": with_pixels(rows, ndimage.rotate(pictures, 25, axes=(2, 1), reshape=False, order=1)),
    }
