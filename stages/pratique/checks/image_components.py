"""Principal components of images, distributed otherwise than among trusted ones."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from pydantic import Field

from pratique.contract.check import DriftCheck, FittedBatchCheck
from pratique.contract.drift import ComparedNumbers, deal_halves
from pratique.contract.finding import BatchScore
from pratique.core.batch import Batch
from pratique.tables.images import PixelScale, log_distance


class ImageComponents(DriftCheck):
    """A principal component of images, or what the components leave out, that is distributed otherwise than trusted.

    Claim: finds another kind of image, and noise, blur or rotation of many. It does not see what single pixels hold.

    Formula: the `components` principal components of half of the trusted rows; each, and the logarithm of the squared
    distance to their space, is compared with that of the other half by the two-sample Kolmogorov-Smirnov test;
    statistic = max of -log10 p - log10 (components + 1).

    Sources: Pearson (1901); Rabanser, Guennemann and Lipton, "Failing loudly: an empirical study of methods for
    detecting dataset shift" (2019).

    Cost: O(rows x pixels x components).
    """

    alarm: ClassVar[str] = "images are composed otherwise than in the reference"
    needs = "images"

    components: int = Field(32, ge=1, le=100)

    def fit(self, trusted: Batch, rng: np.random.Generator) -> "FittedImageComponents":
        """Learn the components from one half, and place the other by them."""
        from sklearn.decomposition import PCA

        scale = PixelScale.fit(trusted, "image_components")
        learned, compared = deal_halves(len(trusted), rng)
        points = scale.transform(trusted)
        components = min(self.components, *points[learned].shape)
        found = PCA(components, random_state=int(rng.integers(2**31))).fit(points[learned])
        mean, axes = found.mean_, found.components_
        return FittedImageComponents(scale, mean, axes, ComparedNumbers.of(project(points[compared], mean, axes)))


@dataclass(frozen=True)
class FittedImageComponents(FittedBatchCheck):
    """The components, and where trusted images lie."""

    scale: PixelScale
    mean: np.ndarray
    axes: np.ndarray
    trusted: ComparedNumbers

    def measure(self, batch: Batch) -> BatchScore:
        """Compare every component."""
        return self.trusted.compare(project(self.scale.transform(batch), self.mean, self.axes), batch)


def project(points: np.ndarray, mean: np.ndarray, axes: np.ndarray) -> dict[str, np.ndarray]:
    """Each component of points, and how far they are from the space of the components."""
    places = (points - mean) @ axes.T
    named = {f"component {k + 1}": place for k, place in enumerate(places.T)}
    return named | {"distance to the components": log_distance(points, mean + places @ axes)}
