"""The code that an encoder of trusted images gives to images, distributed otherwise than among trusted ones."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from pratique.contract.check import DriftCheck, FittedBatchCheck
from pratique.contract.drift import ComparedNumbers, deal_halves
from pratique.contract.finding import BatchScore
from pratique.core.batch import Batch
from pratique.core.extras import require_torch
from pratique.statistics.autoencoder import Autoencoder, fit_autoencoder
from pratique.tables.images import PixelScale, log_distance


class ImageEncoder(DriftCheck):
    """A part of the code of images, or what the code leaves out, that is distributed otherwise than trusted.

    Claim: finds another kind of image, and noise, blur or rotation of many. It does not see what single pixels hold.

    Formula: an autoencoder of one hidden layer on either side learns to reconstruct half of the trusted rows from noisy
    copies. Each of the 16 numbers of its code, and the logarithm of the squared distance between an image and its
    reconstruction, is compared with that of the other half by the two-sample Kolmogorov-Smirnov test;
    statistic = max of -log10 p - log10 17.

    Source: Rabanser, Guennemann and Lipton, "Failing loudly: an empirical study of methods for detecting dataset shift"
    (2019), trained autoencoder.

    Cost: O(rows x pixels); it learns in a second for 1,000 small images, with torch, and measures without.
    """

    alarm: ClassVar[str] = "an encoder of trusted images reads these otherwise"
    needs = "images"
    needs_torch: ClassVar[bool] = True

    def fit(self, trusted: Batch, rng: np.random.Generator) -> "FittedImageEncoder":
        """Learn the encoder from one half, and encode the other."""
        require_torch("params.yaml: checks.image_encoder")
        scale = PixelScale.fit(trusted, "image_encoder")
        learned, compared = deal_halves(len(trusted), rng)
        points = scale.transform(trusted)
        encoder = fit_autoencoder(points[learned], int(rng.integers(2**31)))
        return FittedImageEncoder(scale, encoder, ComparedNumbers.of(encode(encoder, points[compared])))


@dataclass(frozen=True)
class FittedImageEncoder(FittedBatchCheck):
    """The encoder, and the codes of trusted images."""

    scale: PixelScale
    encoder: Autoencoder
    trusted: ComparedNumbers

    def measure(self, batch: Batch) -> BatchScore:
        """Compare every number of the code."""
        return self.trusted.compare(encode(self.encoder, self.scale.transform(batch)), batch)


def encode(encoder: Autoencoder, points: np.ndarray) -> dict[str, np.ndarray]:
    """The code of each image, number by number, and how far its reconstruction is from it."""
    named = {f"code {k + 1}": part for k, part in enumerate(encoder.encode(points).T)}
    return named | {"distance to the reconstruction": log_distance(points, encoder.reconstruct(points))}
