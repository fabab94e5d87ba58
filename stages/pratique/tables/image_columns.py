"""Images in a column of a Parquet file, read as a column for each pixel."""

import io
import warnings
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pratique.core.errors import UnreadableBatch
from pratique.core.image_params import ImageSize
from pratique.core.text import say_count
from pratique.tables.limits import MAX_CELL_BYTES, show_name
from pratique.tables.spreadsheets import UNREAD

MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}
"""What Pillow calls 8 bits a pixel in so many channels."""
PNG_MARK, PNG_DEPTH = b"\x89PNG", 24
"""How a PNG file begins, and where it says how many bits a pixel of a channel has."""


def name_pixels(image: ImageSize) -> list[str]:
    """The columns of pixels, line by line, the channels of a pixel side by side.

    Examples
    --------
    >>> name_pixels((1, 2, 1)), name_pixels((1, 1, 3))
    (['pixel_0_0', 'pixel_0_1'], ['pixel_0_0_0', 'pixel_0_0_1', 'pixel_0_0_2'])
    """
    channels = [f"_{k}" for k in range(image[2])] if image[2] > 1 else [""]
    return [f"pixel_{i}_{j}{k}" for i in range(image[0]) for j in range(image[1]) for k in channels]


@dataclass(frozen=True)
class ImageColumn:
    """A column whose cells are PNG or JPEG files, or lists of pixels.

    Attributes
    ----------
    place : str
        The file, for messages.
    column : str
    name : str
        The column, as it may be shown.
    image : tuple of int
    packed : bool
        Whether they are files, and no lists.
    """

    place: str
    column: str
    name: str
    image: ImageSize
    packed: bool

    @classmethod
    def find(
        cls, place: str, schema: pa.Schema, image: ImageSize | None, ignore: Collection[str], known: Collection[str]
    ) -> "ImageColumn | None":
        """The column of a file that holds images; None where none does, or rows are no images.

        Raises
        ------
        UnreadableBatch
            If several columns do, or there is one of pixels beside it.
        """
        if image is None:
            return None
        found = [at for at, each in enumerate(schema) if may_hold_images(each.type) and each.name not in ignore]
        if not found:
            return None
        if len(found) > 1:
            raise UnreadableBatch(f"{place}: {len(found)} columns hold bytes or lists; one of images is read; {UNREAD}")
        if not set(name_pixels(image)).isdisjoint(schema.names):
            raise UnreadableBatch(f"{place}: a column of images beside columns of pixels; keep one of them")
        at = found[0]
        packed = not _is_list_of_numbers(schema.types[at])
        return cls(place, schema.names[at], show_name(schema.names, at, known), image, packed)

    @property
    def reading(self) -> str:
        """What is said of it, for people: nothing is converted silently."""
        names = name_pixels(self.image)
        return f"{self.name}: images read as {len(names)} pixels each, {names[0]} to {names[-1]} (data.image)"

    def unpack(self, cells: pa.ChunkedArray, start: int) -> dict[str, pa.ChunkedArray]:
        """The columns of pixels; a missing image has none. `start` is the position of the first cell in the file."""
        names = name_pixels(self.image)
        chunks: list[list[pa.Array]] = [[] for _ in names]
        for chunk in cells.chunks:
            pixels, places = self._decode(chunk, start) if self.packed else self._flatten(chunk, start)
            for k, parts in enumerate(chunks):
                parts.append(pixels.take(pc.add(places, k)))
            start += len(chunk)
        kind = pa.int64() if self.packed else cells.type.value_type
        return {name: pa.chunked_array(parts, kind) for name, parts in zip(names, chunks, strict=True)}

    def _decode(self, chunk: pa.DictionaryArray, start: int) -> tuple[pa.Array, pa.Array]:
        """The pixels of the files that the chunk holds, one after the other, and where those of each row begin."""
        decoded = []
        for at, data in enumerate(chunk.dictionary):
            try:
                decoded.append(_read_image(data.as_py(), self.image))
            except _OtherImageError as error:
                row = start + pc.index(chunk.indices, pa.scalar(at, chunk.indices.type)).as_py()
                raise UnreadableBatch(f"{self.place}: column {self.name}, row {row} (from 0): {error}") from error
        pixels = np.concatenate([np.zeros(0, np.int64), *decoded])
        return pa.array(pixels), pc.multiply(pc.cast(chunk.indices, pa.int64()), len(name_pixels(self.image)))

    def _flatten(self, chunk: pa.Array, start: int) -> tuple[pa.Array, pa.Array]:
        """The same of lists."""
        size = len(name_pixels(self.image))
        lengths = pc.list_value_length(chunk)
        wrong = pc.index(pc.fill_null(pc.not_equal(lengths, size), False), True).as_py()
        if wrong >= 0:
            raise UnreadableBatch(
                f"{self.place}: column {self.name}, row {start + wrong} (from 0): {lengths[wrong]} pixels; "
                f"data.image says {size}"
            )
        there = chunk.is_valid().to_numpy(zero_copy_only=False)
        return chunk.flatten(), pa.array((there.cumsum() - 1) * size, pa.int64(), mask=~there)


class _OtherImageError(Exception):
    """Says what was expected of an image."""


def _read_image(data: bytes, image: ImageSize) -> np.ndarray:
    """The pixels of a PNG or JPEG file, int64; its header is held to the size before a pixel is decoded."""
    from PIL import Image

    height, width, channels = image
    wanted = f"a PNG or JPEG file, {height} high, {width} wide, {say_count(channels, 'channel')} of 8 bits (data.image)"
    mode = MODES.get(channels)
    if len(data) > MAX_CELL_BYTES:
        raise _OtherImageError(f"{len(data)} bytes, at most {MAX_CELL_BYTES} are read")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with Image.open(io.BytesIO(data), formats=("PNG", "JPEG")) as picture:
                if (picture.height, picture.width, picture.mode) != (height, width, mode):
                    told = f"it says {picture.height} high, {picture.width} wide, {picture.mode}"
                    raise _OtherImageError(f"expected {wanted}; {told}")
                if not _is_plain_image(data[: PNG_DEPTH + 1], getattr(picture, "n_frames", 1)):
                    raise _OtherImageError(f"expected {wanted}; it has other bits or several frames")
                return np.asarray(picture, np.int64).ravel()
    except (MemoryError, _OtherImageError):
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _OtherImageError(f"expected {wanted}; it says that it is far larger") from error
    except Exception as error:  # a decoder raises whatever damaged bytes happen to hit
        raise _OtherImageError(f"expected {wanted}; its bytes are damaged or of another format") from error


def _is_plain_image(head: bytes, frames: int) -> bool:
    return frames == 1 and (not head.startswith(PNG_MARK) or head[PNG_DEPTH] == 8)


def may_hold_images(kind: pa.DataType) -> bool:
    """Whether cells are bytes, or lists of numbers."""
    return pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or _is_list_of_numbers(kind)


def _is_list_of_numbers(kind: pa.DataType) -> bool:
    lists = pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)
    return lists and (pa.types.is_integer(kind.value_type) or pa.types.is_floating(kind.value_type))
