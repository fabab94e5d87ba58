"""Rows that are images, as arrays on one scale."""

from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256

import numpy as np

from pratique.core.archive import FieldsOnly
from pratique.core.batch import Batch
from pratique.core.errors import PratiqueError

LOWEST_PIXEL, HIGHEST_PIXEL = -1.0, 2.0
"""Where a pixel far beyond all trusted ones ends: far enough to be seen, and no number is drowned by it."""
SMALLEST_SQUARE = 1e-9
"""Of pixels between 0 and 1: what is smaller counts as nothing, and has a logarithm."""


@dataclass(frozen=True)
class PixelScale(FieldsOnly):
    """Pixels on the scale of the trusted ones, of which the lowest is 0 and the highest 1; learned from trusted rows.

    A missing pixel is the mean of its place.
    """

    image: tuple[int, int, int]
    low: float
    high: float
    mean: np.ndarray

    @classmethod
    def fit(cls, trusted: Batch, check: str) -> "PixelScale":
        """Learn the ends of the scale for a check.

        Raises
        ------
        PratiqueError
            If params.yaml does not say that rows are images.
        """
        image = trusted.layout.image
        if image is None:
            raise PratiqueError(
                f"params.yaml: checks.{check}: rows are no images; say their size under data.image, or take it out"
            )
        pixels = trusted.numeric
        known = pixels[np.isfinite(pixels)]
        low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)
        scale = cls(image, low, high if high > low else low + 1.0, np.zeros(pixels.shape[1]))
        places = scale._place(pixels)
        there = np.isfinite(places)
        mean = np.where(there, places, 0).sum(axis=0) / np.maximum(there.sum(axis=0), 1)
        return cls(image, scale.low, scale.high, mean)

    def transform(self, batch: Batch) -> np.ndarray:
        """Float64 of shape (rows, pixels), between `LOWEST_PIXEL` and `HIGHEST_PIXEL`."""
        return batch.view(self._digest, lambda: self._fill(self._place(batch.numeric)))

    def arrange(self, batch: Batch) -> np.ndarray:
        """The same, of shape (rows, height, width, channels)."""
        return self.transform(batch).reshape(len(batch), *self.image)

    @cached_property
    def _digest(self) -> bytes:
        told = repr((self.image, self.low, self.high, self.mean.tolist()))
        return sha256(b"pixels" + told.encode()).digest()

    @np.errstate(over="ignore", invalid="ignore")
    def _place(self, pixels: np.ndarray) -> np.ndarray:
        return np.clip((pixels - self.low) / (self.high - self.low), LOWEST_PIXEL, HIGHEST_PIXEL)

    def _fill(self, places: np.ndarray) -> np.ndarray:
        return np.where(np.isnan(places), self.mean, places)


def log_distance(points: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Logarithm of the squared distance between each point and another, shape (rows,)."""
    return np.log(((points - others) ** 2).sum(axis=1) + SMALLEST_SQUARE)
