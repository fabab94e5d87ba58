"""Rows as pictures, where their features are the pixels of one."""

import base64
import math
import struct
import zlib
from dataclasses import dataclass

import numpy as np

from pratique.core.batch import Batch
from pratique.core.image_params import ImageSize

SMALLEST_SIDE = 4
LARGEST_SIDE = 32
"""Pixels on a side that are drawn; a larger picture is averaged down."""
CLEARER = 0.15
GREYS = 15


@dataclass(frozen=True)
class Pictures:
    """How to draw a row as a grey picture.

    Attributes
    ----------
    image : tuple of int
        Height, width and channels; the features are the pixels, line by line.
    low, high : float
        The values that are drawn as the two ends of the scale.
    ink : bool
        Whether high values are dark: so they are drawn where most pixels are low, as ink on paper is.
    """

    image: ImageSize
    low: float
    high: float
    ink: bool

    @classmethod
    def of(cls, trusted: Batch) -> "Pictures | None":
        """Learn from trusted rows how to draw them; None where they are no pictures.

        They are pictures where params.yaml says so (data.image). Else they are taken for pictures if every feature is a
        number, there are as many as a square has pixels, and pixels that would lie side by side or above each other
        correlate clearly more (by `CLEARER`) than pixels at large. Names tell nothing: a table of 64 unrelated numbers
        is no picture, whatever it calls them.
        """
        values = np.nan_to_num(trusted.numeric[:2000])
        image = trusted.layout.image or _guess_size(trusted, values)
        if image is None:
            return None
        low, high = (float(q) for q in np.quantile(values, [0.001, 0.999]))
        if high <= low:
            return None
        return cls(image, low, high, float(np.median(values)) < (low + high) / 2)

    def draw(self, row: np.ndarray) -> str:
        """A row of numbers as the data URI of a PNG picture."""
        with np.errstate(over="ignore", invalid="ignore"):
            share = np.clip((np.nan_to_num(row) - self.low) / (self.high - self.low), 0, 1)
        grid = np.nan_to_num(share).reshape(self.image).mean(axis=2)
        if self.ink:
            grid = 1 - grid
        side = max(grid.shape)
        return to_uri(_smaller(np.pad(grid, [(0, side - short) for short in grid.shape], constant_values=1.0)))


def to_uri(grid: np.ndarray) -> str:
    """A square of shares, 0 (black) to 1 (white), as the data URI of a PNG picture."""
    return f"data:image/png;base64,{base64.b64encode(png(np.round(grid * GREYS).astype(np.uint8))).decode()}"


def _guess_size(trusted: Batch, values: np.ndarray) -> ImageSize | None:
    """The size of pictures that nobody declared; None where rows are none."""
    features = len(trusted.layout.kinds)
    side = math.isqrt(features)
    if side < SMALLEST_SIDE or side * side != features or trusted.layout.categorical:
        return None
    return None if _neighbourly(values, side) < CLEARER else (side, side, 1)


def _neighbourly(values: np.ndarray, side: int) -> float:
    """How much more neighbours in the grid correlate than pixels at large, the lesser of across and down."""
    spread = values.std(axis=0)
    z = (values - values.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    live = (spread > 0).reshape(side, side)
    if live.sum() < 2 * side:
        return 0.0
    grid = z.reshape(len(z), side, side)
    across = (grid[:, :, 1:] * grid[:, :, :-1]).mean(axis=0)[live[:, 1:] & live[:, :-1]]
    down = (grid[:, 1:] * grid[:, :-1]).mean(axis=0)[live[1:] & live[:-1]]
    at_large = np.abs(z.T @ z / len(z))[np.ix_(live.ravel(), live.ravel())].mean()
    return float(min(across.mean(), down.mean()) - at_large) if across.size and down.size else 0.0


def _smaller(grid: np.ndarray) -> np.ndarray:
    """A grid of at most `LARGEST_SIDE` a side, by averaging blocks; what is left over at the end is cut."""
    step = -(-len(grid) // LARGEST_SIDE)
    side = len(grid) // step
    return grid[: side * step, : side * step].reshape(side, step, side, step).mean(axis=(1, 3))


def png(greys: np.ndarray) -> bytes:
    """A square of greys, 0 (black) to 15 (white), as an uncompressed PNG file.

    Uncompressed, because compressors differ between machines and pages must not.
    """
    side = len(greys)
    padded = np.pad(greys, ((0, 0), (0, side % 2)))
    lines = np.hstack([np.zeros((side, 1), np.uint8), padded[:, ::2] << 4 | padded[:, 1::2]])
    header = struct.pack(">IIBBBBB", side, side, 4, 0, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(lines.astype(np.uint8).tobytes(), 0)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )
