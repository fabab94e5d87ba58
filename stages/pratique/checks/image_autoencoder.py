"""Images that a network reads otherwise once they are reconstructed: an adversarial autoencoder."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from pydantic import Field

from pratique.contract.check import FittedRowCheck, RowCheck, rank_rows, show_label
from pratique.contract.evidence import Evidence, RowEvidence
from pratique.contract.finding import RowScores
from pratique.contract.subject import ADVICE, Subject
from pratique.core.batch import Batch
from pratique.core.extras import require_torch
from pratique.core.text import shorten
from pratique.statistics.autoencoder import Autoencoder, fit_autoencoder
from pratique.statistics.network import Network, fit_network
from pratique.tables.images import PixelScale

SMALLEST_DIVERGENCE = 1e-6
"""Nats: below it a row is as usual as can be."""
RULED_OUT = 1e-9
"""Probability below which a class counts as ruled out."""


class ImageAutoencoder(RowCheck):
    """An image that a network reads otherwise than its reconstruction was changed to mislead networks.

    Claim: finds adversarial examples: images with a change that people hardly see and that turns a network's answer.
    It does not see a label that was flipped, nor a change that the network it learned itself withstands.

    Formula: a small network M of two convolutions learns the labels of trusted rows in `epochs` passes. An autoencoder
    A learns to reconstruct them from noisy copies so that M says of A(x) what it says of x; the score of a row is
    log(KL(M(x) || M(A(x))) + 1e-6). What M says of A(x) is the corrected prediction, shown beside what it says of x.

    Source: Vacanti and Van Looveren, "Adversarial detection and correction by matching prediction distributions"
    (2020).

    Cost: O(rows x pixels); it learns in three seconds for 1,000 images of 8 x 8, in half a minute for 1,600 of 28 x 28,
    with torch, and measures without.
    """

    alarm: ClassVar[str] = "a network reads images otherwise once they are reconstructed as trusted images are"
    advice: ClassVar[str] = ADVICE["features"]
    about: ClassVar[Subject] = "features"
    judged_alone: ClassVar[bool] = True
    needs = "images"
    needs_torch: ClassVar[bool] = True

    epochs: int = Field(30, ge=1, le=10_000)

    def fit(self, trusted: Batch, rng: np.random.Generator) -> "FittedImageAutoencoder":
        """Learn the network, then the autoencoder by what the network says."""
        require_torch("params.yaml: checks.image_autoencoder")
        scale = PixelScale.fit(trusted, "image_autoencoder")
        points, seed = scale.transform(trusted), int(rng.integers(2**31))
        classes, codes = np.unique(trusted.labels, return_inverse=True)
        network = fit_network(points, codes, None, seed, self.epochs, image=scale.image)
        return FittedImageAutoencoder(scale, network, fit_autoencoder(points, seed, network), classes)


@dataclass(frozen=True)
class FittedImageAutoencoder(FittedRowCheck):
    """The network, the autoencoder, and the names of the classes."""

    scale: PixelScale
    network: Network
    autoencoder: Autoencoder
    classes: np.ndarray

    def measure(self, batch: Batch) -> RowScores:
        """How far what the network says of each image is from what it says of the reconstruction."""
        points = self.scale.transform(batch)
        said, corrected = (self.network.predict_proba(each) for each in (points, self.correct(points)))
        divergence = (said * np.log(np.maximum(said, RULED_OUT) / np.maximum(corrected, RULED_OUT))).sum(axis=1)
        scores = np.log(np.maximum(divergence, 0) + SMALLEST_DIVERGENCE)
        return RowScores(scores, "log nats a row", evidence=self._evidence(batch, scores, said, corrected))

    def correct(self, points: np.ndarray) -> np.ndarray:
        """Images as the autoencoder reconstructs them."""
        return self.autoencoder.reconstruct(points)

    def _evidence(self, batch: Batch, scores: np.ndarray, said: np.ndarray, corrected: np.ndarray) -> Evidence:
        told = batch.layout.label not in batch.layout.personal
        rows = []
        for row in rank_rows(batch, scores).tolist():
            facts = {"label": show_label(batch, row), "log nats": float(scores[row])}
            if told:
                read = {"read as": said, "reconstruction read as": corrected}
                facts |= {words: shorten(str(self.classes[each[row].argmax()])) for words, each in read.items()}
            rows.append(RowEvidence((row,), facts))
        return Evidence.of_rows(rows)
