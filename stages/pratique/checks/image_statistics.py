"""Low-level statistics of images: how bright, sharp and noisy they are, and which way their edges run."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from pratique.contract.check import DriftCheck, FittedBatchCheck
from pratique.contract.drift import ComparedNumbers
from pratique.contract.finding import BatchScore
from pratique.core.batch import Batch
from pratique.tables.images import SMALLEST_SQUARE, PixelScale

ORIENTATIONS = 4


class ImageStatistics(DriftCheck):
    """A statistic of images that is distributed otherwise than among trusted ones.

    Claim: finds another brightness, contrast or colour, blur, noise and rotation: another camera, or pixels that were
    tampered with throughout. It does not see what a few pixels of a few images hold.

    Formula: of each image, with pixels between 0 and 1 and channels averaged: mean, standard deviation, logarithm of
    the variance of its Laplacian (sharpness), Immerkaer's estimate of noise, shares of the gradient that run in each of
    four directions; of several channels the mean of each. Each is compared with that of trusted rows by the two-sample
    Kolmogorov-Smirnov test; statistic = max of -log10 p - log10 (number of statistics).

    Sources: Immerkaer, "Fast noise variance estimation" (1996); Dalal and Triggs, "Histograms of oriented gradients"
    (2005).

    Cost: O(rows x pixels).
    """

    alarm: ClassVar[str] = "images are bright, sharp, noisy or turned otherwise than in the reference"
    needs = "images"

    def fit(self, trusted: Batch, rng: np.random.Generator) -> "FittedImageStatistics":
        """Measure the trusted images."""
        scale = PixelScale.fit(trusted, "image_statistics")
        return FittedImageStatistics(scale, ComparedNumbers.of(describe_images(scale.arrange(trusted))))


@dataclass(frozen=True)
class FittedImageStatistics(FittedBatchCheck):
    """The statistics of trusted images."""

    scale: PixelScale
    trusted: ComparedNumbers

    def measure(self, batch: Batch) -> BatchScore:
        """Compare every statistic."""
        return self.trusted.compare(describe_images(self.scale.arrange(batch)), batch)


def describe_images(images: np.ndarray) -> dict[str, np.ndarray]:
    """Statistics of images of shape (rows, height, width, channels), one number a row each."""
    grey = images.mean(axis=3)
    ends = grey[:, :-2] + grey[:, 2:]
    across, middle = grey[:, 1:-1, :-2] + grey[:, 1:-1, 2:], grey[:, 1:-1, 1:-1]
    corners = ends[:, :, :-2] + ends[:, :, 2:]
    laplacian = ends[:, :, 1:-1] + across - 4 * middle
    residue = corners - 2 * (ends[:, :, 1:-1] + across) + 4 * middle
    described = {
        "brightness": grey.mean(axis=(1, 2)),
        "contrast": grey.std(axis=(1, 2)),
        "sharpness": np.log(laplacian.var(axis=(1, 2)) + SMALLEST_SQUARE),
        "noise": np.sqrt(np.pi / 2) / 6 * np.abs(residue).mean(axis=(1, 2)),
    }
    shares = share_orientations(grey)
    described |= {f"edges at {180 * k // ORIENTATIONS}°": share for k, share in enumerate(shares.T)}
    if images.shape[3] > 1:
        described |= {f"channel {k}": images[..., k].mean(axis=(1, 2)) for k in range(images.shape[3])}
    return described


def share_orientations(grey: np.ndarray) -> np.ndarray:
    """Shares of each image's gradient in `ORIENTATIONS` directions, 0 degrees first, even where there is no gradient.

    A gradient between two directions is shared by both, so that a small turn moves a little.
    """
    down, right = np.gradient(grey, axis=(1, 2))
    steepness = np.hypot(down, right)
    place = np.arctan2(down, right) / np.pi * ORIENTATIONS % ORIENTATIONS
    sums = []
    for k in range(ORIENTATIONS):
        away = np.abs(place - k)
        near = np.maximum(1 - np.minimum(away, ORIENTATIONS - away), 0)
        sums.append((near * steepness).sum(axis=(1, 2)))
    found = np.column_stack(sums)
    whole = found.sum(axis=1, keepdims=True)
    return np.where(whole > SMALLEST_SQUARE, found / np.maximum(whole, SMALLEST_SQUARE), 1 / ORIENTATIONS)
