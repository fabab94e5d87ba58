"""What is kept of a batch's rows so that others can be held against them: the smallest of their hashes."""

from dataclasses import dataclass

import numpy as np

from pratique.core.hashing import sha256_bytes

SKETCH_ROWS = 1024
"""Hashes that are kept: what two larger batches share is then known to about .03 of their rows."""
HIGHEST_HASH = np.uint64(2**64 - 1)


@dataclass(frozen=True)
class RowSketch:
    """A bottom-k sketch of the rows (Broder, "On the resemblance and containment of documents", 1997).

    Rows that are equal have equal hashes wherever they stand, so the smallest hashes of two batches are a sample of
    both: below the lower of their thresholds everything that they share is seen.

    Attributes
    ----------
    hashes : ndarray of uint64
        The smallest ones, increasing, each once; of a batch of up to `SKETCH_ROWS` different rows all of them.
    rows : int
    distinct : int
        Rows that differ.
    sha256 : str or None
        Over all hashes in order: names the rows whatever their order; None without rows.
    """

    hashes: np.ndarray
    rows: int
    distinct: int
    sha256: str | None

    @classmethod
    def of(cls, content: np.ndarray) -> "RowSketch":
        """The sketch of rows with these hashes (`Batch.content`)."""
        distinct = np.unique(content)
        name = sha256_bytes(np.sort(content).astype("<u8").tobytes()) if len(content) else None
        return cls(distinct[:SKETCH_ROWS], len(content), len(distinct), name)

    @property
    def is_complete(self) -> bool:
        """Whether every row is in it."""
        return self.distinct == len(self.hashes)

    @property
    def threshold(self) -> np.uint64:
        """Up to here it holds every hash that the batch has."""
        return HIGHEST_HASH if self.is_complete else np.uint64(self.hashes[-1])


NO_SKETCH = RowSketch.of(np.zeros(0, np.uint64))
"""Of what can't be read, or has no rows."""
