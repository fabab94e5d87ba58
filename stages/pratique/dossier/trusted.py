"""The trusted rows that a page shows a batch against."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pratique.core.batch import Batch
from pratique.dossier.pictures import Pictures
from pratique.tables.encoding import Encoder

if TYPE_CHECKING:
    from sklearn.neighbors import NearestNeighbors

MOST_TRUSTED_ROWS = 20_000
"""Trusted rows that pages are drawn from, evenly spaced over a larger reference."""
TYPICAL_ROWS = 500


@dataclass(frozen=True)
class Trusted:
    """Trusted rows by place.

    Attributes
    ----------
    rows : Batch
        At most `MOST_TRUSTED_ROWS` of them.
    of : int
        How many the reference has.
    typical : float
        The median distance between a trusted row and its nearest neighbour.
    pictures : Pictures, optional
        How to draw a row, where the features are the pixels of a picture.
    """

    rows: Batch
    of: int
    encoder: Encoder
    index: "NearestNeighbors"
    typical: float
    pictures: Pictures | None

    @classmethod
    def index_of(cls, whole: Batch) -> "Trusted":
        """Index the reference, or part of a large one."""
        from sklearn.neighbors import NearestNeighbors

        rows = whole.take(np.unique(np.linspace(0, len(whole) - 1, min(len(whole), MOST_TRUSTED_ROWS)).astype(int)))
        encoder = Encoder.fit(rows)
        points = encoder.transform(rows)
        index = NearestNeighbors(algorithm="brute").fit(points)
        some = points[np.linspace(0, len(points) - 1, min(len(points), TYPICAL_ROWS)).astype(int)]
        distance = index.kneighbors(some, min(2, len(points)))[0][:, -1]
        pictures = None if whole.layout.personal else Pictures.of(rows)
        return cls(rows, len(whole), encoder, index, float(np.median(distance)), pictures)

    def nearest(self, batch: Batch, count: int) -> tuple[np.ndarray, np.ndarray]:
        """Distances, 1 being typical of trusted rows, and positions in `rows` of each row's nearest neighbours."""
        points = self.encoder.transform(batch)
        distance, neighbour = self.index.kneighbors(points, min(count, len(self.rows)))
        return distance / (self.typical or 1.0), neighbour
