"""Reading Parquet files that somebody else wrote: within limits, and nothing but numbers, text and images."""

from collections.abc import Collection, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pratique.core.batch import MOST_ROWS_AT_ONCE
from pratique.core.errors import UnreadableBatch
from pratique.core.image_params import ImageSize
from pratique.tables.image_columns import ImageColumn, may_hold_images, name_pixels
from pratique.tables.limits import check_memory, check_names, check_size, check_unpacked, show_name
from pratique.tables.mapped import map_table
from pratique.tables.spreadsheets import UNREAD

READ_ROWS, READ_BYTES = 20_000, 2**16
"""What is read of a Parquet file, and of a column of it, at once: a group of its rows may be as large as the file."""

PLAIN_CELLS = "numbers or text"


def read_parquet(
    path: Path, ignore: Collection[str], known: Collection[str], image: ImageSize | None
) -> tuple[pa.Table, list[str]]:
    """Read text by its dictionary, so that its size is known before a few bytes become gigabytes."""
    file = pq.ParquetFile(path, pre_buffer=False)
    metadata, schema = file.metadata, file.schema_arrow
    check_names(path.name, schema.names, known)
    images = ImageColumn.find(path.name, schema, image, ignore, known)
    columns = metadata.num_columns if images is None else metadata.num_columns - 1 + len(name_pixels(images.image))
    check_size(path.name, columns, metadata.num_rows * columns)
    kept, left_out = choose_plain(path.name, schema, ignore, known, images)
    packed = sum(metadata.row_group(i).total_byte_size for i in range(metadata.num_row_groups))
    check_unpacked(path.name, packed)
    texts = [name for name in kept if images is None or images.packed or name != images.column]
    file = pq.ParquetFile(path, pre_buffer=False, buffer_size=READ_BYTES, metadata=metadata, read_dictionary=texts)
    parts = _read_parts(path.name, file, kept, images)
    plain = _to_plain_table(pa.table(file.schema_arrow.empty_table().select(kept)), images, 0)
    said = left_out if images is None else [images.reading, *left_out]
    if metadata.num_rows > MOST_ROWS_AT_ONCE:
        return map_table(plain.schema, parts), said
    return pa.concat_tables([plain, *parts]).combine_chunks(), said


def _read_parts(place: str, file: pq.ParquetFile, columns: list[str], images: ImageColumn | None) -> Iterator[pa.Table]:
    """The rows, some at a time; the text in them is counted as it unpacks."""
    unpacked = read = 0
    for rows in file.iter_batches(READ_ROWS, columns=columns, use_threads=False):
        part = pa.Table.from_batches([rows])
        part.validate(full=True)
        unpacked += sum(_count_text_bytes(column) for column in part.columns)
        check_unpacked(place, unpacked)
        start, read = read, read + part.num_rows
        wide = len(columns) if images is None else len(columns) - 1 + len(name_pixels(images.image))
        check_memory(place, read, read * wide, unpacked)
        yield _to_plain_table(part, images, start)


def _to_plain_table(table: pa.Table, images: ImageColumn | None, start: int) -> pa.Table:
    """Every column as int64, float64 or text; that of images as columns of pixels, in its place."""
    columns: dict[str, pa.ChunkedArray] = {}
    for name in table.column_names:
        held = images is not None and name == images.column
        columns |= images.unpack(table[name], start) if images is not None and held else {name: table[name]}
    return pa.table({name: to_plain_type(cells) for name, cells in columns.items()})


def choose_plain(
    place: str,
    schema: pa.Schema,
    ignore: Collection[str],
    known: Collection[str] = (),
    images: ImageColumn | None = None,
) -> tuple[list[str], list[str]]:
    """The columns that hold single values, and what is said of the ignored ones that don't."""
    kept, left_out = [], []
    for at, field in enumerate(schema):
        if _is_plain(field) or (images is not None and field.name == images.column):
            kept.append(field.name)
        elif field.name in ignore:
            left_out.append(f"{field.name} holds {field.type}, is ignored and was not read")
        else:
            name = show_name(schema.names, at, known)
            wanted = (
                "numbers or text, or images where data.image says so" if may_hold_images(field.type) else PLAIN_CELLS
            )
            raise UnreadableBatch(f"{place}: column {name} holds {field.type}; expected {wanted}; {UNREAD}")
    return kept, left_out


def _is_plain(field: pa.Field) -> bool:
    """Whether a column is made of single values: no lists, no structures, no extension types."""
    value = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
    tests = ("integer", "floating", "string", "large_string", "boolean", "temporal", "decimal", "null")
    extended = isinstance(value, pa.BaseExtensionType) or b"ARROW:extension:name" in (field.metadata or {})
    return not extended and any(getattr(pa.types, f"is_{test}")(value) for test in tests)


def _count_text_bytes(column: pa.ChunkedArray) -> int:
    """The bytes of a dictionary's text once every cell is written out."""
    value = column.type.value_type if pa.types.is_dictionary(column.type) else None
    if value not in (pa.string(), pa.large_string()):
        return 0
    lengths = (pc.take(pc.binary_length(chunk.dictionary), chunk.indices) for chunk in column.chunks)
    return sum(pc.sum(each).as_py() or 0 for each in lengths)


def to_plain_type(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """A column as int64, float64 or text, without losing a digit."""
    kind = column.type
    if pa.types.is_integer(kind) and kind != pa.uint64():
        return pc.cast(column, pa.int64())
    if pa.types.is_floating(kind):
        values = pc.cast(column, pa.float64())
        return pc.if_else(pc.is_nan(values), pa.scalar(None, pa.float64()), values)
    return pc.cast(column, pa.string())
