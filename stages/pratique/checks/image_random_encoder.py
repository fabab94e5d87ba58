"""What an encoder that learned nothing makes of images, distributed otherwise than among trusted ones."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from pratique.contract.check import DriftCheck, FittedBatchCheck
from pratique.contract.drift import ComparedNumbers
from pratique.contract.finding import BatchScore
from pratique.core.batch import Batch
from pratique.statistics.network import Network, draw_layers
from pratique.tables.images import PixelScale

RANDOM_FEATURES = 32


class ImageRandomEncoder(DriftCheck):
    """A feature of images, drawn at random, that is distributed otherwise than among trusted ones.

    Claim: finds another kind of image, and noise, blur or rotation of many, without having learned what is usual: an
    encoder that learned from trusted rows may be blind to what they lack.

    Formula: 32 outputs of a network of two convolutions and a hidden layer whose weights are drawn at random (He et
    al., 2015) and never trained; each is compared with that of trusted rows by the two-sample Kolmogorov-Smirnov test;
    statistic = max of -log10 p - log10 32.

    Source: Rabanser, Guennemann and Lipton, "Failing loudly: an empirical study of methods for detecting dataset shift"
    (2019), untrained autoencoder.

    Cost: O(rows x pixels).
    """

    alarm: ClassVar[str] = "an untrained encoder reads images otherwise than those of the reference"
    needs = "images"

    def fit(self, trusted: Batch, rng: np.random.Generator) -> "FittedImageRandomEncoder":
        """Draw the encoder, and see what it makes of trusted images."""
        scale = PixelScale.fit(trusted, "image_random_encoder")
        layers = draw_layers(len(scale.mean), RANDOM_FEATURES, scale.image, rng.standard_normal)
        encoder = Network(tuple(layers), scale.image, np.arange(RANDOM_FEATURES))
        return FittedImageRandomEncoder(scale, encoder, ComparedNumbers.of(encode(encoder, scale.transform(trusted))))


@dataclass(frozen=True)
class FittedImageRandomEncoder(FittedBatchCheck):
    """The encoder, and what it makes of trusted images."""

    scale: PixelScale
    encoder: Network
    trusted: ComparedNumbers

    def measure(self, batch: Batch) -> BatchScore:
        """Compare every feature."""
        return self.trusted.compare(encode(self.encoder, self.scale.transform(batch)), batch)


def encode(encoder: Network, points: np.ndarray) -> dict[str, np.ndarray]:
    """The features of each image, by name."""
    return {f"random feature {k + 1}": feature for k, feature in enumerate(encoder.scores(points).T)}
